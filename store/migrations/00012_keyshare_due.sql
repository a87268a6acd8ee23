-- +goose Up
-- A key that is held is due at once, for its account to be suspended, and ends
-- at a time of its own.
ALTER TABLE keyshare_key ADD COLUMN ends_at bigint NOT NULL DEFAULT 0;
UPDATE keyshare_key SET ends_at = due_at, due_at = 1 WHERE state = 'held';

-- Keys that ended before their closing was kept: they are looked at once more,
-- so that no account outlives its keys.
UPDATE keyshare_key SET due_at = 1 WHERE state = 'ended';
