INSERT INTO portal_session (token, sealed, expires)
VALUES ('token', 'sealed', 7);
