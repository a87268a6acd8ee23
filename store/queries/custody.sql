-- name: AddCustodyMark :exec
INSERT INTO custody_mark (name, sealed) VALUES ($1, $2);

-- name: CustodyMarks :many
SELECT name, sealed FROM custody_mark ORDER BY name;
