-- +goose Up
-- The one-time codes of one session each; keyed hashes only.
CREATE TABLE otp_sheet (
  session text    NOT NULL PRIMARY KEY,
  rev     bigint  NOT NULL,
  owner   text    NOT NULL,
  contact text    NOT NULL,
  codes   bytea   NOT NULL, -- JSON
  is_over boolean NOT NULL,
  sent_at bigint  NOT NULL  -- of the newest code
);
CREATE INDEX otp_sheet_owner ON otp_sheet (owner, contact, sent_at);

-- What of a day's budget is used up.
CREATE TABLE otp_spend (
  key  text   NOT NULL,
  day  text   NOT NULL,
  used bigint NOT NULL,
  PRIMARY KEY (key, day)
);
