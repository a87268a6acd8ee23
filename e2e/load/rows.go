package load

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// perAccount is how many ledger rows there are for each account.
const perAccount = 5

// fill puts accounts and ledgers into the database, shaped as the server writes them:
// random names and keyed hashes, every CHECK and every trigger in force. Nobody can
// log in to them, for nobody has their keys.
func (h *house) fill(ctx context.Context, accounts int, say func(string, ...any)) error {
	parts := 2 // connections, one a core
	var all sync.WaitGroup
	errs := make(chan error, 2*parts)
	for part := range parts {
		from, to := accounts*part/parts, accounts*(part+1)/parts
		all.Go(func() { errs <- h.exec(ctx, accountRows(from, to), ledgerRows(from, to)) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	say("big: %d accounts, %d ledger rows", accounts, accounts*perAccount)
	if err := h.exec(ctx, "VACUUM ANALYZE"); err != nil {
		return err
	}
	say("big: vacuumed and analyzed")
	return nil
}

// accountRows are active accounts of people who were born before those that register.
func accountRows(from, to int) string {
	now := time.Now().UnixMilli()
	return fmt.Sprintf(`INSERT INTO account (id, rev, person, document, surname, given_names, level, state, device, login_key, sign_key, certificates, contact,
  application, signature, created_at, expires_at, purpose, proofed_by, vouched_by, replaces, replaced_by, agreed, active_at, stopped_at, frozen_until,
  retire_at, reminded, fraud, behind, told)
SELECT substr(encode(sha256(h || 'i'), 'hex'), 1, 32), 3, person, person || '-' || upper(substr(encode(h, 'hex'), 1, 4)) || '-Q', 'SAMPLE', 'NUMBER ' || n, 'QUALIFIED', 'active',
  encode(sha256(h || 'd'), 'hex'), encode(sha256(h || 'l'), 'hex'), encode(sha256(h || 's'), 'hex'),
  convert_to('[{"serial":"' || encode(h, 'hex') || '","purpose":"login"},{"serial":"' || encode(sha256(h), 'hex') || '","purpose":"signature"}]', 'UTF8'),
  h || sha256(h || 'c') || sha256(h || 'x'), h || h || h || h, repeat(encode(h, 'hex'), 12)::bytea, %[3]d - n, %[3]d + 94608000000, 'new', 'passport', '', '', '', false,
  %[3]d - n, 0, 0, 0, 0, false, false, true
FROM (SELECT n, sha256(convert_to('account' || n, 'UTF8')) AS h, 'PNOXX-' || (180001010000 + n) AS person FROM generate_series(%[1]d, %[2]d - 1) AS n) AS a`, from, to, now)
}

// ledgerRows are ledgers of five entries each: two attempts that went well, and one
// that somebody left open.
func ledgerRows(from, to int) string {
	began := time.Now().AddDate(-1, 0, 0).UnixMilli()
	return fmt.Sprintf(`INSERT INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac, release, from_at, until_at)
SELECT key, place, CASE WHEN place %% 2 = 0 THEN 'charged' WHEN place = 1 THEN 'failed' ELSE 'succeeded' END, substr(key, 1, 32) || '/face/' || place / 2,
  %[3]d + place * 60000, CASE WHEN place = 1 THEN 'face-no-match' ELSE '' END, false, sha256(convert_to(key || place, 'UTF8')), '0.1.0', 0, 0
FROM (SELECT encode(sha256(convert_to('ledger' || n, 'UTF8')), 'hex') AS key FROM generate_series(%[1]d, %[2]d - 1) AS n ORDER BY 1) AS l,
  generate_series(0, %[4]d) AS place`, from, to, began, perAccount-1)
}
