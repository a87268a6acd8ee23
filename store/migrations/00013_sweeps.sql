-- +goose Up
-- Overdue sessions that hold something of a person, or an account in the making,
-- are found without looking at those that do not.
CREATE INDEX enrol_session_holding ON enrol_session (due, id)
WHERE state IN ('open', 'undoing') AND (document <> '' OR account <> '');

-- Accounts whose years are over.
CREATE INDEX account_over ON account (expires_at, id) WHERE state IN ('active', 'suspended');
