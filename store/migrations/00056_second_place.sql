-- +goose Up
-- The name of the second place of this database: whoever puts back a copy of it finds
-- by that name that another place, or an empty one, is not the one that knows more.
CREATE TABLE second_place (
  one  bigint NOT NULL PRIMARY KEY CHECK (one = 1),
  name text   NOT NULL CHECK (name <> '')
);
-- Contacts as audit lines name them, and those that have a copy in the second place.
CREATE INDEX contact_id ON contact (id);
CREATE INDEX contact_ended ON contact (id) WHERE state IN ('leaving', 'stopped');
