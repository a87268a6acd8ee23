package life

import (
	"context"
	"fmt"
	"strings"

	"github.com/tunnus-id/tunnus/key/hsm/rewrap"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// What a rotation of keys goes through here. A record is named by person ‖ "/" ‖ id;
// the key of a person has no "/" in it.

// SealedContacts lists the sealed addresses.
func SealedContacts(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	person, id, _ := strings.Cut(after, "/")
	list, err := q.SealedContactRow(ctx, db.SealedContactRowParams{Person: person, ID: id, Many: many})
	var out []rewrap.Row
	for _, r := range list {
		out = append(out, rewrap.Row{ID: r.Person + "/" + r.ID, Sealed: r.Sealed, Rev: r.Rev})
	}
	return out, err
}

// ResealContact writes one anew, if it is still what was read.
func ResealContact(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	person, id, ok := strings.Cut(r.ID, "/")
	if !ok {
		return 0, fmt.Errorf("store: %q is no contact", r.ID)
	}
	return t.ResealContactRow(ctx, db.ResealContactRowParams{Fresh: fresh, Person: person, ID: id, Sealed: r.Sealed, Rev: r.Rev})
}

// SealedHistory lists the sealed entries.
func SealedHistory(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	person, id, _ := strings.Cut(after, "/")
	list, err := q.SealedHistory(ctx, db.SealedHistoryParams{Person: person, ID: id, Many: many})
	var out []rewrap.Row
	for _, r := range list {
		out = append(out, rewrap.Row{ID: r.Person + "/" + r.ID, Sealed: r.Sealed})
	}
	return out, err
}

// ResealHistory writes one anew, if it is still what was read.
func ResealHistory(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	person, id, ok := strings.Cut(r.ID, "/")
	if !ok {
		return 0, fmt.Errorf("store: %q is no entry of a history", r.ID)
	}
	return t.ResealHistory(ctx, db.ResealHistoryParams{Fresh: fresh, Person: person, ID: id, Sealed: r.Sealed})
}
