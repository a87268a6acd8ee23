-- +goose Up
-- Sessions of apps are swept by age.
CREATE INDEX app_session_age ON app_session (created_at);
