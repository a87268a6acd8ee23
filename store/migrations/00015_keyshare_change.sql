-- +goose Up
-- A PIN change under way: the generation to come beside the one that lives, and
-- which change made the one that lives.
ALTER TABLE keyshare_key ADD COLUMN next_change text NOT NULL DEFAULT '';
ALTER TABLE keyshare_key ADD COLUMN next_public bytea NOT NULL DEFAULT '';
ALTER TABLE keyshare_key ADD COLUMN next_voprf bytea NOT NULL DEFAULT '';
ALTER TABLE keyshare_key ADD COLUMN next_since bigint NOT NULL DEFAULT 0;
ALTER TABLE keyshare_key ADD COLUMN next_hardenings bigint NOT NULL DEFAULT 0;
ALTER TABLE keyshare_key ADD COLUMN next_hardened bytea NOT NULL DEFAULT '';
ALTER TABLE keyshare_key ADD COLUMN changed_by text NOT NULL DEFAULT '';
ALTER TABLE keyshare_key ADD COLUMN changed bytea NOT NULL DEFAULT '';

-- How the digest is padded; empty is PSS.
ALTER TABLE keyshare_transaction ADD COLUMN padding text NOT NULL DEFAULT '';
