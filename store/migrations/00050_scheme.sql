-- +goose Up
-- The scheme files under which this service has run: evidence names them by name,
-- version and the beginning of the hash of what they mean.
CREATE TABLE scheme_file (
  name    text   NOT NULL,
  version text   NOT NULL,
  place   bigint NOT NULL, -- 0 is the first; another is the same file, otherwise written or by a program that knows more
  meant   text   NOT NULL, -- SHA-256 of the canonical file, in hex
  spelt   text   NOT NULL, -- of the file as it was written, but for spaces and the order of keys
  file    bytea  NOT NULL, -- the canonical one
  at      bigint NOT NULL, -- when it was first used
  PRIMARY KEY (name, version, place)
);
