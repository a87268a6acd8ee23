-- name: AddQuestion :exec
INSERT INTO enrol_question (id, rev, about, session, device, state, account, login, sign, sealed, due, child, record)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: SaveQuestion :execrows
UPDATE enrol_question SET
  rev = rev + 1, about = $3, session = $4, device = $5, state = $6, account = $7, login = $8, sign = $9, sealed = $10, due = $11,
  child = $12, record = $13
WHERE id = $1 AND rev = $2;

-- name: Question :one
SELECT * FROM enrol_question WHERE id = $1;

-- name: QuestionsOfChild :many
SELECT * FROM enrol_question WHERE child = sqlc.arg(child) AND child <> '' AND state IN ('asked', 'claimed')
ORDER BY due, id LIMIT sqlc.arg(many);

-- name: QuestionsUnheard :many
SELECT id FROM enrol_question WHERE state IN ('asked', 'claimed') AND due <= sqlc.arg(due)
ORDER BY due, id LIMIT sqlc.arg(many);

-- name: SealedQuestion :many
SELECT id AS id, rev, sealed FROM enrol_question
WHERE id > sqlc.arg(after) AND length(sealed) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: SealedConsent :many
SELECT id AS id, rev, record AS sealed FROM enrol_question
WHERE id > sqlc.arg(after) AND length(record) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealConsent :execrows
UPDATE enrol_question SET record = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND record = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: ResealQuestion :execrows
UPDATE enrol_question SET sealed = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND sealed = sqlc.arg(sealed) AND rev = sqlc.arg(rev);
