-- +goose Up
-- One sitting of an applicant each. What names a person is in the payload,
-- sealed, and gone when the session has ended.
CREATE TABLE enrol_session (
  id           text    NOT NULL PRIMARY KEY,
  rev          bigint  NOT NULL,
  device       text    NOT NULL,
  way          text    NOT NULL,
  revision     text    NOT NULL,
  state        text    NOT NULL CHECK (state IN ('open', 'done', 'refused', 'expired', 'review', 'undoing')),
  why          text    NOT NULL,
  claim        bytea   NOT NULL, -- JSON
  facts        bytea   NOT NULL, -- JSON
  challenges   bigint  NOT NULL,
  challenge_at bigint  NOT NULL,
  document     text    NOT NULL, -- key of the ledger
  copyable     boolean NOT NULL,
  attempts     bigint  NOT NULL,
  attempt      text    NOT NULL,
  captures     bigint  NOT NULL,
  account      text    NOT NULL,
  login_key    text    NOT NULL,
  sign_key     text    NOT NULL,
  txn          text    NOT NULL,
  due          bigint  NOT NULL,
  created_at   bigint  NOT NULL,
  expires_at   bigint  NOT NULL,
  payload      bytea   NOT NULL, -- sealed; empty once ended
  CHECK (state IN ('open', 'undoing') OR length(payload) = 0)
);
CREATE INDEX enrol_session_due ON enrol_session (due) WHERE state IN ('open', 'undoing');
