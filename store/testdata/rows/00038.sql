INSERT INTO staff_member (id, rev, roles, key, mark, counter, added_at, ended_at)
VALUES ('id', 7, 'roles', 'key', 'mark', 7, 7, 7);
INSERT INTO staff_lookup (id, account, member, ref, at)
VALUES ('id', 'account', 'member', 'ref', 7);
INSERT INTO staff_consent (account, mac, good)
VALUES ('account', 'mac', 7);
