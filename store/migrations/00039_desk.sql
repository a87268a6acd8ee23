-- +goose Up
-- Sittings that wait for people. Folder, pictures and contact are sealed, and gone
-- with the decision; pictures are gone a day after they came, whatever happens.
CREATE TABLE review_case (
  id         text    NOT NULL PRIMARY KEY,
  rev        bigint  NOT NULL CHECK (rev > 0),
  session    text    NOT NULL,
  kind       text    NOT NULL CHECK (kind IN ('doubtful-face', 'copyable')),
  state      text    NOT NULL CHECK (state IN ('open', 'claimed', 'approved-by-one', 'approved', 'declined', 'lapsed')),
  mark       text    NOT NULL CHECK (mark <> ''), -- of the applicant, a keyed hash
  claimant   text    NOT NULL,
  claimed_at bigint  NOT NULL,
  first      text    NOT NULL,
  second     text    NOT NULL,
  reason     text    NOT NULL,
  folder     bytea   NOT NULL, -- sealed
  pictures   bytea   NOT NULL, -- sealed
  contact    bytea   NOT NULL, -- sealed
  pictures_until bigint NOT NULL,
  parked_at  bigint  NOT NULL,
  expires    bigint  NOT NULL,
  ended_at   bigint  NOT NULL,
  CHECK (state NOT IN ('approved', 'declined', 'lapsed') OR length(folder) + length(pictures) + length(contact) = 0),
  CHECK (state <> 'approved' OR (first <> '' AND second <> '' AND first <> second)),
  CHECK (state <> 'approved-by-one' OR (first <> '' AND claimant <> first)),
  CHECK (state <> 'declined' OR second <> '')
);
CREATE UNIQUE INDEX review_case_session ON review_case (session) WHERE state IN ('open', 'claimed', 'approved-by-one');
CREATE INDEX review_case_of ON review_case (session, parked_at);
CREATE INDEX review_case_waiting ON review_case (parked_at, id) WHERE state IN ('open', 'claimed', 'approved-by-one');
-- Applicants at desks. The payload is sealed, and gone when the time is over.
CREATE TABLE desk_session (
  id           text    NOT NULL PRIMARY KEY,
  rev          bigint  NOT NULL CHECK (rev > 0),
  sitting      text    NOT NULL,
  device       text    NOT NULL,
  booking      text    NOT NULL,
  officer      text    NOT NULL CHECK (officer <> ''),
  state        text    NOT NULL CHECK (state IN ('opened', 'examined', 'waiting', 'attested', 'activated', 'ended')),
  mark         text    NOT NULL, -- of the applicant, a keyed hash
  challenges   bigint  NOT NULL,
  challenge_at bigint  NOT NULL,
  proved       boolean NOT NULL,
  copyable     boolean NOT NULL,
  expired      boolean NOT NULL,
  checks       bytea   NOT NULL, -- JSON
  exceptions   bytea   NOT NULL, -- JSON
  statement    bytea   NOT NULL,
  signed       bytea   NOT NULL,
  code_mac     bytea   NOT NULL,
  code_until   bigint  NOT NULL,
  tries        bigint  NOT NULL CHECK (tries >= 0),
  payload      bytea   NOT NULL, -- sealed
  created_at   bigint  NOT NULL,
  expires      bigint  NOT NULL,
  ended_at     bigint  NOT NULL,
  CHECK (state NOT IN ('attested', 'activated') OR (mark <> '' AND length(signed) > 0 AND length(code_mac) > 0)),
  CHECK (state <> 'ended' OR (length(payload) = 0 AND length(code_mac) = 0))
);
CREATE UNIQUE INDEX desk_session_live ON desk_session (sitting) WHERE state IN ('opened', 'examined', 'waiting', 'attested');
CREATE INDEX desk_session_of ON desk_session (sitting, created_at);
CREATE INDEX desk_session_due ON desk_session (expires) WHERE state IN ('opened', 'examined', 'waiting', 'attested') OR length(payload) > 0;
-- Appointments. A seat of a slot is one booking's: no race gives it twice.
CREATE TABLE appointment (
  id      text   NOT NULL PRIMARY KEY,
  rev     bigint NOT NULL CHECK (rev > 0),
  office  text   NOT NULL,
  at      bigint NOT NULL,
  seat    bigint NOT NULL CHECK (seat >= 0),
  state   text   NOT NULL CHECK (state IN ('booked', 'cancelled', 'past')),
  contact bytea  NOT NULL, -- sealed
  moves   bigint NOT NULL,
  CHECK (state = 'booked' OR length(contact) = 0)
);
CREATE UNIQUE INDEX appointment_seat ON appointment (office, at, seat) WHERE state = 'booked';
CREATE INDEX appointment_past ON appointment (at) WHERE state = 'booked';
