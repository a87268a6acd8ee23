-- name: AddEnrolSession :exec
INSERT INTO enrol_session (
  id, rev, device, way, purpose, minor, revision, state, why, claim, facts, challenges, challenge_at, document, copyable,
  attempts, attempt, captures, account, login_key, sign_key, replaces, vouched, txn, due, created_at, expires_at, payload
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28);

-- name: SaveEnrolSession :execrows
UPDATE enrol_session SET
  rev = rev + 1, device = $3, way = $4, purpose = $5, minor = $6, revision = $7, state = $8, why = $9, claim = $10, facts = $11, challenges = $12,
  challenge_at = $13, document = $14, copyable = $15, attempts = $16, attempt = $17, captures = $18, account = $19,
  login_key = $20, sign_key = $21, replaces = $22, vouched = $23, txn = $24, due = $25, created_at = $26, expires_at = $27, payload = $28
WHERE id = $1 AND rev = $2;

-- name: EnrolSession :one
SELECT * FROM enrol_session WHERE id = $1;

-- name: LatestEnrolSession :one
SELECT * FROM enrol_session WHERE device = $1 AND (state IN ('open', 'parked', 'done') OR why = 'ses-timeout') ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: OverdueHoldingEnrolSessions :many
SELECT due, id FROM enrol_session
WHERE state IN ('open', 'parked', 'undoing') AND (document <> '' OR account <> '')
  AND (state = 'undoing' OR due <= sqlc.arg(now))
  AND due >= sqlc.arg(after) AND (due > sqlc.arg(after) OR id > sqlc.arg(after_id))
ORDER BY due, id LIMIT sqlc.arg(many);

-- name: OverdueEmptyEnrolSessions :many
SELECT due, id FROM enrol_session
WHERE state IN ('open', 'parked', 'undoing') AND document = '' AND account = '' AND due <= sqlc.arg(now)
  AND due >= sqlc.arg(after) AND (due > sqlc.arg(after) OR id > sqlc.arg(after_id))
ORDER BY due, id LIMIT sqlc.arg(many);
