-- name: AddMailJob :exec
INSERT INTO mail_job (id, kind, sealed, state, made_at, run_at, tries, channel)
VALUES ($1, $2, $3, 'waiting', $4, 0, 0, $5);

-- name: MailJob :one
SELECT * FROM mail_job WHERE id = $1;

-- name: WaitingMailJobs :many
SELECT * FROM mail_job WHERE state = 'waiting' AND made_at <= $1 ORDER BY made_at, id LIMIT $2;

-- name: FinishMailJob :exec
UPDATE mail_job SET state = 'sent', sealed = NULL WHERE id = $1 AND state = 'waiting';

-- name: GiveUpMailJob :exec
UPDATE mail_job SET state = 'dead', sealed = NULL, reason = $2 WHERE id = $1 AND state = 'waiting';

-- name: CountWaitingMail :one
SELECT COUNT(*) FROM mail_job WHERE state = 'waiting';
