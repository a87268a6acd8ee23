-- +goose Up
-- In which language a holder is written to. Who was there before is written to as before.
ALTER TABLE account ADD COLUMN language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'et', 'lt', 'lv', 'da', 'ru'));

-- What the phone of an account says that it is: nothing is known of the older ones.
ALTER TABLE account ADD COLUMN model text NOT NULL DEFAULT '';

-- Two kinds more: a copy was seen, and another name in the register. The check can
-- only be changed on SQLite by making the table anew.
CREATE TABLE notice_fresh (
  account text   NOT NULL, -- whose device gets it
  id      text   NOT NULL, -- of what happened
  kind    text   NOT NULL CHECK (kind IN ('account-new', 'account-replaced', 'account-blocked', 'account-unblocked', 'account-frozen',
    'account-disputed', 'account-ended', 'account-expires', 'account-used', 'account-held', 'account-renamed',
    'pin-changed', 'contact-added', 'contact-leaving')),
  at      bigint NOT NULL,
  about   text   NOT NULL, -- id of an account, a contact or an entry of the history
  acked   bigint NOT NULL, -- 0 until then
  PRIMARY KEY (account, id)
);
INSERT INTO notice_fresh SELECT account, id, kind, at, about, acked FROM notice;
DROP TABLE notice;
ALTER TABLE notice_fresh RENAME TO notice;
CREATE INDEX notice_at ON notice (at);
CREATE INDEX notice_acked ON notice (acked) WHERE acked > 0;
CREATE INDEX notice_waiting ON notice (account, at, id) WHERE acked = 0;
