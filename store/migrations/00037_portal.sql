-- +goose Up
-- Sessions of browsers at the portal, under the hash of the cookie's token.
CREATE TABLE portal_session (
  token   text   NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's
  sealed  bytea  NOT NULL,
  expires bigint NOT NULL
);
CREATE INDEX portal_session_expires ON portal_session (expires);
