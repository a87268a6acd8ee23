-- name: AddAuditLine :exec
INSERT INTO audit_line (id, at, subject, record, salt, leaf)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: AuditLines :many
SELECT * FROM audit_line WHERE subject = $1 AND record IS NOT NULL ORDER BY id;

-- name: EraseAuditLines :exec
UPDATE audit_line SET record = NULL, salt = NULL WHERE subject = $1;
