package history_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/history"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/retention"
)

// bound is a sealer that only binds.
type bound struct{}

func (bound) Seal(plain, aad []byte) ([]byte, error) {
	return fmt.Appendf(nil, "%s|%s", aad, plain), nil
}

func (bound) Open(sealed, aad []byte) ([]byte, error) {
	text, ok := strings.CutPrefix(string(sealed), string(aad)+"|")
	if !ok {
		return nil, errors.New("sealed for another place")
	}
	return []byte(text), nil
}

func open(t *testing.T, now *time.Time) (history.Book, *store.Store, tunnus.PersonCode) {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	p, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	return history.Book{
		Store: s.History(), Sealer: bound{}, Secret: tunnus.NewSecret([]byte("0123456789abcdef0123456789abcdef")),
		Clock: tunnus.ClockFunc(func() time.Time { return *now }),
	}, s, p
}

// A3: entries are kept for 13 months and then deleted, by a job.
func TestA3HistoryIsKeptFor13Months(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	b, s, p := open(t, &now)
	job := retention.Job{Database: s.Database(), Keep: scheme.Nordic().Retention, Clock: b.Clock}
	for i := range 3 {
		e := history.Entry{ID: fmt.Sprint(i), At: now.AddDate(0, 0, i), Kind: history.Login, Result: "OK"}
		if err := b.Note(t.Context(), p, e); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		at   time.Time
		left int
	}{
		{now.AddDate(0, 13, 0), 3}, {now.AddDate(0, 13, 0).Add(time.Second), 2}, {now.AddDate(0, 14, 0), 0},
	} {
		now = step.at
		if _, err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, _, _, err := b.Page(t.Context(), p, history.Place{}, 10, true)
		if err != nil || len(list) != step.left {
			t.Errorf("at %v: %d entries, %v; want %d", now, len(list), err, step.left)
		}
	}
}

// The row names neither person nor service nor text; an entry that is moved to
// another person, or to another name, does not open there.
func TestRowsNameNobody(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	b, _, p := open(t, &now)
	r, err := b.Seal(p, history.Entry{ID: "login/1", At: now, Kind: history.Login, Service: "Bank", Text: "Pay", Result: "OK", Document: "PNOXX-199002140017-ABCD-Q"})
	if err != nil {
		t.Fatal(err)
	}
	clear := r.Person + r.ID + r.Account + r.Service + string(r.Kind)
	for _, secret := range []string{"199002140017", "Bank", "Pay", "ABCD"} {
		if strings.Contains(clear, secret) {
			t.Errorf("the row says %q in clear", secret)
		}
	}
	if r.Person != account.PersonKey(b.Secret, p) {
		t.Errorf("person %q", r.Person)
	}
	for _, moved := range []history.Row{{Person: r.Person, ID: "login/2"}, {Person: "other", ID: r.ID}} {
		if _, err := b.Sealer.Open(r.Sealed, []byte("history/"+moved.Person+"/"+moved.ID)); err == nil {
			t.Errorf("it opens as %+v", moved)
		}
	}
	for _, bad := range []history.Entry{{}, {ID: "x", Kind: history.Login}, {ID: "x", At: now}} {
		if _, err := b.Seal(p, bad); err == nil {
			t.Errorf("%+v was sealed", bad)
		}
	}
}

// Every kind can be stored: the database has the same list.
func TestEveryKindIsKept(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	b, _, p := open(t, &now)
	for _, k := range history.Kinds() {
		if err := b.Note(t.Context(), p, history.Entry{ID: string(k), At: now, Kind: k, Result: "OK"}); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
}
