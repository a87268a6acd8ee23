-- +goose Up
-- Of a refund: the keyed hash of what was judged when we failed, in lower-case
-- hexadecimal. The same again is not refunded.
ALTER TABLE lock_entry ADD COLUMN input text NOT NULL DEFAULT '';
