-- name: PutPopulationPerson :exec
INSERT INTO population_person (person, record, email, phone, postal) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (person) DO UPDATE SET
  record = excluded.record, email = excluded.email, phone = excluded.phone, postal = excluded.postal;

-- name: DropPopulationPerson :exec
DELETE FROM population_person WHERE person = $1;

-- name: PopulationRecord :one
SELECT record FROM population_person WHERE person = $1;

-- name: PopulationChannels :one
SELECT email, phone, postal FROM population_person WHERE person = $1;

-- name: PopulationCodes :many
SELECT person FROM population_person WHERE person > sqlc.arg(after) ORDER BY person LIMIT sqlc.arg(many);

-- name: AddPopulationRelation :exec
INSERT INTO population_relation (child, place, guardian, kind, comprehensive, from_at, until_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: DropPopulationRelations :exec
DELETE FROM population_relation WHERE child = $1;

-- name: PopulationGuardians :many
SELECT * FROM population_relation WHERE child = $1 ORDER BY place;

-- name: PopulationWards :many
SELECT * FROM population_relation WHERE guardian = $1 ORDER BY from_at, child, place;

-- name: PopulationWalk :one
SELECT * FROM population_walk WHERE id = 1;

-- name: AddPopulationWalk :exec
INSERT INTO population_walk (id, rev, last_person, started_at, finished_at, holder, lease, asked, failed, braked_at)
VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: SavePopulationWalk :execrows
UPDATE population_walk SET
  rev = rev + 1, last_person = $2, started_at = $3, finished_at = $4, holder = $5, lease = $6, asked = $7, failed = $8,
  braked_at = $9
WHERE id = 1 AND rev = $1;

-- name: PopulationCase :one
SELECT * FROM population_case WHERE account = $1;

-- name: AddPopulationCase :exec
INSERT INTO population_case (account, rev, finding, since, due, settled) VALUES ($1, $2, $3, $4, $5, $6);

-- name: SavePopulationCase :execrows
UPDATE population_case SET rev = rev + 1, finding = $3, since = $4, due = $5, settled = $6
WHERE account = $1 AND rev = $2;

-- name: PeopleWithAccounts :many
SELECT DISTINCT person FROM account
WHERE state IN ('active', 'blocked', 'frozen', 'disputed', 'suspended') AND person > sqlc.arg(after)
ORDER BY person LIMIT sqlc.arg(many);
