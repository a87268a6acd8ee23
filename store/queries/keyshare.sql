-- name: AddKey :exec
INSERT INTO keyshare_key (
  id, rev, purpose, device, account, state, reason, generation, created_at, modulus, public, sealed_voprf, begin_hash,
  hardenings, counter, rotated_at, product, inverse, sealed_half, last_seq, last_nonce, cleared_seq, unconfirmed,
  life_count, due_at, ends_at, next_change, next_public, next_voprf, next_since, next_hardenings, next_hardened,
  changed_by, changed
) VALUES (
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
  $27, $28, $29, $30, $31, $32, $33, $34
);

-- name: SaveKey :execrows
UPDATE keyshare_key SET
  rev = rev + 1, purpose = $3, device = $4, account = $5, state = $6, reason = $7, generation = $8, created_at = $9,
  modulus = $10, public = $11, sealed_voprf = $12, begin_hash = $13, hardenings = $14, counter = $15, rotated_at = $16,
  product = $17, inverse = $18, sealed_half = $19, last_seq = $20, last_nonce = $21, cleared_seq = $22,
  unconfirmed = $23, life_count = $24, due_at = $25, ends_at = $26, next_change = $27, next_public = $28, next_voprf = $29,
  next_since = $30, next_hardenings = $31, next_hardened = $32, changed_by = $33, changed = $34
WHERE id = $1 AND rev = $2;

-- name: Key :one
SELECT * FROM keyshare_key WHERE id = $1;

-- name: DueKeys :many
SELECT id FROM keyshare_key WHERE due_at <> 0 AND due_at <= sqlc.arg(now)
ORDER BY due_at, id LIMIT sqlc.arg(many);

-- name: RememberModulus :exec
INSERT INTO keyshare_modulus (hash) VALUES ($1);

-- name: CountModulus :one
SELECT COUNT(*) FROM keyshare_modulus WHERE hash = $1;

-- name: AddPooled :exec
INSERT INTO keyshare_pool (modulus, sealed_half, created_at) VALUES ($1, $2, $3);

-- name: TakePooled :execrows
DELETE FROM keyshare_pool WHERE modulus = $1;

-- name: TakeHalf :execrows
DELETE FROM keyshare_pool WHERE modulus = $1 AND sealed_half = $2;

-- name: CountPooled :one
SELECT COUNT(*) FROM keyshare_pool;

-- name: OldestPooled :one
SELECT * FROM keyshare_pool ORDER BY created_at, modulus LIMIT 1;

-- name: AddEvaluation :exec
INSERT INTO keyshare_evaluation (key, seq, generation, txn, nonce, body, state, at, answer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: AnswerEvaluation :execrows
UPDATE keyshare_evaluation SET state = $3, answer = $4 WHERE key = $1 AND seq = $2;

-- name: MarkEvaluation :execrows
UPDATE keyshare_evaluation SET state = $3 WHERE key = $1 AND seq = $2;

-- name: EvaluationsSince :many
SELECT * FROM keyshare_evaluation WHERE key = $1 AND seq > $2 ORDER BY seq;

-- name: EvaluationByNonce :one
SELECT * FROM keyshare_evaluation WHERE key = $1 AND nonce = $2;

-- name: AddTransaction :exec
INSERT INTO keyshare_transaction (
  id, rev, key, kind, record, hash, salt, freshness, state, created_at, expires_at,
  completion, answer, approval, signature, signed_at, padding
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: SaveTransaction :execrows
UPDATE keyshare_transaction SET
  rev = rev + 1, key = $3, kind = $4, record = $5, hash = $6, salt = $7, freshness = $8, state = $9, created_at = $10,
  expires_at = $11, completion = $12, answer = $13, approval = $14, signature = $15, signed_at = $16,
  padding = $17
WHERE id = $1 AND rev = $2;

-- name: Transaction :one
SELECT * FROM keyshare_transaction WHERE id = $1;

-- name: LiveTransactions :many
SELECT * FROM keyshare_transaction
WHERE key = $1 AND state = 'live' AND expires_at > sqlc.arg(now)
ORDER BY created_at, id LIMIT sqlc.arg(many);

-- name: ModuliOfKeys :many
SELECT id, modulus, product FROM keyshare_key WHERE id > sqlc.arg(after) ORDER BY id LIMIT sqlc.arg(many);

-- name: ModuliOfPool :many
SELECT modulus FROM keyshare_pool WHERE modulus > sqlc.arg(after) ORDER BY modulus LIMIT sqlc.arg(many);

-- name: EmptyPool :exec
DELETE FROM keyshare_pool;

-- name: AddEpoch :exec
INSERT INTO keyshare_epoch (from_at, until_at) VALUES ($1, $2);

-- name: NewestEpoch :one
SELECT * FROM keyshare_epoch ORDER BY from_at DESC LIMIT 1;

-- name: MoveKeyRev :execrows
UPDATE keyshare_key SET rev = sqlc.arg(new_rev) WHERE id = sqlc.arg(id) AND rev = sqlc.arg(rev);

-- name: ForgetEvaluations :exec
DELETE FROM keyshare_evaluation WHERE key = $1;
