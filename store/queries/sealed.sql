-- Sealed records, as a rotation of sealing keys goes through them (key/hsm/rewrap).

-- name: SealedVOPRF :many
SELECT id AS id, rev, sealed_voprf AS sealed FROM keyshare_key
WHERE id > sqlc.arg(after) AND length(sealed_voprf) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealVOPRF :execrows
UPDATE keyshare_key SET sealed_voprf = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND sealed_voprf = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedNextVOPRF :many
SELECT id AS id, rev, next_voprf AS sealed FROM keyshare_key
WHERE id > sqlc.arg(after) AND length(next_voprf) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealNextVOPRF :execrows
UPDATE keyshare_key SET next_voprf = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND next_voprf = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedHalf :many
SELECT id AS id, rev, sealed_half AS sealed FROM keyshare_key
WHERE id > sqlc.arg(after) AND length(sealed_half) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealHalf :execrows
UPDATE keyshare_key SET sealed_half = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND sealed_half = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedPooled :many
SELECT modulus AS id, CAST(0 AS bigint) AS rev, sealed_half AS sealed FROM keyshare_pool
WHERE modulus > sqlc.arg(after) AND length(sealed_half) > 0 ORDER BY modulus LIMIT sqlc.arg(many);

-- name: ResealPooled :execrows
UPDATE keyshare_pool SET sealed_half = sqlc.arg(fresh)
WHERE modulus = sqlc.arg(id) AND sealed_half = sqlc.arg(sealed);

-- name: SealedContact :many
SELECT id AS id, rev, contact AS sealed FROM account
WHERE id > sqlc.arg(after) AND length(contact) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealContact :execrows
UPDATE account SET contact = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND contact = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedPayload :many
SELECT id AS id, rev, payload AS sealed FROM enrol_session
WHERE id > sqlc.arg(after) AND length(payload) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealPayload :execrows
UPDATE enrol_session SET payload = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND payload = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedLetter :many
SELECT id AS id, CAST(0 AS bigint) AS rev, sealed AS sealed FROM mail_job
WHERE id > sqlc.arg(after) AND sealed IS NOT NULL ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealLetter :execrows
UPDATE mail_job SET sealed = sqlc.arg(fresh)
WHERE id = sqlc.arg(id) AND sealed = sqlc.arg(sealed);

-- name: SealedReply :many
SELECT session_id, counter, body FROM app_reply
WHERE session_id >= sqlc.arg(session) AND (session_id > sqlc.arg(session) OR counter > sqlc.arg(counter)) AND length(body) > 0
ORDER BY session_id, counter LIMIT sqlc.arg(many);

-- name: ResealReply :execrows
UPDATE app_reply SET body = sqlc.arg(fresh)
WHERE session_id = sqlc.arg(session) AND counter = sqlc.arg(counter) AND body = sqlc.arg(sealed);

-- name: ResealMark :execrows
UPDATE custody_mark SET sealed = sqlc.arg(fresh) WHERE name = sqlc.arg(id) AND sealed = sqlc.arg(sealed);
