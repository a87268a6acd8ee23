-- name: StaffMember :one
SELECT * FROM staff_member WHERE id = $1;

-- name: StaffMembers :many
SELECT * FROM staff_member ORDER BY id;

-- name: StaffMembersByMark :many
SELECT * FROM staff_member WHERE mark = $1 ORDER BY id;

-- name: AddStaffMember :exec
INSERT INTO staff_member (id, rev, roles, key, mark, counter, added_at, ended_at) VALUES ($1, $2, $3, $4, $5, 0, $6, $7);

-- name: SaveStaffMember :execrows
UPDATE staff_member SET rev = rev + 1, roles = $3, key = $4, mark = $5, added_at = $6, ended_at = $7 WHERE id = $1 AND rev = $2;

-- name: CountStaffMember :execrows
UPDATE staff_member SET counter = $2 WHERE id = $1 AND counter < $2 AND ended_at = 0;

-- name: AddStaffLookUp :exec
INSERT INTO staff_lookup (id, account, member, ref, at) VALUES ($1, $2, $3, $4, $5);

-- name: CountStaffLookUps :one
SELECT COUNT(DISTINCT at) FROM staff_lookup WHERE member = $1 AND at >= $2;

-- name: StaffLookUps :many
SELECT * FROM staff_lookup WHERE account = $1 AND account <> '' ORDER BY at DESC, id LIMIT $2;

-- name: AddStaffConsent :exec
INSERT INTO staff_consent (account, mac, good) VALUES ($1, $2, $3)
ON CONFLICT (account) DO UPDATE SET mac = excluded.mac, good = excluded.good;

-- name: StaffConsent :one
SELECT account FROM staff_consent WHERE mac = $1 AND good > $2;

-- name: TakeStaffConsent :execrows
DELETE FROM staff_consent WHERE mac = $1;

-- name: StaffFinding :one
SELECT * FROM staff_finding WHERE id = $1;

-- name: WaitingStaffFindings :many
SELECT * FROM staff_finding WHERE state IN ('opened', 'seconded') ORDER BY state DESC, opened_at, id LIMIT $1;

-- name: AddStaffFinding :exec
INSERT INTO staff_finding (id, rev, kind, account, ref, state, opened, opened_at, seconded, ended_at) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: SaveStaffFinding :execrows
UPDATE staff_finding SET rev = rev + 1, state = $3, seconded = $4, ended_at = $5 WHERE id = $1 AND rev = $2;

-- name: ReviewCase :one
SELECT * FROM review_case WHERE id = $1;

-- name: ReviewCaseOf :one
SELECT * FROM review_case WHERE session = $1 ORDER BY parked_at DESC, id DESC LIMIT 1;

-- name: WaitingReviewCases :many
SELECT id FROM review_case
WHERE state IN ('open', 'claimed', 'approved-by-one')
  AND (parked_at > sqlc.arg(parked) OR (parked_at = sqlc.arg(parked) AND id > sqlc.arg(after)))
ORDER BY parked_at, id LIMIT sqlc.arg(many);

-- name: StaleReviewCases :many
SELECT id FROM review_case
WHERE state IN ('open', 'claimed', 'approved-by-one')
  AND (expires <= sqlc.arg(now) OR (length(pictures) > 0 AND pictures_until <= sqlc.arg(now)) OR (claimant <> '' AND claimed_at <= sqlc.arg(claimed)))
  AND (parked_at > sqlc.arg(parked) OR (parked_at = sqlc.arg(parked) AND id > sqlc.arg(after)))
ORDER BY parked_at, id LIMIT sqlc.arg(many);

-- name: AddReviewCase :exec
INSERT INTO review_case (id, rev, session, kind, state, mark, claimant, claimed_at, first, second, reason, folder, pictures, contact, pictures_until, parked_at, expires, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);

-- name: SaveReviewCase :execrows
UPDATE review_case SET rev = rev + 1, session = $3, kind = $4, state = $5, mark = $6, claimant = $7, claimed_at = $8, first = $9, second = $10, reason = $11,
  folder = $12, pictures = $13, contact = $14, pictures_until = $15, parked_at = $16, expires = $17, ended_at = $18
WHERE id = $1 AND rev = $2;

-- name: DeskSession :one
SELECT * FROM desk_session WHERE id = $1;

-- name: DeskSessionOf :one
SELECT * FROM desk_session WHERE sitting = $1 ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: OverdueDeskSessions :many
SELECT id FROM desk_session
WHERE (state IN ('opened', 'examined', 'waiting', 'attested') OR length(payload) > 0) AND expires <= $1 ORDER BY expires, id LIMIT $2;

-- name: AddDeskSession :exec
INSERT INTO desk_session (id, rev, sitting, device, booking, officer, state, mark, challenges, challenge_at, proved, copyable, expired, checks, exceptions,
  statement, signed, code_mac, code_until, tries, payload, created_at, expires, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24);

-- name: SaveDeskSession :execrows
UPDATE desk_session SET rev = rev + 1, sitting = $3, device = $4, booking = $5, officer = $6, state = $7, mark = $8, challenges = $9, challenge_at = $10,
  proved = $11, copyable = $12, expired = $13, checks = $14, exceptions = $15, statement = $16, signed = $17, code_mac = $18, code_until = $19,
  tries = $20, payload = $21, created_at = $22, expires = $23, ended_at = $24
WHERE id = $1 AND rev = $2;

-- name: Appointment :one
SELECT * FROM appointment WHERE id = $1;

-- name: AppointmentSeats :many
SELECT seat FROM appointment WHERE office = $1 AND at = $2 AND state = 'booked' AND id <> $3 ORDER BY seat;

-- name: TakenAppointments :many
SELECT at, COUNT(*) AS n FROM appointment WHERE office = $1 AND at >= $2 AND at < $3 AND state = 'booked' GROUP BY at ORDER BY at;

-- name: AddAppointment :exec
INSERT INTO appointment (id, rev, office, at, seat, state, contact, moves) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: SaveAppointment :execrows
UPDATE appointment SET rev = rev + 1, office = $3, at = $4, seat = $5, state = $6, contact = $7, moves = $8 WHERE id = $1 AND rev = $2;

-- name: PastAppointments :many
SELECT id FROM appointment WHERE state = 'booked' AND at < $1 ORDER BY at, id LIMIT $2;

-- name: SealedFolder :many
SELECT id AS id, rev, folder AS sealed FROM review_case WHERE id > sqlc.arg(after) AND length(folder) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealFolder :execrows
UPDATE review_case SET folder = sqlc.arg(fresh), rev = rev + 1 WHERE id = sqlc.arg(id) AND folder = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedPictures :many
SELECT id AS id, rev, pictures AS sealed FROM review_case WHERE id > sqlc.arg(after) AND length(pictures) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealPictures :execrows
UPDATE review_case SET pictures = sqlc.arg(fresh), rev = rev + 1 WHERE id = sqlc.arg(id) AND pictures = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedCaseContact :many
SELECT id AS id, rev, contact AS sealed FROM review_case WHERE id > sqlc.arg(after) AND length(contact) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealCaseContact :execrows
UPDATE review_case SET contact = sqlc.arg(fresh), rev = rev + 1 WHERE id = sqlc.arg(id) AND contact = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedDesk :many
SELECT id AS id, rev, payload AS sealed FROM desk_session WHERE id > sqlc.arg(after) AND length(payload) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealDesk :execrows
UPDATE desk_session SET payload = sqlc.arg(fresh), rev = rev + 1 WHERE id = sqlc.arg(id) AND payload = sqlc.arg(sealed) AND rev = sqlc.arg(rev);

-- name: SealedAppointment :many
SELECT id AS id, rev, contact AS sealed FROM appointment WHERE id > sqlc.arg(after) AND length(contact) > 0 ORDER BY id LIMIT sqlc.arg(many);

-- name: ResealAppointment :execrows
UPDATE appointment SET contact = sqlc.arg(fresh), rev = rev + 1 WHERE id = sqlc.arg(id) AND contact = sqlc.arg(sealed) AND rev = sqlc.arg(rev);
