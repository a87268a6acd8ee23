package keytest

import (
	"context"
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/hsm/rewrap"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

// SealedPorts are the sealed records, and the ports that put some there.
type SealedPorts struct {
	rewrap.Rows
	Keys keyshare.Keys
	Pool keyshare.Pool
	Mark func(ctx context.Context, marks map[string][]byte) error
}

// Sealed tests an implementation of [rewrap.Rows].
func Sealed(t *testing.T, fresh func(t *testing.T) check.Fixture[SealedPorts]) {
	t.Run("lists all, by pages, and leaves out what is empty", func(t *testing.T) { sealedPages(t, fresh(t)) })
	t.Run("whoever read a row before cannot write its record back", func(t *testing.T) { sealedOnce(t, fresh(t)) })
	t.Run("every place can be listed and written", func(t *testing.T) { sealedPlaces(t, fresh(t)) })
	t.Run("a place that is not known is an error", func(t *testing.T) {
		f := fresh(t)
		if _, err := f.Port().SealedRows(t.Context(), "account.surname", "", 1); err == nil {
			t.Error("listed")
		}
		if err := f.Port().ReplaceSealed(t.Context(), "account.surname", rewrap.Row{}, nil); err == nil {
			t.Error("written")
		}
	})
}

const voprfPlace, nextPlace = "keyshare_key.sealed_voprf", "keyshare_key.next_voprf"

func sealedPages(t *testing.T, f check.Fixture[SealedPorts]) {
	t.Helper()
	for i := range 7 {
		k := aKey(fmt.Sprint("key-", i))
		k.Modulus = fmt.Append(nil, "n1-", i)
		k.Next.SealedVOPRF = nil
		check.Must(t, "Create", f.Port().Keys.Create(t.Context(), k, nil))
	}
	var got []string
	for after := ""; ; {
		page, err := f.Port().SealedRows(t.Context(), voprfPlace, after, 3)
		check.Must(t, "SealedRows", err)
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			got, after = append(got, r.ID), r.ID
			if r.Rev != 1 || string(r.Sealed) != string(aKey("x").SealedVOPRF) {
				t.Errorf("%s: revision %d, record %x", r.ID, r.Rev, r.Sealed)
			}
		}
	}
	check.Same(t, "SealedRows", got, nil, []string{"key-0", "key-1", "key-2", "key-3", "key-4", "key-5", "key-6"})
	none, err := f.Port().SealedRows(t.Context(), nextPlace, "", 100)
	check.Same(t, "what is empty", none, err, nil)
}

func sealedOnce(t *testing.T, f check.Fixture[SealedPorts]) {
	t.Helper()
	k := aKey("key")
	check.Must(t, "Create", f.Port().Keys.Create(t.Context(), k, nil))
	k.Rev = 1
	list, err := f.Port().SealedRows(t.Context(), voprfPlace, "", 10)
	check.Must(t, "SealedRows", err)
	check.Must(t, "ReplaceSealed", f.Port().ReplaceSealed(t.Context(), voprfPlace, list[0], []byte("fresh")))
	check.Code(t, "ReplaceSealed again", f.Port().ReplaceSealed(t.Context(), voprfPlace, list[0], []byte("late")), tunnus.CodeStateConflict)
	check.Code(t, "Save of what was read before", f.Port().Keys.Save(t.Context(), k, nil), tunnus.CodeStateConflict)
	f.Reopen()
	got, err := f.Port().Keys.Key(t.Context(), "key")
	check.Must(t, "Key", err)
	k.Rev, k.SealedVOPRF = 2, []byte("fresh")
	check.Same(t, "the key", got, nil, k)
}

// sealedPlaces puts a record into each place past the port, and replaces it.
func sealedPlaces(t *testing.T, f check.Fixture[SealedPorts]) {
	t.Helper()
	check.Must(t, "Create", f.Port().Keys.Create(t.Context(), aKey("key"), nil))
	check.Must(t, "Add", f.Port().Pool.Add(t.Context(), keyshare.Pooled{Modulus: []byte("n2"), SealedHalf: []byte("half"), CreatedAt: check.At(1)}))
	check.Must(t, "Mark", f.Port().Mark(t.Context(), map[string][]byte{"voprf": {1}, "modulus": {2}, "session": {3}, "ledger": {4}}))
	for _, statement := range []string{
		`INSERT INTO review_case (id, rev, session, kind, state, mark, claimant, claimed_at, first, second, reason, folder, pictures, contact, pictures_until, parked_at, expires, ended_at)
			SELECT 'r', 1, 's', 'copyable', 'open', 'm', '', 0, '', '', '', sealed_voprf, sealed_voprf, sealed_voprf, 0, 0, 0, 0 FROM keyshare_key`,
		`INSERT INTO desk_session (id, rev, sitting, device, booking, officer, state, mark, challenges, challenge_at, proved, copyable, expired, checks, exceptions,
			statement, signed, code_mac, code_until, tries, payload, created_at, expires, ended_at)
			SELECT 'd', 1, 's', 'hk', '', 'o', 'opened', '', 0, 0, false, false, false, '{}', '[]', '', '', '', 0, 0, sealed_voprf, 0, 0, 0 FROM keyshare_key`,
		`INSERT INTO appointment (id, rev, office, at, seat, state, contact, moves) SELECT 'a', 1, 'o', 1, 0, 'booked', sealed_voprf, 0 FROM keyshare_key`,
		`INSERT INTO enrol_question (id, rev, about, session, device, state, account, login, sign, sealed, due, record)
			SELECT 'q', 1, 'guardian', 's', 'hk', 'claimed', 'card/x', '', 'digest', sealed_voprf, 1, sealed_voprf FROM keyshare_key`,
		`INSERT INTO card_visit (id, rev, state, person, tries, tried_at, slip, pairing, began, expires, payload, record)
			SELECT 'v', 1, 'signed', 'p', 0, 0, 'c', 'x', 1, 1, sealed_voprf, sealed_voprf FROM keyshare_key`,
		`INSERT INTO card_slip (id, rev, session, number, device, state, visit, pairing, made, until, due, phone)
			SELECT 'c', 1, 's', 1, 'hk', 'live', '', '', 1, 1, 1, sealed_voprf FROM keyshare_key`,
		"INSERT INTO portal_session (token, sealed, expires) SELECT 't', sealed_voprf, 1 FROM keyshare_key",
		"INSERT INTO app_session (id, device_key, nonce, claims, created_at) VALUES ('s', '', '', '', 1)",
		"INSERT INTO app_reply (session_id, counter, hash, status, body) SELECT 's', 7, public, 200, sealed_voprf FROM keyshare_key",
		"INSERT INTO mail_job (id, kind, sealed, state, made_at, run_at, tries) SELECT 'm', 'k', sealed_voprf, 'waiting', 1, 1, 0 FROM keyshare_key",
		"INSERT INTO contact SELECT 'p', 'c', 1, 'email', 'confirmed', sealed_voprf, 1, 0, 'a' FROM keyshare_key",
		"INSERT INTO contact VALUES ('p', 'd', 1, 'email', 'removed', '', 1, 0, '')",
		"INSERT INTO history SELECT 'p', 'h', 1, '', 'log-in', '', sealed_voprf, false FROM keyshare_key",
		"INSERT INTO mail_job (id, kind, sealed, state, made_at, run_at, tries) VALUES ('sent', 'k', NULL, 'sent', 1, 1, 0)",
	} {
		check.Must(t, statement, f.Exec(statement))
	}
	for _, keyset := range []string{"voprf", "modulus", "session", "ledger"} {
		for _, place := range rewrap.Places(keyset) {
			list, err := f.Port().SealedRows(t.Context(), place, "", 10)
			check.Must(t, place, err)
			if elsewhere := place == "account.contact" || place == "enrol_session.payload"; len(list) != 1 {
				if !elsewhere || len(list) != 0 {
					t.Errorf("%s: %d records; want 1", place, len(list))
				}
				continue
			}
			check.Must(t, place, f.Port().ReplaceSealed(t.Context(), place, list[0], []byte("fresh")))
			again, err := f.Port().SealedRows(t.Context(), place, "", 10)
			check.Must(t, place, err)
			if len(again) != 1 || string(again[0].Sealed) != "fresh" || again[0].ID != list[0].ID {
				t.Errorf("%s: %+v after it was replaced", place, again)
			}
			check.Code(t, place, f.Port().ReplaceSealed(t.Context(), place, list[0], []byte("late")), tunnus.CodeStateConflict)
			if next, err := f.Port().SealedRows(t.Context(), place, list[0].ID, 10); err != nil || len(next) != 0 {
				t.Errorf("%s: %d records after the last, %v", place, len(next), err)
			}
		}
	}
}
