INSERT INTO scheme_file (name, version, place, meant, spelt, file, at)
VALUES ('name', 'version', 7, 'meant', 'spelt', 'file', 7);
