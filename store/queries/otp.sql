-- name: OTPSheet :one
SELECT * FROM otp_sheet WHERE session = $1;

-- name: OtherOTPSheets :many
SELECT * FROM otp_sheet
WHERE owner = $1 AND contact = $2 AND session <> $3
ORDER BY sent_at DESC, session LIMIT 10;

-- name: AddOTPSheet :exec
INSERT INTO otp_sheet (session, rev, owner, contact, codes, is_over, sent_at)
VALUES ($1, 1, $2, $3, $4, $5, $6);

-- name: SaveOTPSheet :execrows
UPDATE otp_sheet SET rev = rev + 1, owner = $3, contact = $4, codes = $5, is_over = $6, sent_at = $7
WHERE session = $1 AND rev = $2;

-- name: SpendOTP :execrows
INSERT INTO otp_spend (key, day, used) VALUES ($1, $2, 1)
ON CONFLICT (key, day) DO UPDATE SET used = otp_spend.used + 1
WHERE otp_spend.used < sqlc.arg(most);

-- name: SpentOTP :one
SELECT CAST(COALESCE(SUM(used), 0) AS bigint) AS used FROM otp_spend
WHERE key = sqlc.arg(key) AND day >= sqlc.arg(since) AND day < sqlc.arg(before);
