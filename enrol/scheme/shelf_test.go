package scheme

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	files "github.com/tunnus-id/tunnus/scheme"
)

// memory is a shelf of one service.
type memory struct {
	kept   []Kept
	events []tunnus.Event
	before func() // another node
}

func (m *memory) Kept(_ context.Context, name, version string) (out []Kept, err error) {
	for _, k := range m.kept {
		if k.Name == name && k.Version == version {
			out = append(out, k)
		}
	}
	return out, nil
}

func (m *memory) Keep(_ context.Context, behind int, k Kept, events []tunnus.Event) error {
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	if have, _ := m.Kept(context.Background(), k.Name, k.Version); len(have) != behind {
		return tunnus.Conflict(errors.New("there"))
	}
	m.kept, m.events = append(m.kept, k), append(m.events, events...)
	return nil
}

func parsed(t *testing.T, file []byte) Rules {
	t.Helper()
	r, err := Parse("x", file)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestChangedFileNeedsAnotherVersion(t *testing.T) {
	m, now := &memory{}, time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	first := parsed(t, files.Nordic())
	for what, tt := range map[string]struct {
		file []byte
		ok   bool
	}{
		"the same":                        {files.Nordic(), true},
		"other spaces":                    {[]byte(strings.ReplaceAll(string(files.Nordic()), ":", " :\n")), true},
		"a duration of another spelling":  {with(t, "ledger.judgement.forget", `"8760h"`), true},
		"a default that is left out":      {with(t, "otp.tries", ""), true},
		"another number":                  {with(t, "otp.tries", "2"), false},
		"another row":                     {with(t, "eligibility[0].min_age", "14"), false},
		"another number, another version": {[]byte(strings.Replace(string(with(t, "otp.tries", "2")), first.Version, "2027", 1)), true},
	} {
		if err := first.Shelve(t.Context(), m, now); err != nil {
			t.Fatal(err)
		}
		if err := parsed(t, tt.file).Shelve(t.Context(), m, now); errors.Is(err, ErrChanged) == tt.ok || err != nil && tt.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	if m.events[0].Detail["revision"] != first.Revision() || len(m.events) != len(m.kept) {
		t.Errorf("%d events of %d files: %v", len(m.events), len(m.kept), m.events)
	}
}

// A later release knows a key more: what the file means has grown, and the file is
// what it was. A file that is changed after that is refused all the same.
func TestLaterReleaseOfTheProgram(t *testing.T) {
	m, now := &memory{}, time.Now()
	r := parsed(t, files.Nordic())
	earlier := r
	earlier.meant = "what it meant before"
	for _, rules := range []Rules{earlier, r, earlier} { // and back
		if err := rules.Shelve(t.Context(), m, now); err != nil {
			t.Error(err)
		}
	}
	if err := parsed(t, with(t, "otp.tries", "2")).Shelve(t.Context(), m, now); !errors.Is(err, ErrChanged) {
		t.Errorf("a changed file: %v", err)
	}
	if len(m.kept) != 2 {
		t.Errorf("%d files", len(m.kept))
	}
}

// Two nodes that start at once: both, or only the one whose file came first.
func TestNodesThatStartAtOnce(t *testing.T) {
	for file, want := range map[string]error{string(files.Nordic()): nil, string(with(t, "otp.tries", "2")): ErrChanged} {
		m, now := &memory{}, time.Now()
		m.before = func() {
			if err := parsed(t, []byte(file)).Shelve(t.Context(), m, now); err != nil {
				t.Error(err)
			}
		}
		err := parsed(t, files.Nordic()).Shelve(t.Context(), m, now)
		if !errors.Is(err, want) || len(m.kept) != 1 {
			t.Errorf("%v, %d kept; want %v", err, len(m.kept), want)
		}
	}
}
