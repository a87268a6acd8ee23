INSERT INTO notice (account, id, kind, at, about, acked)
VALUES ('account', 'id', 'account-new', 7, 'about', 7);
INSERT INTO tap (hash, purpose, account, target, expires, used)
VALUES ('hash', 'freeze', 'account', 'target', 7, 7);
INSERT INTO holder_case (id, kind, account, subject, opened, closed)
VALUES ('id', 'frozen', 'account', 'subject', 7, 7);
