-- name: LockEntries :many
SELECT * FROM lock_entry WHERE key = $1 ORDER BY place;

-- name: CountLockEntries :one
SELECT COUNT(*) FROM lock_entry WHERE key = $1;

-- name: AddLockEntry :exec
INSERT INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
