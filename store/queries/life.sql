-- name: Contacts :many
SELECT * FROM contact WHERE person = $1 ORDER BY since, id;

-- name: AddContact :exec
INSERT INTO contact (person, id, rev, kind, state, sealed, since, held_until, account) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8);

-- name: SaveContact :execrows
UPDATE contact SET rev = rev + 1, state = sqlc.arg(state), sealed = sqlc.arg(sealed), since = sqlc.arg(since), held_until = sqlc.arg(held_until),
  account = sqlc.arg(account)
WHERE person = sqlc.arg(person) AND id = sqlc.arg(id) AND rev = sqlc.arg(rev);

-- name: LeavingContacts :many
SELECT * FROM contact WHERE state = 'leaving' AND held_until <= sqlc.arg(now) ORDER BY held_until LIMIT sqlc.arg(many);

-- name: AddHistory :exec
INSERT INTO history (person, id, at, account, kind, service, sealed, hidden) VALUES ($1, $2, $3, $4, $5, $6, $7, false)
ON CONFLICT (person, id) DO NOTHING;

-- name: HasHistory :one
SELECT COUNT(*) FROM history WHERE person = $1 AND id = $2;

-- name: History :many
SELECT history.person, id, at, account, kind, history.service, sealed, hidden,
  EXISTS (SELECT 1 FROM history_service s WHERE s.person = history.person AND s.service = history.service AND history.service <> '') AS muted
FROM history
WHERE history.person = sqlc.arg(person) AND (at < sqlc.arg(before) OR at = sqlc.arg(before) AND id < sqlc.arg(id))
ORDER BY at DESC, id DESC LIMIT sqlc.arg(many);

-- name: VisibleHistory :many
SELECT history.* FROM history
WHERE history.person = sqlc.arg(person) AND (at < sqlc.arg(before) OR at = sqlc.arg(before) AND id < sqlc.arg(id)) AND NOT hidden
  AND NOT EXISTS (SELECT 1 FROM history_service s WHERE s.person = history.person AND s.service = history.service AND history.service <> '')
ORDER BY at DESC, id DESC LIMIT sqlc.arg(many);

-- name: HideHistory :execrows
UPDATE history SET hidden = sqlc.arg(hidden) WHERE person = sqlc.arg(person) AND id = sqlc.arg(id);

-- name: HideService :exec
INSERT INTO history_service (person, service) VALUES ($1, $2) ON CONFLICT (person, service) DO NOTHING;

-- name: ShowService :exec
DELETE FROM history_service WHERE person = $1 AND service = $2;

-- name: AddNotice :exec
INSERT INTO notice (account, id, kind, at, about, acked) VALUES ($1, $2, $3, $4, $5, 0)
ON CONFLICT (account, id) DO NOTHING;

-- name: Notices :many
SELECT * FROM notice WHERE account = sqlc.arg(account) AND acked = 0 ORDER BY at, id LIMIT sqlc.arg(many);

-- name: AckNotice :exec
UPDATE notice SET acked = sqlc.arg(acked) WHERE account = sqlc.arg(account) AND id = sqlc.arg(id) AND acked = 0;

-- name: AddTap :exec
INSERT INTO tap (hash, purpose, account, target, expires, used) VALUES ($1, $2, $3, $4, $5, 0);

-- name: Tap :one
SELECT * FROM tap WHERE hash = $1;

-- name: UseTap :execrows
UPDATE tap SET used = sqlc.arg(used) WHERE hash = sqlc.arg(hash) AND used = 0;

-- name: AddCase :exec
INSERT INTO holder_case (id, kind, account, subject, opened, closed) VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (id) DO NOTHING;

-- name: CloseCase :exec
UPDATE holder_case SET closed = sqlc.arg(closed) WHERE id = sqlc.arg(id) AND closed = 0;

-- name: OpenCases :many
SELECT * FROM holder_case WHERE closed = 0 ORDER BY opened, id LIMIT sqlc.arg(many);

-- name: UnnotedLogins :many
SELECT * FROM login_session WHERE NOT noted AND (state = 'COMPLETE' OR expires <= sqlc.arg(now)) ORDER BY expires, id LIMIT sqlc.arg(many);

-- name: NoteLogin :execrows
UPDATE login_session SET noted = true WHERE id = sqlc.arg(id) AND NOT noted;

-- name: SealedContactRow :many
SELECT person, id, sealed, rev FROM contact WHERE person >= sqlc.arg(person) AND (person > sqlc.arg(person) OR id > sqlc.arg(id)) AND length(sealed) > 0
ORDER BY person, id LIMIT sqlc.arg(many);

-- name: ResealContactRow :execrows
UPDATE contact SET sealed = sqlc.arg(fresh), rev = rev + 1
WHERE person = sqlc.arg(person) AND id = sqlc.arg(id) AND sealed = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedHistory :many
SELECT person, id, sealed FROM history WHERE person >= sqlc.arg(person) AND (person > sqlc.arg(person) OR id > sqlc.arg(id))
ORDER BY person, id LIMIT sqlc.arg(many);

-- name: ResealHistory :execrows
UPDATE history SET sealed = sqlc.arg(fresh) WHERE person = sqlc.arg(person) AND id = sqlc.arg(id) AND sealed = sqlc.arg(sealed);
