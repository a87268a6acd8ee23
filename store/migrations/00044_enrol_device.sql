-- +goose Up
-- What has waited for somebody else is found again by its device.
CREATE INDEX enrol_session_device ON enrol_session (device);
