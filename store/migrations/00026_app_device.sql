-- +goose Up
-- A new session of a device ends its older ones.
CREATE INDEX app_session_device ON app_session (device_key);
