package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults/cluster"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store"
)

// rounds is how often two nodes race: 10,000 times in CI (TUNNUS_TEST=all), and for
// whoever sets TUNNUS_RACES.
func rounds(t *testing.T) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("TUNNUS_RACES")); err == nil {
		return n
	}
	if os.Getenv("TUNNUS_TEST") == "all" {
		return 10_000
	}
	return 300
}

// nodes are two stores on one database, as two processes have them.
func nodes(t *testing.T, engine string) (a, b *store.Store) {
	t.Helper()
	where := filepath.Join(t.TempDir(), "tunnus.db")
	if engine == PostgreSQL {
		needPostgreSQL(t)
		p, err := cluster.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Stop)
		if where, err = p.Database(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var out [2]*store.Store
	for i := range out {
		s, err := store.Open(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		out[i] = s
	}
	return out[0], out[1]
}

// race lets both do theirs at the same moment, and returns who has won: exactly one,
// while the other is told of a conflict.
func race(t *testing.T, round int, both ...func() error) (winner int) {
	t.Helper()
	errs := make([]error, len(both))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, do := range both {
		wg.Go(func() { <-start; errs[i] = do() })
	}
	close(start)
	wg.Wait()
	winner = -1
	for i, err := range errs {
		switch {
		case err == nil && winner < 0:
			winner = i
		case err == nil:
			t.Fatalf("round %d: both have won", round)
		case tunnus.CodeOf(err) != tunnus.CodeStateConflict:
			t.Fatalf("round %d: node %d: %v", round, i, err)
		}
	}
	if winner < 0 {
		t.Fatalf("round %d: nobody has won: %v", round, errs)
	}
	return winner
}

func engines(t *testing.T, test func(t *testing.T, a, b *store.Store)) {
	for _, engine := range []string{SQLite, PostgreSQL} {
		t.Run(engine, func(t *testing.T) {
			a, b := nodes(t, engine)
			test(t, a, b)
		})
	}
}

// audited counts the audit lines about something.
func audited(t *testing.T, s *store.Store, subject string) (n int) {
	t.Helper()
	_, reader := s.Database().Raw()
	if err := reader.QueryRow("SELECT count(*) FROM audit_line WHERE subject = $1", subject).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func note(kind, subject string) []tunnus.Event {
	return []tunnus.Event{{At: tunnus.SystemClock{}.Now(), Kind: kind, Subject: subject}}
}

// Two nodes decide about one registration at the same time: one fact stands, and
// what stands is the winner's, with one line of it.
func TestTwoNodesOneSitting(t *testing.T) {
	engines(t, func(t *testing.T, a, b *store.Store) {
		began, wins := time.Now(), [2]int{}
		first := sitting.Session{ID: "s", Device: "d", Route: way.Route{Way: way.Passport, Purpose: way.New}, State: way.Open, Payload: []byte{0}}
		if err := a.Enrolments().Commit(t.Context(), sitting.Change{Session: first, Events: note("begin", "s")}); err != nil {
			t.Fatal(err)
		}
		n := rounds(t)
		for round := range n {
			decide := func(s *store.Store, who int) func() error { // each has read it before either writes
				v, err := s.Enrolments().Session(t.Context(), "s")
				if err != nil || v.Rev != int64(round+1) {
					t.Fatalf("round %d: revision %d, %v", round, v.Rev, err)
				}
				v.Attempt = fmt.Sprint(round, "/", who)
				return func() error {
					return s.Enrolments().Commit(t.Context(), sitting.Change{Session: v, Events: note("decided", "s")})
				}
			}
			winner := race(t, round, decide(a, 0), decide(b, 1))
			wins[winner]++
			for _, s := range []*store.Store{a, b} {
				v, err := s.Enrolments().Session(t.Context(), "s")
				if err != nil || v.Attempt != fmt.Sprint(round, "/", winner) || v.Rev != int64(round+2) {
					t.Fatalf("round %d: %d has won, %q at %d stands, %v", round, winner, v.Attempt, v.Rev, err)
				}
			}
		}
		if got := audited(t, a, "s"); got != n+1 {
			t.Errorf("%d audit lines of %d rounds", got, n)
		}
		t.Logf("%d rounds in %v, won %v", n, time.Since(began).Round(time.Millisecond), wins)
	})
}

// Confirmed at one node and refused at another: a log-in has one end, the same for
// whoever reads it where they will.
func TestTwoNodesOneLogin(t *testing.T) {
	engines(t, func(t *testing.T, a, b *store.Store) {
		began, wins := time.Now(), [2]int{}
		now := began.UTC().Truncate(time.Millisecond)
		n := rounds(t)
		for round := range n {
			id := fmt.Sprint("login-", round)
			v := login.Session{ID: id, Rev: 1, Party: "p", Person: id, Created: now, Expires: now.Add(time.Minute), State: login.Running, Detail: []byte("{}")}
			if err := a.Logins().Create(t.Context(), v, now.Add(-time.Minute), 0, nil); err != nil {
				t.Fatal(err)
			}
			results := []login.EndResult{login.OK, login.UserRefused}
			end := func(s *store.Store, how login.EndResult) func() error {
				w := v
				w.State, w.End, w.Ended = login.Complete, how, now.Add(time.Second)
				return func() error { return s.Logins().Save(t.Context(), w, note("login.end", id)) }
			}
			winner := race(t, round, end(a, results[0]), end(b, results[1]))
			wins[winner]++
			for _, s := range []*store.Store{a, b} {
				if got, err := s.Logins().Session(t.Context(), id); err != nil || got.End != results[winner] {
					t.Fatalf("round %d: %s has won, %q stands, %v", round, results[winner], got.End, err)
				}
			}
			if round%500 == 0 && audited(t, a, id) != 1 {
				t.Fatalf("round %d: not one audit line of the end", round)
			}
		}
		t.Logf("%d rounds in %v, won %v", n, time.Since(began).Round(time.Millisecond), wins)
	})
}
