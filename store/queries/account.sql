-- name: AddAccount :exec
INSERT INTO account (
  id, rev, person, document, surname, given_names, level, state, device, login_key, sign_key,
  certificates, contact, application, signature, created_at, expires_at,
  purpose, proofed_by, vouched_by, replaces, replaced_by, agreed, active_at, stopped_at, frozen_until, retire_at, reminded, fraud, behind, told, language, model
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
  $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33);

-- name: SaveAccount :execrows
UPDATE account SET
  rev = rev + 1, person = $3, document = $4, surname = $5, given_names = $6, level = $7, state = $8, device = $9,
  login_key = $10, sign_key = $11, certificates = $12, contact = $13, application = $14, signature = $15,
  created_at = $16, expires_at = $17, purpose = $18, proofed_by = $19, vouched_by = $20, replaces = $21, replaced_by = $22,
  agreed = $23, active_at = $24, stopped_at = $25, frozen_until = $26, retire_at = $27, reminded = $28, fraud = $29, behind = $30, told = $31, language = $32, model = $33
WHERE id = $1 AND rev = $2;

-- name: AccountStands :execrows
UPDATE account SET rev = rev WHERE id = $1 AND rev = $2;

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
WHERE state IN ('active', 'blocked', 'frozen', 'disputed', 'suspended') AND expires_at <= sqlc.arg(now)
ORDER BY expires_at, id LIMIT sqlc.arg(many);

-- name: AccountsBehind :many
SELECT id FROM account WHERE behind AND id > sqlc.arg(after) ORDER BY id LIMIT sqlc.arg(many);

-- name: AccountsUntold :many
SELECT id FROM account WHERE state = 'active' AND NOT told AND id > sqlc.arg(after) ORDER BY id LIMIT sqlc.arg(many);

-- name: AccountsThawing :many
SELECT id FROM account WHERE state = 'frozen' AND frozen_until <= sqlc.arg(now) ORDER BY frozen_until, id LIMIT sqlc.arg(many);

-- name: AccountsRetiring :many
SELECT id FROM account WHERE retire_at > 0 AND retire_at <= sqlc.arg(now) ORDER BY retire_at, id LIMIT sqlc.arg(many);

-- name: AccountsUnreminded :many
SELECT id FROM account
WHERE reminded = 0 AND state IN ('active', 'blocked', 'frozen', 'disputed', 'suspended') AND expires_at <= sqlc.arg(before)
ORDER BY expires_at, id LIMIT sqlc.arg(many);

-- name: AccountsRemindedOnce :many
SELECT id FROM account
WHERE reminded < 2 AND state IN ('active', 'blocked', 'frozen', 'disputed', 'suspended') AND expires_at <= sqlc.arg(before)
ORDER BY expires_at, id LIMIT sqlc.arg(many);

-- name: AccountsVouched :many
SELECT id FROM account
WHERE vouched_by = sqlc.arg(voucher) AND vouched_by <> '' AND NOT fraud
ORDER BY id LIMIT sqlc.arg(many);
