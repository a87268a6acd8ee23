package recovery

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/second"
)

// Keys is what a restore asks of the server's keys ([restore.Restorer]).
type Keys interface {
	// Reapply merges what the second place has of a key into the store.
	Reapply(ctx context.Context, c restore.Copy) error

	// Declare declares a restore epoch: for so long phones may show newer
	// one-time values than ours.
	Declare(ctx context.Context, until time.Time) error
}

// Config is what a [Recovery] is made of.
type Config struct {
	Database *engine.Database
	Place    *second.Place
	Mirror   *second.Mirror
	Clock    tunnus.Clock
	// Kinds are those that this database has ([copies.Kinds]): databases of
	// several roles may share a second place.
	Kinds []string
	// Keys is needed to apply copies of keys, for nothing else.
	Keys Keys
}

// A Recovery compares and joins.
type Recovery struct{ cfg Config }

// New makes one.
func New(c Config) *Recovery { return &Recovery{c} }

// Sink is what the database is opened with ([engine.CopyTo]).
func Sink(m *second.Mirror) engine.Sink {
	return func(_ context.Context, list []engine.Copy) error {
		out := make([]second.Copy, len(list))
		for i, c := range list {
			v, err := copies.Unpack(c)
			if err != nil {
				return err
			}
			out[i] = second.Copy(v)
		}
		return m.Write(out)
	}
}

// ErrBehind is what a server that was restored from a backup is told.
var ErrBehind = errors.New("the database is older than what the second place knows: it was restored from a backup, and has forgotten locks, PIN tries, revocations or dismissals; run `tunnus restore --config FILE` before the server opens (doc/restore.md)")

// ErrCutShort is what a server is told whose restore did not come to its end.
var ErrCutShort = errors.New("a restore of this database was begun and did not end; run `tunnus restore --config FILE` again before the server opens (doc/restore.md)")

// look is how many copies Check compares, page how many are read at a time.
const (
	look = 1000
	page = 500
)

// Check fails with [ErrBehind] if the database lacks anything of what was
// written last to the second place, and with [ErrCutShort] if [Recovery.Apply]
// was cut short. It writes nothing.
func (r *Recovery) Check(ctx context.Context) error {
	for _, kind := range r.cfg.Kinds {
		if m, err := r.cfg.Place.Get(ctx, markKind, kind); err != nil || m.Rev%2 == 1 {
			return cmp.Or(err, ErrCutShort)
		}
	}
	newest, _, err := r.cfg.Place.Newest(ctx, r.cfg.Kinds, look)
	if err != nil {
		return err
	}
	behind := map[string]int{}
	for _, c := range newest {
		has, err := r.has(ctx, c)
		if err != nil {
			return err
		}
		if !has {
			behind[c.Kind]++
		}
	}
	if len(behind) == 0 {
		return nil
	}
	missing := ""
	for _, k := range copies.Kinds() {
		if n := behind[k]; n > 0 {
			missing += fmt.Sprintf(", %d of kind %q", n, k)
		}
	}
	return fmt.Errorf("%w; of the newest %d copies it lacks %s", ErrBehind, len(newest), missing[2:])
}

// markKind are marks in the second place, one for each kind: an odd revision says
// that a restore is under way. What it has written is the newest there, so the
// newest copies alone would not tell that it was cut short.
const markKind = "restore"

// mark makes the revisions of the marks odd or even.
func (r *Recovery) mark(ctx context.Context, odd int64) error {
	var marks []second.Copy
	for _, kind := range r.cfg.Kinds {
		m, err := r.cfg.Place.Get(ctx, markKind, kind)
		if err != nil {
			return err
		}
		if m.Rev%2 != odd {
			marks = append(marks, second.Copy{Kind: markKind, ID: kind, Rev: m.Rev + 1, Body: []byte("{}")})
		}
	}
	return r.cfg.Mirror.Write(marks)
}

// errForked is told if a ledger holds something else than its copy says: then
// the database went on after it was restored, and no machine can join the two.
var errForked = errors.New("recovery: an entry of a ledger of locks is not what its copy says")

// lost is the state that the copy of an account gets which no database has any more.
const lost = "lost"

// has reports whether the database has a copy's thing, at its revision or a later one.
func (r *Recovery) has(ctx context.Context, c second.Copy) (bool, error) {
	if c.Kind == copies.KindContact {
		return r.hasContact(ctx, c)
	}
	have, err := r.current(ctx, c)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		var a copies.Account
		gone := c.Kind == copies.KindAccount && json.Unmarshal(c.Body, &a) == nil && a.State == lost
		return gone, nil
	case err != nil:
		return false, fmt.Errorf("recovery: reading a %s: %w", c.Kind, err)
	case c.Kind == copies.KindLock && !sameEntry(have.Body, c.Body):
		return false, fmt.Errorf("%w (%s)", errForked, c.ID)
	}
	return have.Rev >= c.Rev, nil
}

func sameEntry(a, b []byte) bool {
	var x, y db.LockEntry
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && x.Kind == y.Kind && bytes.Equal(x.Mac, y.Mac)
}

// current is the copy that the database would leave now of a copy's thing.
func (r *Recovery) current(ctx context.Context, c second.Copy) (copies.Copy, error) {
	q := r.cfg.Database.Read()
	switch c.Kind {
	case copies.KindLock:
		e, err := read[db.LockEntry](c)
		if err != nil {
			return copies.Copy{}, err
		}
		have, err := q.LockEntry(ctx, db.LockEntryParams{Key: e.Key, Place: e.Place})
		if err != nil {
			return copies.Copy{}, err
		}
		return copies.OfLock(have)
	case copies.KindKey:
		have, err := q.Key(ctx, c.ID)
		return copies.Copy{Kind: c.Kind, ID: c.ID, Rev: have.Rev}, err
	case copies.KindTry:
		e, err := read[row.Evaluation](c)
		if err != nil {
			return copies.Copy{}, err
		}
		have, err := q.EvaluationByNonce(ctx, db.EvaluationByNonceParams{Key: e.Key, Nonce: e.Nonce})
		if err != nil {
			return copies.Copy{}, err
		}
		e.State = have.State
		return copies.OfTry(e)
	case copies.KindCertificate:
		have, err := q.Certificate(ctx, c.ID)
		if err != nil {
			return copies.Copy{}, err
		}
		return copies.OfCertificate(have)
	case copies.KindAccount:
		have, err := q.Account(ctx, c.ID)
		return copies.Copy{Kind: c.Kind, ID: c.ID, Rev: have.Rev}, err
	case copies.KindMember:
		have, err := q.StaffMember(ctx, c.ID)
		if err != nil {
			return copies.Copy{}, err
		}
		return copies.OfMember(have)
	}
	return copies.Copy{}, fmt.Errorf("recovery: a copy of kind %q", c.Kind)
}

// read reads the body of a copy.
func read[V any](c second.Copy) (v V, err error) {
	if err := json.Unmarshal(c.Body, &v); err != nil {
		return v, fmt.Errorf("recovery: copy of a %s: %w", c.Kind, err)
	}
	return v, nil
}

// walk calls do for each copy of a kind.
func (r *Recovery) walk(ctx context.Context, kind string, do func(second.Copy) error) error {
	if !slices.Contains(r.cfg.Kinds, kind) {
		return nil
	}
	for id := ""; ; {
		list, err := r.cfg.Place.After(ctx, kind, id, page)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, c := range list {
			if err := do(c); err != nil {
				return err
			}
			id = c.ID
		}
	}
}
