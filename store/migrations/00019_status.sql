-- +goose Up
-- Since when a certificate is suspended (0: it is not), and when its status was
-- last changed in any way (0: never).
ALTER TABLE certificate ADD COLUMN held bigint NOT NULL DEFAULT 0;
ALTER TABLE certificate ADD COLUMN changed bigint NOT NULL DEFAULT 0;
UPDATE certificate SET changed = revoked WHERE revoked <> 0;
CREATE INDEX certificate_changed ON certificate (changed) WHERE changed <> 0;
CREATE INDEX certificate_bad ON certificate (serial) WHERE changed <> 0;
