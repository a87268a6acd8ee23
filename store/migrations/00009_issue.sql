-- +goose Up
-- Certificates: first what is going to be signed, then what was.
CREATE TABLE certificate (
  serial      text   NOT NULL PRIMARY KEY,
  request     text   NOT NULL UNIQUE,
  digest      bytea  NOT NULL,
  account     text   NOT NULL,
  purpose     text   NOT NULL,
  level       text   NOT NULL,
  key         bytea  NOT NULL UNIQUE,
  tbs         bytea  NOT NULL, -- personal data: the subject
  intent      bigint NOT NULL,
  valid_from  bigint NOT NULL,
  valid_to    bigint NOT NULL,
  certificate bytea  NOT NULL, -- personal data; empty until issued
  issued      bigint NOT NULL,
  revoked     bigint NOT NULL,
  reason      text   NOT NULL,
  CHECK ((issued = 0) = (length(certificate) = 0)),
  CHECK ((revoked = 0) = (reason = ''))
);
CREATE INDEX certificate_account ON certificate (account, intent);
