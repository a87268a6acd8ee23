INSERT INTO staff_finding (id, rev, kind, account, ref, state, opened, opened_at, seconded, ended_at)
VALUES ('id', 7, 'fraud', 'account', 'ref', 'opened', 'opened', 7, '', 0);
