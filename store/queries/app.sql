-- name: AddAppSession :exec
INSERT INTO app_session (id, device_key, nonce, claims, created_at)
VALUES ($1, $2, $3, $4, $5);

-- name: AppSession :one
SELECT * FROM app_session WHERE id = $1;

-- name: AddAppReply :exec
INSERT INTO app_reply (session_id, counter, hash, status, body)
VALUES ($1, $2, $3, $4, $5);

-- name: AppReply :one
SELECT hash, status, body FROM app_reply WHERE session_id = $1 AND counter = $2;

-- name: LastAppReply :one
SELECT CAST(COALESCE((SELECT MAX(counter) FROM app_reply WHERE session_id = s.id), 0) AS bigint) AS counter
FROM app_session AS s WHERE s.id = $1;

-- name: DropAppReplies :exec
DELETE FROM app_reply WHERE session_id = $1 AND counter <= $2;

-- name: DropOlderReplies :exec
DELETE FROM app_reply WHERE session_id IN (
  SELECT s.id FROM app_session AS s WHERE s.device_key = $1 AND s.created_at <= $2 AND s.id <> $3
);

-- name: DropOlderSessions :exec
DELETE FROM app_session WHERE device_key = $1 AND created_at <= $2 AND id <> $3;
