INSERT INTO container (account, rev, level, stamp, file, due, tries)
VALUES ('account', 7, 'B', '', 'file', 7, 7);
