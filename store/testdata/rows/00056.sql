INSERT INTO second_place (one, name)
VALUES (1, 'name');
