-- name: AddAccount :exec
INSERT INTO account (
  id, rev, person, document, surname, given_names, level, state, device, login_key, sign_key,
  certificates, contact, application, signature, created_at, expires_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: SaveAccount :execrows
UPDATE account SET
  rev = rev + 1, person = $3, document = $4, surname = $5, given_names = $6, level = $7, state = $8, device = $9,
  login_key = $10, sign_key = $11, certificates = $12, contact = $13, application = $14, signature = $15,
  created_at = $16, expires_at = $17
WHERE id = $1 AND rev = $2;

-- name: Account :one
SELECT * FROM account WHERE id = $1;

-- name: AccountByDocument :one
SELECT * FROM account WHERE document = $1;

-- name: AccountsByPerson :many
SELECT * FROM account WHERE person = $1 ORDER BY created_at DESC, id;

-- name: AccountsByDevice :many
SELECT * FROM account WHERE device = $1 ORDER BY created_at DESC, id;

-- name: AccountsOver :many
SELECT id FROM account
WHERE state IN ('active', 'suspended') AND expires_at <= sqlc.arg(now)
ORDER BY expires_at, id LIMIT sqlc.arg(many);
