-- name: AddContainer :exec
INSERT INTO container (account, rev, level, stamp, file, due, tries) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: SaveContainer :execrows
UPDATE container SET rev = rev + 1, level = $3, stamp = $4, file = $5, due = $6, tries = $7
WHERE account = $1 AND rev = $2 AND level <> 'LT' AND (level <> 'T' OR $3 <> 'B');

-- name: Container :one
SELECT * FROM container WHERE account = $1;

-- name: UnfinishedContainers :many
SELECT account FROM container WHERE due > 0 AND (due <= sqlc.arg(now) OR due > sqlc.arg(far)) ORDER BY due, account LIMIT sqlc.arg(many);
