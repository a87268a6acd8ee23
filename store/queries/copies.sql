-- name: RestoreStatus :execrows
UPDATE certificate SET held = sqlc.arg(held), changed = sqlc.arg(changed), revoked = sqlc.arg(revoked), reason = sqlc.arg(reason)
WHERE serial = sqlc.arg(serial);

-- name: CertificatesAfter :many
SELECT serial FROM certificate WHERE serial > sqlc.arg(serial) ORDER BY serial LIMIT sqlc.arg(many);

-- name: LockEntry :one
SELECT * FROM lock_entry WHERE key = $1 AND place = $2;

-- name: SetKeyRev :exec
UPDATE keyshare_key SET rev = sqlc.arg(rev) WHERE id = sqlc.arg(id) AND rev < sqlc.arg(rev);

-- name: SetAccountState :execrows
UPDATE account SET state = sqlc.arg(state), rev = sqlc.arg(rev), frozen_until = sqlc.arg(frozen_until), behind = true
WHERE id = sqlc.arg(id) AND rev < sqlc.arg(rev);

-- name: SubjectsSince :many
SELECT DISTINCT subject FROM audit_line WHERE id >= sqlc.arg(id) AND subject > sqlc.arg(subject) ORDER BY subject LIMIT sqlc.arg(many);

-- name: LockKeysAfter :many
SELECT DISTINCT key FROM lock_entry WHERE key > sqlc.arg(key) ORDER BY key LIMIT sqlc.arg(many);

-- name: KeysAfter :many
SELECT id FROM keyshare_key WHERE id > sqlc.arg(id) ORDER BY id LIMIT sqlc.arg(many);

-- name: AccountsAfter :many
SELECT id FROM account WHERE id > sqlc.arg(id) ORDER BY id LIMIT sqlc.arg(many);

-- name: EvaluationAt :one
SELECT * FROM keyshare_evaluation WHERE key = $1 AND seq = $2;

-- name: SecondPlace :one
SELECT name FROM second_place WHERE one = 1;

-- name: SetSecondPlace :exec
INSERT INTO second_place (one, name) VALUES (1, sqlc.arg(name)) ON CONFLICT (one) DO UPDATE SET name = excluded.name;

-- name: EndedContactsAfter :many
SELECT id FROM contact WHERE state IN ('leaving', 'stopped') AND id > sqlc.arg(id) ORDER BY id LIMIT sqlc.arg(many);

-- name: ContactsOfID :many
SELECT * FROM contact WHERE id = sqlc.arg(id);

-- name: RestoreContact :execrows
UPDATE contact SET state = sqlc.arg(state), sealed = sqlc.arg(sealed), since = sqlc.arg(since), held_until = sqlc.arg(held_until), rev = sqlc.arg(rev)
WHERE person = sqlc.arg(person) AND id = sqlc.arg(id) AND rev < sqlc.arg(rev);
