package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus/enrol/otp"
)

var noon = time.UnixMilli(1_800_000_000_000).UTC()

// posted makes a store with n letters "0", "1", … in its outbox.
func posted(t testing.TB, where string, n int) *Store {
	t.Helper()
	s := openAt(t, where)
	var letters []otp.Letter
	for i := range n {
		letters = append(letters, otp.Letter{ID: fmt.Sprint(i), Kind: "otp", Sealed: []byte{byte(i), 0xff}})
	}
	if err := s.Codes().Save(t.Context(), otp.Sheet{Session: "s"}, nil, letters, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func claim(t *testing.T, s *Store, now time.Time, n int) []Job {
	t.Helper()
	jobs, err := s.Outbox().Claim(t.Context(), now, n, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// counts reads how many letters are in each state, and how many hold something sealed.
func counts(t *testing.T, s *Store) (waiting, sent, dead, sealed int) {
	t.Helper()
	err := s.reader().QueryRow(`SELECT
		count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'sent'),
		count(*) FILTER (WHERE state = 'dead'), count(sealed) FROM mail_job`).Scan(&waiting, &sent, &dead, &sealed)
	if err != nil {
		t.Fatal(err)
	}
	return waiting, sent, dead, sealed
}

func TestClaimInOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := posted(t, where(t), 3)
		want := []Job{
			{otp.Letter{ID: "0", Kind: "otp", Sealed: []byte{0, 0xff}}, 1},
			{otp.Letter{ID: "1", Kind: "otp", Sealed: []byte{1, 0xff}}, 1},
		}
		if diff := cmp.Diff(want, claim(t, s, noon, 2)); diff != "" {
			t.Errorf("first claim (-want +got):\n%s", diff)
		}
		if got := claim(t, s, noon, 5); len(got) != 1 || got[0].ID != "2" {
			t.Errorf("second claim: %v", got)
		}
		if got := claim(t, s, noon, 5); len(got) != 0 {
			t.Errorf("third claim: %v", got)
		}
	})
}

// Many senders at once get each letter once.
func TestClaimIsExclusive(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := posted(t, where(t), 100)
		var mu sync.Mutex
		seen := map[string]int{}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				jobs, err := s.Outbox().Claim(t.Context(), noon, 7, time.Minute)
				if err != nil {
					t.Errorf("Claim: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, j := range jobs {
					seen[j.ID]++
				}
			})
		}
		wg.Wait()
		for id, n := range seen {
			if n != 1 {
				t.Errorf("letter %s was given %d times", id, n)
			}
		}
		if len(seen) != 100 {
			t.Errorf("%d letters of 100 were given", len(seen))
		}
	})
}

// A letter of a sender that died comes again after its lease, also after a restart.
func TestLeaseRunsOut(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		path := where(t)
		s := openAt(t, path)
		if err := s.Codes().Save(t.Context(), otp.Sheet{Session: "s"}, nil, []otp.Letter{{ID: "0"}}, nil); err != nil {
			t.Fatal(err)
		}
		lost := claim(t, s, noon, 1)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, path)
		if got := claim(t, s, noon.Add(time.Minute-1*time.Millisecond), 1); len(got) != 0 {
			t.Errorf("within the lease: %v", got)
		}
		got := claim(t, s, noon.Add(time.Minute), 1)
		if len(got) != 1 || got[0].Tries != 2 {
			t.Fatalf("after the lease: %v", got)
		}
		if dead, err := s.Outbox().Fail(t.Context(), lost[0], noon, true); dead || err != nil {
			t.Errorf("Fail of who lost the lease: %v, %v", dead, err)
		}
		if again := claim(t, s, noon.Add(90*time.Second), 1); len(again) != 0 {
			t.Errorf("who lost the lease gave the letter away: %v", again)
		}
	})
}

func TestDoneForgetsWhatWasSealed(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := posted(t, where(t), 2)
		claim(t, s, noon, 1)
		for range 2 { // a second time is no harm
			if err := s.Outbox().Done(t.Context(), "0"); err != nil {
				t.Fatal(err)
			}
		}
		if w, sent, dead, sealed := counts(t, s); w != 1 || sent != 1 || dead != 0 || sealed != 1 {
			t.Errorf("%d waiting, %d sent, %d dead, %d sealed", w, sent, dead, sealed)
		}
		if got := claim(t, s, noon.Add(time.Hour), 5); len(got) != 1 || got[0].ID != "1" {
			t.Errorf("claimed afterwards: %v", got)
		}
	})
}

// The pauses grow; the last failure ends it and forgets what was sealed.
func TestFailBacksOffAndDies(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := posted(t, where(t), 1)
		now, pause := noon, firstDelay
		for try := 1; try <= maxTries; try++ {
			jobs := claim(t, s, now, 1)
			if len(jobs) != 1 || jobs[0].Tries != try {
				t.Fatalf("try %d: claimed %v", try, jobs)
			}
			dead, err := s.Outbox().Fail(t.Context(), jobs[0], now, false)
			if dead != (try == maxTries) || err != nil {
				t.Errorf("try %d: dead %v, %v", try, dead, err)
			}
			if got := claim(t, s, now.Add(pause-time.Millisecond), 1); len(got) != 0 {
				t.Errorf("try %d: due again too early", try)
			}
			now, pause = now.Add(pause), 2*pause
		}
		if got := claim(t, s, now.Add(24*time.Hour), 1); len(got) != 0 {
			t.Errorf("a dead letter was claimed: %v", got)
		}
		if w, sent, dead, sealed := counts(t, s); w != 0 || sent != 0 || dead != 1 || sealed != 0 {
			t.Errorf("%d waiting, %d sent, %d dead, %d sealed", w, sent, dead, sealed)
		}
	})
}

func TestHopelessLetterDiesAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := posted(t, where(t), 1)
		if dead, err := s.Outbox().Fail(t.Context(), claim(t, s, noon, 1)[0], noon, true); !dead || err != nil {
			t.Errorf("Fail = %v, %v; want dead", dead, err)
		}
		if w, sent, dead, sealed := counts(t, s); w != 0 || sent != 0 || dead != 1 || sealed != 0 {
			t.Errorf("%d waiting, %d sent, %d dead, %d sealed", w, sent, dead, sealed)
		}
	})
}

// A letter that belongs to no other write waits as any other.
func TestPut(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := openAt(t, where(t))
		l := otp.Letter{ID: "0", Kind: "account-held", Sealed: []byte{1}}
		if err := s.Outbox().Put(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Job{{l, 1}}, claim(t, s, noon, 5)); diff != "" {
			t.Errorf("claimed (-want +got):\n%s", diff)
		}
	})
}
