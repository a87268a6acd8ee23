-- What the nightly job deletes, one batch each: of what is older than a moment, at
-- most so many rows. What is still needed is left out by its state.

-- name: ForgetAppReplies :execrows
DELETE FROM app_reply WHERE session_id IN (
  SELECT s.id FROM app_session s WHERE s.created_at < sqlc.arg(before) ORDER BY s.created_at, s.id LIMIT sqlc.arg(many));

-- name: ForgetAppSessions :execrows
DELETE FROM app_session WHERE id IN (
  SELECT s.id FROM app_session s WHERE s.created_at < sqlc.arg(before) ORDER BY s.created_at, s.id LIMIT sqlc.arg(many));

-- name: ForgetLetters :execrows
DELETE FROM mail_job WHERE id IN (
  SELECT m.id FROM mail_job m WHERE m.state <> 'waiting' AND m.made_at < sqlc.arg(before) ORDER BY m.made_at, m.id LIMIT sqlc.arg(many));

-- name: ForgetSheets :execrows
DELETE FROM otp_sheet WHERE session IN (
  SELECT s.session FROM otp_sheet s
  WHERE s.sent_at < sqlc.arg(before)
    AND NOT EXISTS (SELECT 1 FROM enrol_session e WHERE e.id = s.session AND e.state IN ('open', 'parked', 'undoing'))
  ORDER BY s.sent_at, s.session LIMIT sqlc.arg(many));

-- name: ForgetSpends :execrows
DELETE FROM otp_spend WHERE (key, day) IN (
  SELECT s.key, s.day FROM otp_spend s WHERE s.day < sqlc.arg(before) ORDER BY s.day, s.key LIMIT sqlc.arg(many));

-- name: ForgetSittings :execrows
DELETE FROM enrol_session WHERE id IN (
  SELECT e.id FROM enrol_session e
  WHERE e.state IN ('done', 'refused', 'expired') AND e.expires_at < sqlc.arg(before) AND e.due < sqlc.arg(before)
  ORDER BY e.expires_at, e.id LIMIT sqlc.arg(many));

-- name: ForgetQuestions :execrows
DELETE FROM enrol_question WHERE id IN (
  SELECT q.id FROM enrol_question q
  WHERE q.state IN ('answered', 'refused', 'disputed', 'lapsed') AND q.due < sqlc.arg(before) AND length(q.record) = 0
    AND NOT EXISTS (SELECT 1 FROM enrol_session e WHERE e.id = q.session AND e.state IN ('open', 'parked', 'undoing'))
  ORDER BY q.due, q.id LIMIT sqlc.arg(many));

-- name: ForgetSignedQuestions :execrows
DELETE FROM enrol_question WHERE id IN (
  SELECT q.id FROM enrol_question q
  WHERE q.state IN ('answered', 'refused', 'disputed', 'lapsed') AND q.due < sqlc.arg(before)
    AND NOT EXISTS (SELECT 1 FROM enrol_session e WHERE e.id = q.session AND e.state IN ('open', 'parked', 'undoing'))
  ORDER BY q.due, q.id LIMIT sqlc.arg(many));

-- name: ForgetLogins :execrows
DELETE FROM login_session WHERE id IN (
  SELECT s.id FROM login_session s WHERE s.noted AND s.expires < sqlc.arg(before) ORDER BY s.expires, s.id LIMIT sqlc.arg(many));

-- name: EraseTransactions :execrows
UPDATE keyshare_transaction SET rev = rev + 1, record = sqlc.arg(nothing), completion = sqlc.arg(nothing), answer = sqlc.arg(nothing), approval = sqlc.arg(nothing)
WHERE id IN (
  SELECT x.id FROM keyshare_transaction x WHERE x.expires_at < sqlc.arg(before) AND length(x.record) > 0 ORDER BY x.expires_at, x.id LIMIT sqlc.arg(many));

-- name: ForgetHistory :execrows
DELETE FROM history WHERE (person, id) IN (
  SELECT h.person, h.id FROM history h WHERE h.at < sqlc.arg(before) ORDER BY h.at LIMIT sqlc.arg(many));

-- name: ForgetAckedNotices :execrows
DELETE FROM notice WHERE (account, id) IN (
  SELECT n.account, n.id FROM notice n WHERE n.acked > 0 AND n.acked < sqlc.arg(before) ORDER BY n.acked LIMIT sqlc.arg(many));

-- name: ForgetNotices :execrows
DELETE FROM notice WHERE (account, id) IN (
  SELECT n.account, n.id FROM notice n WHERE n.at < sqlc.arg(before) ORDER BY n.at LIMIT sqlc.arg(many));

-- name: ForgetTaps :execrows
DELETE FROM tap WHERE hash IN (SELECT p.hash FROM tap p WHERE p.expires < sqlc.arg(before) ORDER BY p.expires LIMIT sqlc.arg(many));

-- name: ForgetCases :execrows
DELETE FROM holder_case WHERE id IN (
  SELECT c.id FROM holder_case c WHERE c.closed > 0 AND c.closed < sqlc.arg(before) ORDER BY c.closed LIMIT sqlc.arg(many));

-- name: ForgetContacts :execrows
DELETE FROM contact WHERE (person, id) IN (
  SELECT c.person, c.id FROM contact c
  WHERE c.state = 'removed' AND c.held_until < sqlc.arg(before) AND c.since < sqlc.arg(before) ORDER BY c.held_until LIMIT sqlc.arg(many));

-- name: ForgetPopulationCases :execrows
DELETE FROM population_case WHERE account IN (
  SELECT p.account FROM population_case p
  WHERE p.since < sqlc.arg(before)
    AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = p.account AND a.state NOT IN ('revoked', 'closed', 'expired'))
  ORDER BY p.since LIMIT sqlc.arg(many));

-- name: ForgetVisits :execrows
DELETE FROM card_visit WHERE id IN (
  SELECT v.id FROM card_visit v WHERE v.expires < sqlc.arg(before) AND length(v.record) = 0 ORDER BY v.expires, v.id LIMIT sqlc.arg(many));

-- name: ForgetSignedVisits :execrows
DELETE FROM card_visit WHERE id IN (
  SELECT v.id FROM card_visit v WHERE v.expires < sqlc.arg(before) ORDER BY v.expires LIMIT sqlc.arg(many));

-- name: ForgetSlips :execrows
DELETE FROM card_slip WHERE id IN (SELECT s.id FROM card_slip s WHERE s.due < sqlc.arg(before) ORDER BY s.due LIMIT sqlc.arg(many));

-- name: ForgetBrowsers :execrows
DELETE FROM portal_session WHERE token IN (
  SELECT p.token FROM portal_session p WHERE p.expires < sqlc.arg(before) ORDER BY p.expires LIMIT sqlc.arg(many));

-- name: ForgetLookUps :execrows
DELETE FROM staff_lookup WHERE id IN (SELECT l.id FROM staff_lookup l WHERE l.at < sqlc.arg(before) ORDER BY l.at, l.id LIMIT sqlc.arg(many));

-- name: ForgetConsents :execrows
DELETE FROM staff_consent WHERE account IN (
  SELECT c.account FROM staff_consent c WHERE c.good < sqlc.arg(before) ORDER BY c.good LIMIT sqlc.arg(many));

-- name: ForgetFindings :execrows
DELETE FROM staff_finding WHERE id IN (
  SELECT f.id FROM staff_finding f WHERE f.ended_at > 0 AND f.ended_at < sqlc.arg(before) ORDER BY f.ended_at, f.id LIMIT sqlc.arg(many));

-- name: ForgetReviews :execrows
DELETE FROM review_case WHERE id IN (
  SELECT r.id FROM review_case r
  WHERE r.state IN ('approved', 'declined', 'lapsed') AND r.ended_at < sqlc.arg(before)
    AND NOT EXISTS (SELECT 1 FROM enrol_session e WHERE e.id = r.session AND e.state IN ('open', 'parked', 'undoing'))
  ORDER BY r.ended_at, r.id LIMIT sqlc.arg(many));

-- name: ForgetDesks :execrows
DELETE FROM desk_session WHERE id IN (
  SELECT d.id FROM desk_session d WHERE d.state = 'ended' AND d.ended_at < sqlc.arg(before) ORDER BY d.ended_at, d.id LIMIT sqlc.arg(many));

-- name: ForgetSignedDesks :execrows
DELETE FROM desk_session WHERE id IN (
  SELECT d.id FROM desk_session d WHERE d.state = 'activated' AND d.ended_at < sqlc.arg(before) ORDER BY d.ended_at, d.id LIMIT sqlc.arg(many));

-- name: ForgetAppointments :execrows
DELETE FROM appointment WHERE id IN (
  SELECT a.id FROM appointment a WHERE a.state IN ('cancelled', 'past') AND a.at < sqlc.arg(before) ORDER BY a.at, a.id LIMIT sqlc.arg(many));

-- name: ForgetContainers :execrows
DELETE FROM container WHERE account IN (
  SELECT c.account FROM account a JOIN container c ON c.account = a.id
  WHERE a.state IN ('revoked', 'closed', 'expired') AND a.expires_at < sqlc.arg(before) ORDER BY a.expires_at, a.id LIMIT sqlc.arg(many));

-- name: EraseOldLines :execrows
UPDATE audit_line SET record = NULL, salt = NULL WHERE id IN (
  SELECT l.id FROM audit_line l WHERE l.at < sqlc.arg(before) AND l.record IS NOT NULL AND l.log_index IS NOT NULL ORDER BY l.at, l.id LIMIT sqlc.arg(many));
