-- name: AddQuestion :exec
INSERT INTO enrol_question (id, rev, about, session, device, state, account, login, sign, sealed, due)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: SaveQuestion :execrows
UPDATE enrol_question SET
  rev = rev + 1, about = $3, session = $4, device = $5, state = $6, account = $7, login = $8, sign = $9, sealed = $10, due = $11
WHERE id = $1 AND rev = $2;

-- name: Question :one
SELECT * FROM enrol_question WHERE id = $1;

-- name: QuestionsUnheard :many
SELECT id FROM enrol_question WHERE state IN ('asked', 'claimed') AND due <= sqlc.arg(due)
ORDER BY due, id LIMIT sqlc.arg(many);

-- name: SealedQuestion :many
SELECT id AS id, rev, sealed FROM enrol_question
WHERE id > sqlc.arg(after) AND length(sealed) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealQuestion :execrows
UPDATE enrol_question SET sealed = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND sealed = sqlc.arg(sealed) AND rev = sqlc.arg(rev);
