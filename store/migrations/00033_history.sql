-- +goose Up
-- Where people are reached. A row is named by keyed hashes.
CREATE TABLE contact (
  person     text   NOT NULL, -- keyed hash
  id         text   NOT NULL, -- keyed hash of person and address
  rev        bigint NOT NULL,
  kind       text   NOT NULL CHECK (kind IN ('email', 'sms')),
  state      text   NOT NULL CHECK (state IN ('pending', 'confirmed', 'leaving', 'removed', 'stopped')),
  sealed     bytea  NOT NULL, -- the address; empty once removed or stopped
  since      bigint NOT NULL,
  held_until bigint NOT NULL, -- 0 is never, as for all times here
  PRIMARY KEY (person, id),
  CHECK ((state IN ('removed', 'stopped')) = (length(sealed) = 0))
);
CREATE INDEX contact_leaving ON contact (held_until) WHERE state = 'leaving';

-- What was done with the accounts of a person. Rows outlive the accounts.
CREATE TABLE history (
  person  text    NOT NULL, -- keyed hash
  id      text    NOT NULL, -- of what was done
  at      bigint  NOT NULL,
  account text    NOT NULL, -- id, or empty
  kind    text    NOT NULL CHECK (kind IN ('log-in', 'signature', 'pin-change', 'account-new', 'account-blocked', 'account-unblocked',
    'account-frozen', 'account-ended', 'contact-changed', 'not-me-undone')),
  service text    NOT NULL, -- keyed hash, or empty
  sealed  bytea   NOT NULL,
  hidden  boolean NOT NULL,
  PRIMARY KEY (person, id)
);
CREATE INDEX history_person ON history (person, at, id);
CREATE INDEX history_at ON history (at);

-- Services that a person does not want listed.
CREATE TABLE history_service (
  person  text NOT NULL, -- keyed hashes, both
  service text NOT NULL,
  PRIMARY KEY (person, service)
);
