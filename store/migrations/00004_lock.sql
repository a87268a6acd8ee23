-- +goose Up
-- The ledgers of documents and devices: append-only (see dialect), kept though
-- accounts go. The key is a keyed hash.
CREATE TABLE lock_entry (
  key      text    NOT NULL,
  place    bigint  NOT NULL, -- 0 is the oldest entry of its ledger
  kind     text    NOT NULL,
  attempt  text    NOT NULL,
  at       bigint  NOT NULL,
  code     text    NOT NULL,
  copyable boolean NOT NULL,
  mac      bytea   NOT NULL,
  PRIMARY KEY (key, place)
);
