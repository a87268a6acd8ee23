-- +goose Up
CREATE TABLE login_session (
  id      text    NOT NULL PRIMARY KEY,
  rev     bigint  NOT NULL,
  party   text    NOT NULL,
  person  text    NOT NULL,
  created bigint  NOT NULL,
  expires bigint  NOT NULL,
  ended   bigint  NOT NULL, -- 0 while it runs
  state   text    NOT NULL CHECK (state IN ('RUNNING', 'COMPLETE')),
  end_result text NOT NULL,
  not_me  boolean NOT NULL,
  detail  bytea   NOT NULL,
  CHECK ((state = 'COMPLETE') = (ended <> 0)),
  CHECK ((state = 'COMPLETE') = (end_result <> ''))
);
CREATE INDEX login_session_person ON login_session (person, created);
