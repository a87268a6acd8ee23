-- +goose Up
-- Which software wrote an entry, and of an incident the time that it is about.
ALTER TABLE lock_entry ADD COLUMN release text NOT NULL DEFAULT '';
ALTER TABLE lock_entry ADD COLUMN from_at bigint NOT NULL DEFAULT 0;
ALTER TABLE lock_entry ADD COLUMN until_at bigint NOT NULL DEFAULT 0;
CREATE INDEX lock_entry_release ON lock_entry (release, key, at) WHERE release <> '';
-- Faults of ours, by release and time: two members stand behind each that is applied.
CREATE TABLE lock_incident (
  id          text   NOT NULL PRIMARY KEY,
  rev         bigint NOT NULL CHECK (rev > 0),
  release     text   NOT NULL CHECK (release <> ''),
  from_at     bigint NOT NULL,
  until_at    bigint NOT NULL CHECK (until_at > from_at),
  ref         text   NOT NULL CHECK (ref <> ''),
  state       text   NOT NULL CHECK (state IN ('opened', 'seconded', 'applied', 'lapsed')),
  opened      text   NOT NULL CHECK (opened <> ''),
  opened_at   bigint NOT NULL,
  seconded    text   NOT NULL,
  seconded_at bigint NOT NULL,
  spared      bigint NOT NULL,
  CHECK (state NOT IN ('seconded', 'applied') OR (seconded <> '' AND seconded <> opened))
);
CREATE INDEX lock_incident_opened ON lock_incident (opened_at, id);
-- How many proofs an address has open or failed, for an hour: it is slowed, never locked.
CREATE TABLE lock_pace (
  key   text   NOT NULL PRIMARY KEY,
  rev   bigint NOT NULL CHECK (rev > 0),
  since bigint NOT NULL,
  open  bigint NOT NULL CHECK (open >= 0),
  last  bigint NOT NULL
);
CREATE INDEX lock_pace_since ON lock_pace (since);
