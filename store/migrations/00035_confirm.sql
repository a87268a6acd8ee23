-- +goose Up
-- What a holder is asked to confirm on another device, for a sitting.
CREATE TABLE enrol_question (
  id      text   NOT NULL PRIMARY KEY,
  rev     bigint NOT NULL,
  about   text   NOT NULL CHECK (about IN ('vouch', 'replace', 'guardian')),
  session text   NOT NULL,
  device  text   NOT NULL,
  state   text   NOT NULL CHECK (state IN ('asked', 'claimed', 'answered', 'refused', 'disputed', 'lapsed')),
  account text   NOT NULL,
  login   text   NOT NULL, -- transactions of keyshare
  sign    text   NOT NULL,
  sealed  bytea  NOT NULL, -- what is asked; empty once it is over
  due     bigint NOT NULL,
  CHECK (state IN ('asked', 'claimed') OR length(sealed) = 0)
);
CREATE INDEX enrol_question_unheard ON enrol_question (due) WHERE state IN ('asked', 'claimed');
