INSERT INTO lock_incident (id, rev, release, from_at, until_at, ref, state, opened, opened_at, seconded, seconded_at, spared)
VALUES ('id', 7, 'release', 7, 8, 'ref', 'opened', 'opened', 7, 'seconded', 7, 7);
INSERT INTO lock_pace (key, rev, since, open, last)
VALUES ('key', 7, 7, 7, 7);
