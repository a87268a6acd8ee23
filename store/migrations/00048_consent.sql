-- +goose Up
-- A guardian may answer by an ID-card at the portal: questions are found by the child,
-- and what was signed in answer stays as evidence.
ALTER TABLE enrol_question ADD COLUMN child text NOT NULL DEFAULT ''; -- keyed hash
ALTER TABLE enrol_question ADD COLUMN record bytea NOT NULL DEFAULT ''; -- sealed
CREATE INDEX enrol_question_child ON enrol_question (child, due) WHERE state IN ('asked', 'claimed') AND child <> '';
