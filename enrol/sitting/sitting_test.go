package sitting

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/way"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// shelf keeps sessions; it lists none.
type shelf struct {
	Store
	rows map[string]Change
}

func (s shelf) Session(_ context.Context, id string) (Session, error) {
	c, ok := s.rows[id]
	if !ok {
		return Session{}, tunnus.NotFound(nil)
	}
	return c.Session, nil
}

func (s shelf) Commit(_ context.Context, c Change) error {
	if s.rows[c.Session.ID].Session.Rev != c.Session.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	c.Session.Rev++
	s.rows[c.Session.ID] = c
	return nil
}

func (shelf) Latest(context.Context, string) (Session, error) {
	return Session{}, tunnus.NotFound(nil)
}

// tied is a sealer that binds to the place.
type tied struct{}

func (tied) Seal(plain, aad []byte) ([]byte, error) { return slices.Concat(aad, []byte{0}, plain), nil }

func (tied) Open(sealed, aad []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, slices.Concat(aad, []byte{0}))
	if !ok {
		return nil, errors.New("another place")
	}
	return plain, nil
}

// open is a book with one session in a state.
func open(t *testing.T, state way.State) (Book, shelf, *Session) {
	t.Helper()
	rows := shelf{rows: map[string]Change{}}
	b := Book{Store: rows, Sealer: tied{}, Clock: tunnus.ClockFunc(func() time.Time { return start }), Rules: "nordic/1"}
	s := &Session{
		ID: "s", Device: "phone", Route: way.Route{Way: way.Passport, Purpose: way.New}, Revision: "passport/2", State: state,
		Due: start.Add(time.Hour), ExpiresAt: start.Add(time.Hour),
	}
	if err := b.Save(t.Context(), s, Payload{Contact: "ada@example.org"}); err != nil {
		t.Fatal(err)
	}
	return b, rows, s
}

// Each move of the book is one of the table's, and what the table refuses, the book
// refuses, having written nothing.
func TestMovesAreThoseOfTheTable(t *testing.T) {
	why := tunnus.Fail(tunnus.CodeGuardWait, errors.New("why"))
	for _, state := range way.States() {
		for event, do := range map[way.Event]func(Book, *Session) error{
			way.Park: func(b Book, s *Session) error {
				return b.Park(t.Context(), s, Payload{}, tunnus.CodeGuardWait, start.Add(24*time.Hour))
			},
			way.Resume: func(b Book, s *Session) error { return b.Resume(t.Context(), s, Payload{}, time.Minute) },
			way.Refuse: func(b Book, s *Session) error { return b.Refuse(t.Context(), s, why) },
		} {
			b, rows, s := open(t, state)
			rev := s.Rev
			err := do(b, s)
			to, bad := state.After(event)
			kept := rows.rows["s"].Session
			switch {
			case bad != nil:
				if tunnus.CodeOf(err) != tunnus.CodeStateConflict || kept.State != state || kept.Rev != rev {
					t.Errorf("%s of %s: %v; it is %s now", event, state, err, kept.State)
				}
			case kept.State != to || kept.Rev != rev+1 || event != way.Refuse && err != nil || event == way.Refuse && tunnus.CodeOf(err) != tunnus.CodeGuardWait:
				t.Errorf("%s of %s: %v; it is %s, want %s", event, state, err, kept.State, to)
			case kept.State.Holds() != (kept.Payload != nil):
				t.Errorf("%s of %s leaves %d bytes", event, state, len(kept.Payload))
			}
		}
	}
}

func TestParkAndResumeKeepTime(t *testing.T) {
	b, rows, s := open(t, way.Open)
	until := start.Add(7 * 24 * time.Hour)
	if err := b.Park(t.Context(), s, Payload{}, tunnus.CodeRevPending, until); err != nil {
		t.Fatal(err)
	}
	if got := rows.rows["s"].Session; !got.Due.Equal(until) || got.Why != tunnus.CodeRevPending || b.Over(got) {
		t.Errorf("parked until %s, %s", got.Due, got.Why)
	}
	if err := b.Resume(t.Context(), s, Payload{}, 30*time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := rows.rows["s"].Session; !got.Due.Equal(start.Add(30*time.Minute)) || !got.ExpiresAt.Equal(got.Due) || got.Why != "" {
		t.Errorf("goes on until %s, %s; %s", got.Due, got.ExpiresAt, got.Why)
	}
}

// R11: what is written down of a fact says what it is worth, under which rules.
func TestR11FactKeepsItsMark(t *testing.T) {
	b, _, s := open(t, way.Open)
	before := s.Facts
	line := b.AddAs(s, way.DeviceConfirms, way.Claimed, map[string]string{"result": "unavailable"})
	if f := s.Facts[way.DeviceConfirms]; f.Mark != way.Claimed || f.Revision != "passport/2" || before.Has(way.DeviceConfirms) {
		t.Errorf("fact: %+v", f)
	}
	if line.Detail["mark"] != "claimed" || line.Detail["rules"] != "nordic/1" || line.Detail["result"] != "unavailable" || line.Detail["route"] != "passport" {
		t.Errorf("line: %v", line.Detail)
	}
	b.Add(s, way.Versions, nil)
	if s.Facts[way.Versions].Mark != way.Claimed || len(s.Facts) != 2 {
		t.Errorf("facts: %v", s.Facts)
	}
}

func TestAdmit(t *testing.T) {
	for _, state := range way.States() {
		b, _, s := open(t, state)
		_, p, err := b.Admit(*s, way.Versions)
		if (state == way.Open) != (err == nil) || err == nil && p.Contact == "" {
			t.Errorf("%s: %v", state, err)
		}
		if _, _, err := b.Admit(*s, way.Terms); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			t.Errorf("%s, out of turn: %v", state, err)
		}
	}
	b, rows, _ := open(t, way.Open)
	for _, ref := range []Ref{{Session: "s", Device: "thief"}, {Session: "s"}, {Session: "x", Device: "phone"}} {
		if _, err := b.Load(t.Context(), ref); tunnus.CodeOf(err) != tunnus.CodeNotFound {
			t.Errorf("%v: %v", ref, err)
		}
	}
	moved := rows.rows["s"].Session
	moved.ID = "other" // somebody swaps what two rows hold
	if _, _, err := b.Admit(moved, way.Versions); err == nil {
		t.Error("what another session holds was opened")
	}
}

// Whatever a client says of itself: it fits into a row and onto one line, and the
// beginning stays as it was.
func TestClip(t *testing.T) {
	if got := Clip(strings.Repeat("я", 30)); got != strings.Repeat("я", 20) {
		t.Errorf("Clip = %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		if rapid.Bool().Draw(t, "text") {
			b = []byte(rapid.String().Draw(t, "string"))
		}
		got := Clip(string(b))
		if len(got) > 40 || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x1b\u202e\u2028") || Clip(got) != got {
			t.Fatalf("Clip(%q) = %q", b, got)
		}
	})
}
