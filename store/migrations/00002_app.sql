-- +goose Up
-- One row for each start of an app: its device key, and what it claims to be.
CREATE TABLE app_session (
  id         text   NOT NULL PRIMARY KEY, -- hash of device key and nonce
  device_key bytea  NOT NULL,             -- SubjectPublicKeyInfo, DER
  nonce      bytea  NOT NULL,
  claims     bytea  NOT NULL,             -- JSON; claimed, never proved
  created_at bigint NOT NULL              -- Unix milliseconds, as all times here
);

-- The newest answers of a session: the same request again gets the same answer.
CREATE TABLE app_reply (
  session_id text   NOT NULL REFERENCES app_session (id),
  counter    bigint NOT NULL,
  hash       bytea  NOT NULL, -- of the request
  status     bigint NOT NULL, -- HTTP status of the answer
  body       bytea  NOT NULL,
  PRIMARY KEY (session_id, counter)
);
