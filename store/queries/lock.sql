-- name: LockEntries :many
SELECT * FROM lock_entry WHERE key = $1 ORDER BY place;

-- name: CountLockEntries :one
SELECT COUNT(*) FROM lock_entry WHERE key = $1;

-- name: AddLockEntry :exec
INSERT INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac, release, from_at, until_at, input)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: TouchedLocks :many
SELECT DISTINCT e.key FROM lock_entry e
WHERE e.release = sqlc.arg(release) AND e.at >= sqlc.arg(since) AND e.at < sqlc.arg(before) AND e.key > sqlc.arg(after)
  AND NOT EXISTS (SELECT 1 FROM lock_entry p WHERE p.key = e.key AND p.kind = 'permanent')
ORDER BY e.key LIMIT sqlc.arg(many);

-- name: LockIncident :one
SELECT * FROM lock_incident WHERE id = $1;

-- name: LockIncidents :many
SELECT * FROM lock_incident ORDER BY opened_at DESC, id LIMIT $1;

-- name: AddLockIncident :exec
INSERT INTO lock_incident (id, rev, release, from_at, until_at, ref, state, opened, opened_at, seconded, seconded_at, spared)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: SaveLockIncident :execrows
UPDATE lock_incident SET rev = rev + 1, state = $3, seconded = $4, seconded_at = $5, spared = $6 WHERE id = $1 AND rev = $2;

-- name: LockPace :one
SELECT * FROM lock_pace WHERE key = $1;

-- name: AddLockPace :exec
INSERT INTO lock_pace (key, rev, since, open, last) VALUES ($1, $2, $3, $4, $5);

-- name: SaveLockPace :execrows
UPDATE lock_pace SET rev = rev + 1, since = $3, open = $4, last = $5 WHERE key = $1 AND rev = $2;

-- name: DropLockPaces :exec
DELETE FROM lock_pace WHERE since < $1;
