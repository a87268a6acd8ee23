-- name: AddCardVisit :exec
INSERT INTO card_visit (id, rev, state, person, tries, tried_at, slip, pairing, began, expires, payload, record)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: SaveCardVisit :execrows
UPDATE card_visit SET rev = rev + 1, state = $3, person = $4, tries = $5, tried_at = $6, slip = $7, pairing = $8, began = $9, expires = $10,
  payload = $11, record = $12
WHERE id = $1 AND rev = $2;

-- name: CardVisit :one
SELECT * FROM card_visit WHERE id = $1;

-- name: CardTries :one
SELECT CAST(COALESCE(SUM(tries), 0) AS bigint) AS n FROM card_visit WHERE tried_at > $1 AND tries > 0;

-- name: CardTriesOf :one
SELECT CAST(COALESCE(SUM(tries), 0) AS bigint) AS n FROM card_visit WHERE tried_at > $1 AND person = $2 AND tries > 0;

-- name: AddCardSlip :exec
INSERT INTO card_slip (id, rev, session, number, device, state, visit, pairing, made, until, due, phone)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: SaveCardSlip :execrows
UPDATE card_slip SET rev = rev + 1, session = $3, number = $4, device = $5, state = $6, visit = $7, pairing = $8, made = $9, until = $10, due = $11, phone = $12
WHERE id = $1 AND rev = $2;

-- name: CardSlip :one
SELECT * FROM card_slip WHERE id = $1;

-- name: CardSlipOf :one
SELECT * FROM card_slip WHERE session = $1;

-- name: EndCardVisits :execrows
UPDATE card_visit SET rev = rev + 1, state = 'ended', payload = sqlc.arg(nothing) WHERE id IN (
  SELECT v.id FROM card_visit v WHERE v.expires < sqlc.arg(before) AND length(v.payload) > 0 LIMIT sqlc.arg(many)
);

-- name: SealedCardVisit :many
SELECT id AS id, rev, payload AS sealed FROM card_visit
WHERE id > sqlc.arg(after) AND length(payload) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealCardVisit :execrows
UPDATE card_visit SET payload = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND payload = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedCardRecord :many
SELECT id AS id, rev, record AS sealed FROM card_visit
WHERE id > sqlc.arg(after) AND length(record) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealCardRecord :execrows
UPDATE card_visit SET record = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND record = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedCardSlip :many
SELECT id AS id, rev, phone AS sealed FROM card_slip
WHERE id > sqlc.arg(after) AND length(phone) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealCardSlip :execrows
UPDATE card_slip SET phone = sqlc.arg(fresh), rev = rev + 1
WHERE id = sqlc.arg(id) AND phone = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: PutPortalSession :exec
INSERT INTO portal_session (token, sealed, expires) VALUES ($1, $2, $3)
ON CONFLICT (token) DO UPDATE SET sealed = excluded.sealed, expires = excluded.expires;

-- name: PortalSession :one
SELECT sealed FROM portal_session WHERE token = $1 AND expires > $2;

-- name: DropPortalSession :exec
DELETE FROM portal_session WHERE token = $1;

-- name: SealedPortalSession :many
SELECT token AS id, CAST(0 AS bigint) AS rev, sealed AS sealed FROM portal_session
WHERE token > sqlc.arg(after) ORDER BY token LIMIT sqlc.arg(many);

-- name: ResealPortalSession :execrows
UPDATE portal_session SET sealed = sqlc.arg(fresh) WHERE token = sqlc.arg(id) AND sealed = sqlc.arg(sealed);
