INSERT INTO population_person (person, record, email, phone, postal)
VALUES ('person', 'record', 'email', 'phone', false);
INSERT INTO population_relation (child, place, guardian, kind, comprehensive, from_at, until_at)
VALUES ('child', 7, 'guardian', 'parent', false, 7, 8);
INSERT INTO population_walk (id, rev, last_person, started_at, finished_at, holder, lease, asked, failed, braked_at)
VALUES (1, 7, 'last_person', 7, 7, 'holder', 7, 7, 7, 7);
INSERT INTO population_case (account, rev, finding, since, due, settled)
VALUES ('account', 7, 'deceased', 7, 0, false);
