-- +goose Up
-- The account whose registration brought a contact; empty if the holder has added it.
ALTER TABLE contact ADD COLUMN account text NOT NULL DEFAULT '';
