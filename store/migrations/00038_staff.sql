-- +goose Up
-- Who works for the service. The mark is a keyed hash of the member's own personal
-- code; the counter is that of the last request that was let in.
CREATE TABLE staff_member (
  id       text   NOT NULL PRIMARY KEY,
  rev      bigint NOT NULL CHECK (rev > 0),
  roles    text   NOT NULL CHECK (roles <> ''), -- parted by spaces
  key      bytea  NOT NULL,
  mark     text   NOT NULL CHECK (mark <> ''),
  counter  bigint NOT NULL,
  added_at bigint NOT NULL,
  ended_at bigint NOT NULL -- 0 while the member works here
);
-- Who has looked at what, for which case. A row without an account tells that
-- somebody was looked for.
CREATE TABLE staff_lookup (
  id      text   NOT NULL PRIMARY KEY,
  account text   NOT NULL,
  member  text   NOT NULL,
  ref     text   NOT NULL CHECK (ref <> ''),
  at      bigint NOT NULL
);
CREATE INDEX staff_lookup_account ON staff_lookup (account, at) WHERE account <> '';
CREATE INDEX staff_lookup_member ON staff_lookup (member, at);
-- The code by which a holder lets an agent look, as a keyed hash: one an account.
CREATE TABLE staff_consent (
  account text   NOT NULL PRIMARY KEY,
  mac     bytea  NOT NULL UNIQUE,
  good    bigint NOT NULL -- until when
);
