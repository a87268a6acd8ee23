-- name: AddCertificate :exec
INSERT INTO certificate (
  serial, request, digest, account, purpose, level, key, tbs, intent, valid_from, valid_to,
  certificate, issued, revoked, reason, held, changed
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: Certificate :one
SELECT * FROM certificate WHERE serial = $1;

-- name: CertificateByRequest :one
SELECT * FROM certificate WHERE request = $1;

-- name: CertificatesByAccount :many
SELECT * FROM certificate WHERE account = $1 ORDER BY intent, serial;

-- name: IssueCertificate :execrows
UPDATE certificate SET certificate = $2, issued = $3 WHERE serial = $1 AND issued = 0;

-- name: RevokeCertificate :execrows
UPDATE certificate SET revoked = $2, reason = $3, changed = $2 WHERE serial = $1 AND revoked = 0;
