-- +goose Up
-- More ways, gone for more purposes, by children too; a sitting can wait for
-- somebody else (parked). A CHECK cannot be changed, so the table is made anew.
-- What stood in review until now had ended with nothing kept of it: refused.
CREATE TABLE enrol_session_of_ways (
  id           text    NOT NULL PRIMARY KEY,
  rev          bigint  NOT NULL,
  device       text    NOT NULL,
  way          text    NOT NULL CHECK (way IN ('passport', 'idcard', 'account', 'desk')),
  purpose      text    NOT NULL CHECK (purpose IN ('new', 'renew', 'upgrade')),
  minor        boolean NOT NULL,
  revision     text    NOT NULL,
  state        text    NOT NULL CHECK (state IN ('open', 'parked', 'done', 'refused', 'expired', 'undoing')),
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
  replaces     text    NOT NULL, -- id of the account that makes place
  vouched      text    NOT NULL, -- id of the account that vouches
  txn          text    NOT NULL,
  due          bigint  NOT NULL,
  created_at   bigint  NOT NULL,
  expires_at   bigint  NOT NULL,
  payload      bytea   NOT NULL, -- sealed; empty once ended
  CHECK (state IN ('open', 'parked', 'undoing') OR length(payload) = 0)
);
INSERT INTO enrol_session_of_ways
SELECT id, rev, device, way, 'new', false, revision, CASE WHEN state = 'review' THEN 'refused' ELSE state END, why, claim, facts, challenges, challenge_at,
  document, copyable, attempts, attempt, captures, account, login_key, sign_key, '', '', txn, due, created_at, expires_at, payload
FROM enrol_session;
DROP TABLE enrol_session;
ALTER TABLE enrol_session_of_ways RENAME TO enrol_session;
CREATE INDEX enrol_session_due ON enrol_session (due) WHERE state IN ('open', 'parked', 'undoing');
CREATE INDEX enrol_session_holding ON enrol_session (due, id)
WHERE state IN ('open', 'parked', 'undoing') AND (document <> '' OR account <> '');
