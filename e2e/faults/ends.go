package faults

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// An End is how a sitting ends, and what is there then.
type End struct {
	State way.State
	Why   tunnus.Code
	// Or is another reason that may stand there: where the server has died behind the
	// lock of a document, and before the end of its sitting, the lock ends that.
	Or tunnus.Code
	// Only says that the holder has no other account then.
	Only bool
}

// Sittings names those that there are. A database that is not there yet has none.
func (h *House) Sittings(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	if begun, err := h.begun(ctx); err != nil || !begun {
		return out, err
	}
	rows, err := h.db.QueryContext(ctx, "SELECT id FROM enrol_session")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err tells
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[id] = true
	}
	return out, rows.Err()
}

// Came demands that the one sitting that was not there before has the end of its
// route: an account that is active behind one that is done, and none behind any other.
func (h *House) Came(ctx context.Context, want End, before map[string]bool) error {
	now, err := h.Sittings(ctx)
	if err != nil {
		return err
	}
	var errs []error
	n := 0
	for id := range now {
		if before[id] {
			continue
		}
		n++
		errs = append(errs, h.came(ctx, id, want))
	}
	if n != 1 {
		errs = append(errs, fmt.Errorf("%d sittings were begun; want one", n))
	}
	return errors.Join(errs...)
}

func (h *House) came(ctx context.Context, id string, want End) error {
	var state, why, account string
	var others int
	const query = `SELECT s.state, s.why, COALESCE(a.state, ''), (SELECT count(*) FROM account o WHERE o.person = a.person AND o.id <> a.id AND o.state NOT IN ('closed', 'revoked'))
		FROM enrol_session s LEFT JOIN account a ON a.id = s.account WHERE s.id = $1`
	if err := h.db.QueryRowContext(ctx, query, id).Scan(&state, &why, &account, &others); err != nil {
		return err
	}
	if code := tunnus.Code(why); way.State(state) != want.State || code != want.Why && (code != want.Or || want.Or == "") {
		return fmt.Errorf("the sitting is %s, %q; want %s, %q", state, code, want.State, want.Why)
	}
	switch done := want.State == way.Done; {
	case done && account != "active", !done && account != "" && account != "closed":
		return fmt.Errorf("the sitting is %s, and its account is %q", state, account)
	case want.Only && others > 0:
		return fmt.Errorf("the holder has %d other accounts still", others)
	}
	return nil
}

// Open reports whether a sitting has not come to an end.
func (h *House) Open(ctx context.Context) (bool, error) {
	var n int
	err := h.db.QueryRowContext(ctx, "SELECT count(*) FROM enrol_session WHERE state NOT IN ('done', 'refused', 'expired')").Scan(&n)
	return n > 0, err
}

// underway reports whether something that was made is being withdrawn still, or a
// session or an account whose place was taken has outlived its time: with a clock that
// has jumped, until the next round of the job that ends it.
func (h *House) underway(ctx context.Context) (bool, error) {
	var n int
	const query = `SELECT (SELECT count(*) FROM enrol_session WHERE state = 'undoing' OR state = 'open' AND due > 0 AND due <= $1)
		+ (SELECT count(*) FROM account WHERE retire_at > 0 AND retire_at <= $1 AND state NOT IN ('closed', 'revoked', 'expired'))`
	err := h.db.QueryRowContext(ctx, query, h.now().UnixMilli()).Scan(&n)
	return n > 0, err
}
