INSERT INTO log_lease (name, holder, token, expires)
VALUES ('sealing', 'holder', 7, 7);
