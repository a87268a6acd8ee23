-- +goose Up
-- Letters go out by e-mail or to a phone. When one is tried again is told by the
-- jobs of package store/jobs from now on, not by run_at and tries.
ALTER TABLE mail_job ADD COLUMN channel text NOT NULL DEFAULT 'email' CHECK (channel IN ('email', 'sms'));
ALTER TABLE mail_job ADD COLUMN reason text NOT NULL DEFAULT ''; -- a code: why it was given up
DROP INDEX mail_job_due;
CREATE INDEX mail_job_waiting ON mail_job (made_at, id) WHERE state = 'waiting';
CREATE INDEX mail_job_over ON mail_job (made_at) WHERE state <> 'waiting';
