-- name: AddMailJob :exec
INSERT INTO mail_job (id, kind, sealed, state, made_at, run_at, tries)
VALUES ($1, $2, $3, 'waiting', $4, 0, 0);

-- name: ClaimMailJobs :many
UPDATE mail_job SET tries = tries + 1, run_at = sqlc.arg(lease_end)
WHERE id IN (
  SELECT j.id FROM mail_job AS j
  WHERE j.state = 'waiting' AND j.run_at <= sqlc.arg(now)
  ORDER BY j.made_at, j.id LIMIT sqlc.arg(many)
) AND state = 'waiting' AND run_at <= sqlc.arg(now)
RETURNING *;

-- name: FinishMailJob :exec
UPDATE mail_job SET state = 'sent', sealed = NULL WHERE id = $1 AND state = 'waiting';

-- name: DelayMailJob :execrows
UPDATE mail_job SET run_at = sqlc.arg(run_at) WHERE id = $1 AND tries = $2 AND state = 'waiting';

-- name: GiveUpMailJob :execrows
UPDATE mail_job SET state = 'dead', sealed = NULL WHERE id = $1 AND tries = $2 AND state = 'waiting';

-- name: CountMailJobs :one
SELECT COUNT(*) FROM mail_job WHERE state = $1;
