-- +goose Up
-- A population register of our own, where no service is asked: filled by
-- `tunnus population import`. All of it is personal data.
CREATE TABLE population_person (
  person   text   NOT NULL PRIMARY KEY, -- personal data: semantics identifier
  record   bytea  NOT NULL, -- personal data: JSON, as enrol/people reads it
  email    text   NOT NULL, -- personal data; read only when somebody has to be told
  phone    text   NOT NULL, -- personal data, likewise
  postal   boolean NOT NULL
);
CREATE TABLE population_relation (
  child         text    NOT NULL, -- personal data: semantics identifier
  place         bigint  NOT NULL, -- among those of the child
  guardian      text    NOT NULL, -- personal data: semantics identifier
  kind          text    NOT NULL CHECK (kind IN ('parent', 'guardian')),
  comprehensive boolean NOT NULL,
  from_at       bigint  NOT NULL,
  until_at      bigint  NOT NULL, -- 0: no end
  PRIMARY KEY (child, place),
  CHECK (child <> guardian),
  CHECK (until_at = 0 OR until_at > from_at)
);
CREATE INDEX population_relation_guardian ON population_relation (guardian, from_at);

-- How far the nightly walk through the accounts has come; one row.
CREATE TABLE population_walk (
  id          bigint NOT NULL PRIMARY KEY CHECK (id = 1),
  rev         bigint NOT NULL,
  last_person text   NOT NULL, -- personal data: semantics identifier of the last one asked
  started_at  bigint NOT NULL,
  finished_at bigint NOT NULL,
  holder      text   NOT NULL,
  lease       bigint NOT NULL,
  asked       bigint NOT NULL,
  failed      bigint NOT NULL,
  braked_at   bigint NOT NULL -- when it was stopped for touching too many; 0 if it was not
);
-- What the register said of an account that the account does not; names nobody.
CREATE TABLE population_case (
  account text    NOT NULL PRIMARY KEY,
  rev     bigint  NOT NULL,
  finding text    NOT NULL CHECK (finding IN ('deceased', 'replaced', 'absent', 'renamed')),
  since   bigint  NOT NULL,
  due     bigint  NOT NULL,
  settled boolean NOT NULL,
  CHECK ((finding = 'renamed') = (due > 0))
);
