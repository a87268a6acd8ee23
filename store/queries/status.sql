-- name: Standing :one
SELECT serial, certificate, held, revoked, reason FROM certificate WHERE serial = $1;

-- name: HoldCertificate :execrows
UPDATE certificate SET held = $2, changed = $2 WHERE serial = $1 AND revoked = 0 AND held = 0;

-- name: LiftCertificate :execrows
UPDATE certificate SET held = 0, changed = $2 WHERE serial = $1 AND revoked = 0 AND held <> 0;

-- name: CountBadCertificates :one
SELECT COUNT(*) FROM certificate WHERE changed <> 0 AND issued <> 0 AND (revoked <> 0 OR held <> 0);

-- name: NewestChange :one
SELECT changed FROM certificate WHERE changed <> 0 ORDER BY changed DESC LIMIT 1;

-- name: BadCertificates :many
SELECT serial, certificate, held, revoked, reason FROM certificate
WHERE changed <> 0 AND issued <> 0 AND (revoked <> 0 OR held <> 0) AND valid_to >= sqlc.arg(ends) AND serial > sqlc.arg(after)
ORDER BY serial LIMIT sqlc.arg(most);

-- name: LatestRevocationList :one
SELECT * FROM revocation_list WHERE issuer = $1 ORDER BY number DESC LIMIT 1;

-- name: AddRevocationList :execrows
INSERT INTO revocation_list (issuer, number, made, next, count, newest, der)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (issuer, number) DO NOTHING;

-- name: DropRevocationLists :exec
DELETE FROM revocation_list WHERE issuer = $1 AND number < $2;
