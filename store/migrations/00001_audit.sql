-- +goose Up
-- One row for each decision, written in the decision's own transaction. The
-- leaf stays for ever; record and salt can be erased, and then nothing can be
-- learned from the leaf. No personal data in any of it.
CREATE TABLE audit_line (
  id      text   NOT NULL PRIMARY KEY, -- sorts by time
  at      bigint NOT NULL,             -- Unix milliseconds, as all times here
  subject text   NOT NULL,             -- which case: a random or keyed identifier
  record  bytea,                       -- canonical JSON; NULL once erased
  salt    bytea,                       -- 32 random bytes; NULL once erased
  leaf    bytea  NOT NULL              -- SHA-256(salt ‖ record)
);
CREATE INDEX audit_line_subject ON audit_line (subject, id);
