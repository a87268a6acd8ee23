-- +goose Up
CREATE TABLE keyshare_key (
  id           text   NOT NULL PRIMARY KEY,
  rev          bigint NOT NULL,
  purpose      text   NOT NULL,
  device       text   NOT NULL,
  account      text   NOT NULL,
  state        text   NOT NULL CHECK (state IN ('begun', 'sealed', 'ready', 'suspended', 'held', 'ended')),
  reason       text   NOT NULL,
  generation   bigint NOT NULL,
  created_at   bigint NOT NULL,
  modulus      bytea  NOT NULL,
  public       bytea  NOT NULL,
  sealed_voprf bytea  NOT NULL,
  begin_hash   bytea  NOT NULL,
  hardenings   bigint NOT NULL,
  counter      bigint NOT NULL,
  rotated_at   bigint NOT NULL,
  product      bytea  NOT NULL,
  inverse      bytea  NOT NULL,
  sealed_half  bytea  NOT NULL,
  last_seq     bigint NOT NULL,
  last_nonce   bytea  NOT NULL,
  cleared_seq  bigint NOT NULL,
  unconfirmed  bigint NOT NULL,
  life_count   bigint NOT NULL,
  due_at       bigint NOT NULL
);
CREATE INDEX keyshare_key_due ON keyshare_key (due_at) WHERE due_at <> 0;

-- One row for each charged try of a PIN.
CREATE TABLE keyshare_evaluation (
  key        text   NOT NULL REFERENCES keyshare_key (id),
  seq        bigint NOT NULL,
  generation bigint NOT NULL,
  txn        text   NOT NULL,
  nonce      bytea  NOT NULL,
  body       bytea  NOT NULL,
  state      text   NOT NULL CHECK (state IN ('reserved', 'answered', 'confirmed', 'misused')),
  at         bigint NOT NULL,
  answer     bytea  NOT NULL,
  PRIMARY KEY (key, seq),
  UNIQUE (key, nonce)
);

CREATE TABLE keyshare_transaction (
  id         text   NOT NULL PRIMARY KEY,
  rev        bigint NOT NULL,
  key        text   NOT NULL,
  kind       text   NOT NULL,
  record     bytea  NOT NULL,
  hash       text   NOT NULL,
  salt       bytea  NOT NULL,
  freshness  bytea  NOT NULL,
  state      text   NOT NULL CHECK (state IN ('live', 'signed', 'cancelled')),
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  completion bytea  NOT NULL,
  answer     bytea  NOT NULL,
  approval   bytea  NOT NULL,
  signature  bytea  NOT NULL,
  signed_at  bigint NOT NULL,
  CHECK ((state = 'signed') = (length(signature) > 0))
);
CREATE INDEX keyshare_transaction_live ON keyshare_transaction (key, expires_at) WHERE state = 'live';

-- Server halves made in advance.
CREATE TABLE keyshare_pool (
  modulus     bytea  NOT NULL PRIMARY KEY,
  sealed_half bytea  NOT NULL,
  created_at  bigint NOT NULL
);
CREATE INDEX keyshare_pool_age ON keyshare_pool (created_at);

-- Every modulus that was ever made, of either side: append-only (see dialect).
CREATE TABLE keyshare_modulus (
  hash bytea NOT NULL PRIMARY KEY -- SHA-256
);
