-- name: AddSchemeFile :exec
INSERT INTO scheme_file (name, version, place, meant, spelt, file, at) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: SchemeFiles :many
SELECT * FROM scheme_file WHERE name = $1 AND version = $2 ORDER BY place;
