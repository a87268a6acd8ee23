-- name: AddLoginSession :exec
INSERT INTO login_session (id, rev, party, person, created, expires, ended, state, end_result, not_me, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: CountLoginSessions :one
SELECT COUNT(*) FROM login_session WHERE person = $1 AND created >= $2;

-- name: LoginSession :one
SELECT * FROM login_session WHERE id = $1;

-- name: RecentLoginSessions :many
SELECT * FROM login_session WHERE person = $1 AND created >= $2 ORDER BY created DESC, id;

-- name: SaveLoginSession :execrows
UPDATE login_session SET rev = rev + 1, ended = $3, state = $4, end_result = $5, not_me = $6, detail = $7
WHERE id = $1 AND rev = $2;
