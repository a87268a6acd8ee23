INSERT INTO contact (person, id, rev, kind, state, sealed, since, held_until)
VALUES ('person', 'id', 7, 'email', 'pending', 'sealed', 7, 7);
INSERT INTO history (person, id, at, account, kind, service, sealed, hidden)
VALUES ('person', 'id', 7, 'account', 'log-in', 'service', 'sealed', false);
INSERT INTO history_service (person, service)
VALUES ('person', 'service');
