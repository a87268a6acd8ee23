-- +goose Up
-- One person works here under one ID at a time, and is known again under another.
CREATE UNIQUE INDEX staff_member_works ON staff_member (mark) WHERE ended_at = 0;
CREATE INDEX staff_member_mark ON staff_member (mark);
