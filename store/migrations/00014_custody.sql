-- +goose Up
-- What each of the server's own keys has sealed when the database was new: a
-- server that comes with other keys cannot open it, and does not start.
CREATE TABLE custody_mark (
  name   text  NOT NULL PRIMARY KEY, -- which key
  sealed bytea NOT NULL
);
