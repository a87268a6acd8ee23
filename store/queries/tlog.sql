-- name: TakeLogLease :execrows
INSERT INTO log_lease (name, holder, token, expires) VALUES ('log', sqlc.arg(holder), 1, sqlc.arg(until))
ON CONFLICT (name) DO UPDATE SET
  token = CASE WHEN log_lease.holder = excluded.holder THEN log_lease.token ELSE log_lease.token + 1 END,
  holder = excluded.holder, expires = excluded.expires
WHERE log_lease.holder = excluded.holder OR log_lease.expires <= CAST(sqlc.arg(now) AS bigint);

-- name: LogLease :one
SELECT * FROM log_lease WHERE name = 'log';

-- name: WaitingLeaves :many
SELECT leaf FROM audit_line WHERE log_index IS NULL ORDER BY id LIMIT sqlc.arg(many);

-- name: LastLogIndex :one
SELECT CAST(COALESCE(MAX(log_index), -1) AS bigint) FROM audit_line WHERE log_index IS NOT NULL;

-- name: PlaceLine :execrows
UPDATE audit_line SET log_index = sqlc.arg(place) WHERE leaf = sqlc.arg(leaf) AND log_index IS NULL;

-- name: LineAt :one
SELECT * FROM audit_line WHERE log_index = CAST(sqlc.arg(place) AS bigint);

-- name: LinesOf :many
SELECT * FROM audit_line WHERE subject = sqlc.arg(subject) ORDER BY id;

-- name: LinesFrom :many
SELECT * FROM audit_line WHERE log_index >= CAST(sqlc.arg(place) AS bigint) ORDER BY log_index LIMIT sqlc.arg(many);

-- name: CountLine :one
SELECT COUNT(*) FROM audit_line WHERE leaf = sqlc.arg(leaf);

-- name: AddLostLine :exec
INSERT INTO audit_line (id, at, subject, leaf, log_index)
VALUES (sqlc.arg(id), sqlc.arg(at), '', sqlc.arg(leaf), sqlc.arg(place));
