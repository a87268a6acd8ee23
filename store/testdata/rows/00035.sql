INSERT INTO enrol_question (id, rev, about, session, device, state, account, login, sign, sealed, due)
VALUES ('id', 7, 'vouch', 'session', 'device', 'asked', 'account', 'login', 'sign', 'sealed', 7);
