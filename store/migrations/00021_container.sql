-- +goose Up
-- Signed applications as containers; due is when the next try is made to
-- complete one, 0 once it is complete.
CREATE TABLE container (
  account text NOT NULL PRIMARY KEY,
  rev bigint NOT NULL CHECK (rev > 0),
  level text NOT NULL CHECK (level IN ('B', 'T', 'LT')),
  stamp bytea NOT NULL,
  file bytea NOT NULL,
  due bigint NOT NULL,
  tries bigint NOT NULL CHECK (tries >= 0),
  CHECK ((due = 0) = (level = 'LT')),
  CHECK ((length(stamp) = 0) = (level = 'B'))
);
CREATE INDEX container_due ON container (due) WHERE due > 0;
