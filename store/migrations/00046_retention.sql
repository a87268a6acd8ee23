-- +goose Up
-- What the nightly job of package store/retention looks for, by the time that counts.
CREATE INDEX otp_sheet_sent ON otp_sheet (sent_at, session);
CREATE INDEX otp_spend_day ON otp_spend (day, key);
CREATE INDEX enrol_session_ended ON enrol_session (expires_at, id) WHERE state IN ('done', 'refused', 'expired');
CREATE INDEX login_session_noted ON login_session (expires, id) WHERE noted;
CREATE INDEX keyshare_transaction_legible ON keyshare_transaction (expires_at, id) WHERE length(record) > 0;
CREATE INDEX enrol_question_over ON enrol_question (due, id) WHERE state IN ('answered', 'refused', 'disputed', 'lapsed');
CREATE INDEX staff_lookup_at ON staff_lookup (at, id);
CREATE INDEX review_case_ended ON review_case (ended_at, id) WHERE state IN ('approved', 'declined', 'lapsed');
CREATE INDEX desk_session_ended ON desk_session (ended_at, id) WHERE state = 'ended';
CREATE INDEX desk_session_activated ON desk_session (ended_at, id) WHERE state = 'activated';
CREATE INDEX card_visit_plain ON card_visit (expires, id) WHERE length(record) = 0;
CREATE INDEX appointment_over ON appointment (at, id) WHERE state IN ('cancelled', 'past');
CREATE INDEX contact_removed ON contact (held_until) WHERE state = 'removed';
CREATE INDEX account_past ON account (expires_at, id) WHERE state IN ('revoked', 'closed', 'expired');
CREATE INDEX audit_line_legible ON audit_line (at, id) WHERE record IS NOT NULL;
