-- +goose Up
-- The place of a line in the transparency log; NULL while it waits to be fed.
-- Set once (see dialect).
ALTER TABLE audit_line ADD COLUMN log_index bigint;
CREATE INDEX audit_line_waiting ON audit_line (id) WHERE log_index IS NULL;
CREATE UNIQUE INDEX audit_line_place ON audit_line (log_index) WHERE log_index IS NOT NULL;
CREATE UNIQUE INDEX audit_line_leaf ON audit_line (leaf);

-- Which node feeds the log, one row.
CREATE TABLE log_lease (
  name    text   NOT NULL PRIMARY KEY,
  holder  text   NOT NULL,
  token   bigint NOT NULL,
  expires bigint NOT NULL
);
