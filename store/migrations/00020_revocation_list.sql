-- +goose Up
-- Revocation lists as they were signed; the newest few.
CREATE TABLE revocation_list (
  issuer text   NOT NULL, -- hex of the issuing CA's key identifier
  number bigint NOT NULL CHECK (number > 0),
  made   bigint NOT NULL,
  next   bigint NOT NULL,
  count  bigint NOT NULL, -- what it was made of: how many were bad,
  newest bigint NOT NULL, -- and when a status had last changed
  der    bytea  NOT NULL,
  PRIMARY KEY (issuer, number)
);
