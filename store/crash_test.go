package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

// crashing names the database on which the test binary, run again as another
// process, charges attempts until it is killed.
const crashing = "TUNNUS_STORE_CRASH"

// chargers is how many documents are charged side by side, so that commits are shared.
const chargers = 8

func TestMain(m *testing.M) {
	if where := os.Getenv(crashing); where != "" {
		fmt.Fprintln(os.Stderr, chargeForEver(where))
		os.Exit(1)
	}
	os.Exit(cluster.Run(m))
}

// chargeForEver prints the number of the document with each charge that is acknowledged.
func chargeForEver(where string) error {
	s, err := Open(context.Background(), where)
	if err != nil {
		return err
	}
	errs := make(chan error)
	for doc := range chargers {
		go func() {
			for n := 0; ; n++ {
				if err := charge(s, doc, n); err != nil {
					errs <- err
					return
				}
				_, _ = fmt.Fprintln(os.Stdout, doc) // one write, whole
			}
		}()
	}
	return <-errs
}

func document(doc int) lock.Key { return lock.Key(fmt.Sprint("doc", doc)) }

func charge(s *Store, doc, place int) error {
	key := document(doc)
	event := []tunnus.Event{{At: noon, Kind: "lock.charge", Subject: string(key)}}
	return s.Ledger().Append(context.Background(), key, place, lock.Entry{Kind: lock.Charged, At: noon}, event)
}

// wantCharges checks that all charges that were acknowledged are there, at most
// one more of each document, and one event of each.
func wantCharges(t *testing.T, s *Store, acknowledged []int) {
	t.Helper()
	for doc, n := range acknowledged {
		entries, err := s.Ledger().Entries(t.Context(), document(doc))
		if err != nil || len(entries) < n || len(entries) > n+1 {
			t.Errorf("%d entries, %v; %d were acknowledged", len(entries), err, n)
		}
		if events := kinds(t, s, string(document(doc))); len(events) != len(entries) {
			t.Errorf("%d events of %d entries", len(events), len(entries))
		}
	}
}

// After kill -9 each acknowledged charge is there, with its event.
func TestKilledWriterRefundsNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) string) {
		where := fresh(t)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), crashing+"="+where)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		total, acknowledged := 0, make([]int, chargers)
		for lines := bufio.NewScanner(out); lines.Scan(); total++ {
			if total == 100 {
				_ = cmd.Process.Kill() // what it still printed is read, and counts
			}
			var doc int
			if _, err := fmt.Sscan(lines.Text(), &doc); err != nil {
				t.Fatal(err)
			}
			acknowledged[doc]++
		}
		_ = cmd.Wait() // it was killed
		if total < 100 {
			t.Fatalf("only %d charges were acknowledged", total)
		}
		wantCharges(t, openAt(t, where), acknowledged)
	})
}

// storm charges from several goroutines while something is done to the server,
// and until each has had a success after it. A charge that failed is looked up,
// and made again if it is not there: what a caller does who was not answered.
func storm(t *testing.T, s *Store, harm func()) []int {
	t.Helper()
	acknowledged := make([]int, chargers)
	var harmed, failures atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(30 * time.Second)
	for doc := range chargers {
		all.Go(func() {
			for after := 0; after < 5 && time.Now().Before(end); {
				was := harmed.Load()
				if err := charge(s, doc, acknowledged[doc]); err != nil {
					failures.Add(1)
					time.Sleep(20 * time.Millisecond)
					if list, err := s.Ledger().Entries(t.Context(), document(doc)); err == nil {
						if len(list) < acknowledged[doc] {
							t.Errorf("%d entries; %d were acknowledged", len(list), acknowledged[doc])
							return
						}
						acknowledged[doc] = len(list)
					}
					continue
				}
				acknowledged[doc]++
				after += int(was)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	harm()
	harmed.Store(1)
	all.Wait()
	if time.Now().After(end) {
		t.Error("the store has not recovered by itself")
	}
	if failures.Load() == 0 {
		t.Error("nothing failed: the harm was none")
	}
	return acknowledged
}

// An own is a server for one test, to which it may do harm.
type own struct {
	pgtest.Cluster
	where string
}

// A server process that is killed while it writes, and a server that goes down as
// in a power cut: what was acknowledged is there, and the store goes on by itself.
func TestKilledServerLosesNothing(t *testing.T) {
	for what, harm := range map[string]func(t *testing.T, c *own){
		"a backend is killed": func(t *testing.T, c *own) { c.KillBackends(t, c.where) },
		"power cut":           func(t *testing.T, c *own) { c.Restart(t) },
	} {
		t.Run(what, func(t *testing.T) {
			c := &own{}
			t.Cleanup(c.Stop)
			c.where = c.Database(t)
			s := openAt(t, c.where)
			acknowledged := storm(t, s, func() { harm(t, c) })
			for doc := range acknowledged { // nothing is under way: each entry is accounted for
				entries, err := s.Ledger().Entries(t.Context(), document(doc))
				if err != nil || len(entries) != acknowledged[doc] {
					t.Errorf("%d entries, %v; %d were acknowledged", len(entries), err, acknowledged[doc])
				}
			}
			wantCharges(t, s, acknowledged)
		})
	}
}
