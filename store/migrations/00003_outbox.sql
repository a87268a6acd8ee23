-- +goose Up
-- Messages that wait to be sent, written in the transaction that decided them.
CREATE TABLE mail_job (
  id      text   NOT NULL PRIMARY KEY, -- also the idempotency key of the sending
  kind    text   NOT NULL,
  sealed  bytea,                       -- address and text; NULL once sent or given up
  state   text   NOT NULL CHECK (state IN ('waiting', 'sent', 'dead')),
  made_at bigint NOT NULL,
  run_at  bigint NOT NULL,             -- not before; the end of its lease while somebody sends it
  tries   bigint NOT NULL,
  CHECK ((state = 'waiting') = (sealed IS NOT NULL))
);
CREATE INDEX mail_job_due ON mail_job (run_at, made_at) WHERE state = 'waiting';
