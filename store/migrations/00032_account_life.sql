-- +goose Up
-- Accounts that can be blocked, frozen and replaced. The check of the states can
-- only be changed on SQLite by making the table anew.
CREATE TABLE account_fresh (
  id           text   NOT NULL PRIMARY KEY,
  rev          bigint NOT NULL,
  person       text   NOT NULL, -- personal data: semantics identifier
  document     text   NOT NULL UNIQUE, -- personal data: holds the identifier
  surname      text   NOT NULL, -- personal data
  given_names  text   NOT NULL, -- personal data
  level        text   NOT NULL,
  state        text   NOT NULL CHECK (state IN ('issued', 'active', 'blocked', 'frozen', 'disputed', 'suspended', 'revoked', 'closed', 'expired')),
  device       text   NOT NULL,
  login_key    text   NOT NULL,
  sign_key     text   NOT NULL,
  certificates bytea  NOT NULL, -- JSON
  contact      bytea  NOT NULL, -- sealed
  application  bytea  NOT NULL, -- empty until active
  signature    bytea  NOT NULL,
  created_at   bigint NOT NULL,
  expires_at   bigint NOT NULL,
  purpose      text   NOT NULL CHECK (purpose IN ('new', 'renew', 'upgrade')),
  proofed_by   text   NOT NULL CHECK (proofed_by IN ('passport', 'idcard', 'account', 'child', 'desk', 'other')),
  vouched_by   text   NOT NULL, -- id of the account whose holder vouched; or empty, as the next two
  replaces     text   NOT NULL,
  replaced_by  text   NOT NULL,
  agreed       boolean NOT NULL, -- the device of the account that is replaced confirmed it
  active_at    bigint NOT NULL, -- 0 before, as all times here
  stopped_at   bigint NOT NULL,
  frozen_until bigint NOT NULL,
  retire_at    bigint NOT NULL,
  reminded     bigint NOT NULL CHECK (reminded BETWEEN 0 AND 2),
  fraud        boolean NOT NULL, -- ended for fraud: those that it vouched for follow
  behind       boolean NOT NULL, -- keys and certificates do not stand as the account does
  told         boolean NOT NULL -- the holder was told that there is this account
);
INSERT INTO account_fresh
SELECT id, rev, person, document, surname, given_names, level, state, device, login_key, sign_key, certificates, contact, application,
  signature, created_at, expires_at, 'new', 'passport', '', '', '', false, CASE WHEN state = 'issued' THEN 0 ELSE created_at END, 0, 0, 0, 0, false,
  state IN ('revoked', 'closed', 'expired'), state <> 'issued'
FROM account;
DROP TABLE account;
ALTER TABLE account_fresh RENAME TO account;
CREATE INDEX account_person ON account (person, created_at);
CREATE INDEX account_device ON account (device, created_at);
-- A device has one account at a time that lives.
CREATE UNIQUE INDEX account_living ON account (device) WHERE state IN ('issued', 'active', 'blocked', 'frozen', 'disputed', 'suspended');
-- What jobs look for.
CREATE INDEX account_over ON account (expires_at, id) WHERE state IN ('active', 'blocked', 'frozen', 'disputed', 'suspended');
CREATE INDEX account_behind ON account (id) WHERE behind;
CREATE INDEX account_untold ON account (id) WHERE state = 'active' AND NOT told;
CREATE INDEX account_frozen ON account (frozen_until, id) WHERE state = 'frozen';
CREATE INDEX account_retiring ON account (retire_at, id) WHERE retire_at > 0;
CREATE INDEX account_unreminded ON account (expires_at, id) WHERE reminded = 0 AND state IN ('active', 'blocked', 'frozen', 'disputed', 'suspended');
CREATE INDEX account_reminded_once ON account (expires_at, id) WHERE reminded < 2 AND state IN ('active', 'blocked', 'frozen', 'disputed', 'suspended');
CREATE INDEX account_vouched ON account (vouched_by, id) WHERE vouched_by <> '';
