-- +goose Up
-- Visits to the portal: one log-in with an ID-card each. The payload is sealed, and
-- gone when the visit is over; the record is the evidence of what the card signed.
CREATE TABLE card_visit (
  id       text   NOT NULL PRIMARY KEY,
  rev      bigint NOT NULL CHECK (rev > 0),
  state    text   NOT NULL CHECK (state IN ('begun', 'tried', 'logged-in', 'answered', 'contact', 'matched', 'signed', 'ended')),
  person   text   NOT NULL, -- keyed hash
  tries    bigint NOT NULL CHECK (tries >= 0),
  tried_at bigint NOT NULL,
  slip     text   NOT NULL,
  pairing  text   NOT NULL,
  began    bigint NOT NULL,
  expires  bigint NOT NULL,
  payload  bytea  NOT NULL, -- sealed
  record   bytea  NOT NULL, -- sealed
  CHECK (state IN ('begun', 'tried', 'ended') OR person <> ''),
  CHECK (state NOT IN ('matched', 'signed') OR (slip <> '' AND pairing <> '')),
  CHECK (state <> 'signed' OR length(record) > 0),
  CHECK (state <> 'ended' OR length(payload) = 0)
);
CREATE INDEX card_visit_expires ON card_visit (expires);
CREATE INDEX card_visit_holding ON card_visit (expires, id) WHERE length(payload) > 0;
CREATE INDEX card_visit_tries ON card_visit (tried_at, person) WHERE tries > 0;
-- Registration codes: one a sitting, under the keyed hash of its text. Who holds the
-- row knows no code.
CREATE TABLE card_slip (
  id      text   NOT NULL PRIMARY KEY,
  rev     bigint NOT NULL CHECK (rev > 0),
  session text   NOT NULL UNIQUE, -- the sitting
  number  bigint NOT NULL,
  device  text   NOT NULL,
  state   text   NOT NULL CHECK (state IN ('live', 'used', 'signed', 'dead', 'aborted')),
  visit   text   NOT NULL,
  pairing text   NOT NULL,
  made    bigint NOT NULL,
  until   bigint NOT NULL,
  due     bigint NOT NULL,
  phone   bytea  NOT NULL, -- sealed
  CHECK (until <= due),
  CHECK ((state = 'live') = (visit = '')),
  CHECK ((state = 'live') = (pairing = ''))
);
CREATE INDEX card_slip_due ON card_slip (due);
