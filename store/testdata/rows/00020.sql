INSERT INTO revocation_list (issuer, number, made, next, count, newest, der)
VALUES ('issuer', 7, 7, 7, 7, 7, 'der');
