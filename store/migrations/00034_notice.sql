-- +goose Up
-- What a device is to show: kept until it has.
CREATE TABLE notice (
  account text   NOT NULL, -- whose device gets it
  id      text   NOT NULL, -- of what happened
  kind    text   NOT NULL CHECK (kind IN ('account-new', 'account-replaced', 'account-blocked', 'account-unblocked', 'account-frozen',
    'account-disputed', 'account-ended', 'account-expires', 'account-used', 'pin-changed', 'contact-added', 'contact-leaving')),
  at      bigint NOT NULL,
  about   text   NOT NULL, -- id of an account, a contact or an entry of the history
  acked   bigint NOT NULL, -- 0 until then
  PRIMARY KEY (account, id)
);
CREATE INDEX notice_at ON notice (at);
CREATE INDEX notice_acked ON notice (acked) WHERE acked > 0;
CREATE INDEX notice_waiting ON notice (account, at, id) WHERE acked = 0;

-- Links of letters that do one thing by one tap. The token is kept nowhere.
CREATE TABLE tap (
  hash    text   NOT NULL PRIMARY KEY, -- SHA-256 of the token
  purpose text   NOT NULL CHECK (purpose IN ('freeze', 'stop')),
  account text   NOT NULL,
  target  text   NOT NULL,
  expires bigint NOT NULL,
  used    bigint NOT NULL -- 0 until then
);
CREATE INDEX tap_expires ON tap (expires);

-- What a person of the service should look at.
CREATE TABLE holder_case (
  id      text   NOT NULL PRIMARY KEY,
  kind    text   NOT NULL CHECK (kind IN ('frozen', 'disputed', 'not-me', 'contact')),
  account text   NOT NULL,
  subject text   NOT NULL,
  opened  bigint NOT NULL,
  closed  bigint NOT NULL -- 0 while it is open
);
CREATE INDEX holder_case_open ON holder_case (opened, id) WHERE closed = 0;
CREATE INDEX holder_case_closed ON holder_case (closed) WHERE closed > 0;

-- Log-ins that are in the history of their person.
ALTER TABLE login_session ADD COLUMN noted boolean NOT NULL DEFAULT false;
CREATE INDEX login_session_unnoted ON login_session (expires, id) WHERE NOT noted;
