-- +goose Up
-- The account whose registration brought a contact; empty if the holder has added it.
ALTER TABLE contact ADD COLUMN account text NOT NULL DEFAULT '';
-- What two of the staff have found out about an account: that it was got by fraud, or
-- that one of two that froze each other is its holder's.
CREATE TABLE staff_finding (
  id        text   NOT NULL PRIMARY KEY,
  rev       bigint NOT NULL CHECK (rev > 0),
  kind      text   NOT NULL CHECK (kind IN ('fraud', 'holder')),
  account   text   NOT NULL CHECK (account <> ''),
  ref       text   NOT NULL CHECK (ref <> ''),
  state     text   NOT NULL CHECK (state IN ('opened', 'seconded', 'applied', 'lapsed')),
  opened    text   NOT NULL CHECK (opened <> ''),
  opened_at bigint NOT NULL,
  seconded  text   NOT NULL,
  ended_at  bigint NOT NULL, -- 0 until then
  CHECK (state NOT IN ('seconded', 'applied') OR (seconded <> '' AND seconded <> opened))
);
CREATE INDEX staff_finding_waiting ON staff_finding (opened_at, id) WHERE state IN ('opened', 'seconded');
CREATE INDEX staff_finding_ended ON staff_finding (ended_at, id) WHERE ended_at > 0;
