INSERT INTO keyshare_epoch (from_at, until_at)
VALUES (7, 8);
