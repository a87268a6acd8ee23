-- +goose Up
-- Times after a restore in which phones may show one-time values newer than ours.
CREATE TABLE keyshare_epoch (
  from_at  bigint NOT NULL PRIMARY KEY,
  until_at bigint NOT NULL CHECK (until_at > from_at)
);
