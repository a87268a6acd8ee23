// Package rewrap brings sealed records to the newest key of their keyset, and
// counts which key each is under.
//
// A record is an envelope (package hsm): only the wrapping of its own key is
// made anew, and its content is neither opened nor changed. Rows are read by
// pages, and each is written on condition that it has not changed meanwhile, so
// that a server may go on working, and the job may be stopped and run again.
package rewrap

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// A Row is one sealed record of a store.
type Row struct {
	ID     string // names the row within its place, and orders it
	Rev    int64  // of the row; 0 where rows have none
	Sealed []byte
}

// Rows are the sealed records of a store. Every implementation must pass storetest.Sealed.
type Rows interface {
	// SealedRows lists at most limit records of a place whose ID comes after
	// after, in the order of their IDs; empty ones are left out.
	SealedRows(ctx context.Context, place, after string, limit int) ([]Row, error)

	// ReplaceSealed writes fresh into a row that still has r.Rev and r.Sealed, and
	// raises its Rev by one, so that whoever read the row before cannot write the
	// old record back. It fails with [tunnus.CodeStateConflict] if the row has
	// changed or is gone, having written nothing.
	ReplaceSealed(ctx context.Context, place string, r Row, fresh []byte) error
}

// A Sealer is the keyset that records are under (package hsm).
type Sealer interface {
	// KeyOf tells the key that a record is under.
	KeyOf(sealed []byte) (string, error)
	// Rewrap returns the record under the newest key; changed is false if it is already.
	Rewrap(sealed []byte) (fresh []byte, changed bool, err error)
}

// places are the records that each keyset seals, as "table.column".
var places = map[string][]string{
	"voprf":   {"keyshare_key.sealed_voprf", "keyshare_key.next_voprf", "custody_mark.voprf"},
	"modulus": {"keyshare_key.sealed_half", "keyshare_pool.sealed_half", "custody_mark.modulus"},
	"session": {
		"account.contact", "enrol_session.payload", "enrol_question.sealed", "enrol_question.record", "mail_job.sealed", "app_reply.body", "contact.sealed", "history.sealed",
		"review_case.folder", "review_case.pictures", "review_case.contact", "desk_session.payload", "appointment.contact", "custody_mark.session",
		"card_visit.payload", "card_visit.record", "card_slip.phone", "portal_session.sealed",
	},
	"ledger": {"custody_mark.ledger"}, // its secret lies in a file (hsm.RewrapSecret)
}

// Places lists where the records of a keyset are.
func Places(keyset string) []string { return append([]string(nil), places[keyset]...) }

const page = 200

// Count tells how many records of a keyset are under which key.
func Count(ctx context.Context, rows Rows, s Sealer, keyset string) (map[string]int, error) {
	counts := map[string]int{}
	err := each(ctx, rows, keyset, func(_ string, r Row) error {
		id, err := s.KeyOf(r.Sealed)
		if err == nil {
			counts[id]++
		}
		return err
	})
	return counts, err
}

// A Result says what a run has done.
type Result struct {
	Rewrapped int // brought to the newest key
	Moved     int // written by somebody else meanwhile: run again
}

// Run brings all records of a keyset to its newest key.
func Run(ctx context.Context, rows Rows, s Sealer, keyset string) (Result, error) {
	var out Result
	err := each(ctx, rows, keyset, func(place string, r Row) error {
		fresh, changed, err := s.Rewrap(r.Sealed)
		if err != nil || !changed {
			return err
		}
		switch err := rows.ReplaceSealed(ctx, place, r, fresh); {
		case tunnus.CodeOf(err) == tunnus.CodeStateConflict:
			out.Moved++
		case err != nil:
			return err
		default:
			out.Rewrapped++
		}
		return nil
	})
	return out, err
}

// each goes through all records of a keyset.
func each(ctx context.Context, rows Rows, keyset string, do func(place string, r Row) error) error {
	if len(places[keyset]) == 0 {
		return errors.New("rewrap: no such keyset")
	}
	for _, place := range places[keyset] {
		after := ""
		for {
			list, err := rows.SealedRows(ctx, place, after, page)
			if err != nil {
				return err
			}
			for _, r := range list {
				if err := do(place, r); err != nil {
					return fmt.Errorf("rewrap: %s: %w", place, err)
				}
				after = r.ID
			}
			if len(list) < page {
				break
			}
		}
	}
	return nil
}
