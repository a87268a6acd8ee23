package letters_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

func everywhere(t *testing.T, test func(t *testing.T, s *store.Store)) {
	for name, where := range map[string]func(t testing.TB) string{
		"sqlite":   func(t testing.TB) string { return filepath.Join(t.TempDir(), "tunnus.db") },
		"postgres": func(t testing.TB) string { return cluster.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), where(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			test(t, s)
		})
	}
}

// posted leaves n letters "0", "1", … of which every second is for a phone.
func posted(t *testing.T, s *store.Store, n int) {
	t.Helper()
	var list []otp.Letter
	for i := range n {
		l := otp.Letter{ID: fmt.Sprint(i), Kind: "otp", Channel: address.Email, Sealed: []byte{byte(i), 0xff}}
		if i%2 == 1 {
			l.Channel = address.SMS
		}
		list = append(list, l)
	}
	if err := s.Codes().Save(t.Context(), otp.Sheet{Session: "s"}, nil, list, nil); err != nil {
		t.Fatal(err)
	}
}

// count counts rows past the ports.
func count(t *testing.T, s *store.Store, query string) (n int) {
	t.Helper()
	_, r := s.Database().Raw()
	if err := r.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Each letter has a job of its channel, in the same transaction, and jobs hold ids only.
func TestLettersHaveJobs(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		posted(t, s, 5)
		for kind, want := range map[string]int{"letter-email": 3, "letter-sms": 2} {
			if n := count(t, s, "SELECT count(*) FROM river_job WHERE kind = '"+kind+"' AND queue = '"+kind+"'"); n != want {
				t.Errorf("%d jobs of %s; want %d", n, kind, want)
			}
		}
		err := s.Codes().Save(t.Context(), otp.Sheet{Session: "t"}, nil, []otp.Letter{{ID: "a"}, {ID: "a"}}, nil)
		if tunnus.CodeOf(err) != tunnus.CodeStateConflict || count(t, s, "SELECT count(*) FROM river_job") != 5 {
			t.Errorf("a write that failed left a job: %v", err)
		}
	})
}

// What was sealed is gone once a letter is sent or given up, whatever comes after.
func TestWhatWasSealedIsErased(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		posted(t, s, 3)
		o, ctx := s.Outbox(), t.Context()
		l, err := o.Letter(ctx, "1")
		if err != nil || l.Channel != address.SMS || len(l.Sealed) != 2 {
			t.Fatalf("%+v, %v", l, err)
		}
		for range 2 {
			if err := o.Done(ctx, "0"); err != nil {
				t.Fatal(err)
			}
			if err := o.GiveUp(ctx, "1", "sms-answer-11"); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.GiveUp(ctx, "0", "no"); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"0", "1", "nothing"} {
			if _, err := o.Letter(ctx, id); tunnus.CodeOf(err) != tunnus.CodeNotFound {
				t.Errorf("letter %s: %v", id, err)
			}
		}
		sent := count(t, s, "SELECT count(*) FROM mail_job WHERE state = 'sent' AND id = '0' AND reason = ''")
		dead := count(t, s, "SELECT count(*) FROM mail_job WHERE state = 'dead' AND id = '1' AND reason = 'sms-answer-11'")
		if sealed := count(t, s, "SELECT count(sealed) FROM mail_job"); sealed != 1 || sent != 1 || dead != 1 {
			t.Errorf("%d sealed, %d sent, %d dead", sealed, sent, dead)
		}
		if n, err := o.Waiting(ctx); n != 1 || err != nil {
			t.Errorf("%d wait, %v", n, err)
		}
	})
}

// Letters without a job, as of an older database, get one; the others keep theirs.
func TestAdopt(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		posted(t, s, 4)
		w, _ := s.Database().Raw()
		if _, err := w.Exec("DELETE FROM river_job WHERE kind = 'letter-email'"); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Outbox().Adopt(t.Context(), time.Now().Add(-time.Minute)); n != 0 || err != nil {
			t.Errorf("young ones: %d, %v", n, err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if _, err := s.Outbox().Adopt(t.Context(), time.Now().Add(time.Minute)); err != nil {
					t.Errorf("Adopt: %v", err)
				}
			})
		}
		all.Wait()
		if n := count(t, s, "SELECT count(*) FROM river_job"); n != 4 {
			t.Errorf("%d jobs for 4 letters", n)
		}
	})
}
