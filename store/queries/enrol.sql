-- name: AddEnrolSession :exec
INSERT INTO enrol_session (
  id, rev, device, way, revision, state, why, claim, facts, challenges, challenge_at, document, copyable,
  attempts, attempt, captures, account, login_key, sign_key, txn, due, created_at, expires_at, payload
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24);

-- name: SaveEnrolSession :execrows
UPDATE enrol_session SET
  rev = rev + 1, device = $3, way = $4, revision = $5, state = $6, why = $7, claim = $8, facts = $9, challenges = $10,
  challenge_at = $11, document = $12, copyable = $13, attempts = $14, attempt = $15, captures = $16, account = $17,
  login_key = $18, sign_key = $19, txn = $20, due = $21, created_at = $22, expires_at = $23, payload = $24
WHERE id = $1 AND rev = $2;

-- name: EnrolSession :one
SELECT * FROM enrol_session WHERE id = $1;

-- name: OverdueHoldingEnrolSessions :many
SELECT due, id FROM enrol_session
WHERE state IN ('open', 'undoing') AND (document <> '' OR account <> '')
  AND (state = 'undoing' OR due <= sqlc.arg(now))
  AND due >= sqlc.arg(after) AND (due > sqlc.arg(after) OR id > sqlc.arg(after_id))
ORDER BY due, id LIMIT sqlc.arg(many);

-- name: OverdueEmptyEnrolSessions :many
SELECT due, id FROM enrol_session
WHERE state IN ('open', 'undoing') AND document = '' AND account = '' AND due <= sqlc.arg(now)
  AND due >= sqlc.arg(after) AND (due > sqlc.arg(after) OR id > sqlc.arg(after_id))
ORDER BY due, id LIMIT sqlc.arg(many);
