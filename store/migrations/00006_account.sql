-- +goose Up
CREATE TABLE account (
  id           text   NOT NULL PRIMARY KEY,
  rev          bigint NOT NULL,
  person       text   NOT NULL, -- personal data: semantics identifier
  document     text   NOT NULL UNIQUE, -- personal data: holds the identifier
  surname      text   NOT NULL, -- personal data
  given_names  text   NOT NULL, -- personal data
  level        text   NOT NULL,
  state        text   NOT NULL CHECK (state IN ('issued', 'active', 'suspended', 'revoked', 'closed', 'expired')),
  device       text   NOT NULL,
  login_key    text   NOT NULL,
  sign_key     text   NOT NULL,
  certificates bytea  NOT NULL, -- JSON
  contact      bytea  NOT NULL, -- sealed
  application  bytea  NOT NULL, -- empty until active
  signature    bytea  NOT NULL,
  created_at   bigint NOT NULL,
  expires_at   bigint NOT NULL
);
CREATE INDEX account_person ON account (person, created_at);
CREATE INDEX account_device ON account (device, created_at);
-- A device has one account at a time that lives.
CREATE UNIQUE INDEX account_living ON account (device) WHERE state IN ('issued', 'active', 'suspended');
