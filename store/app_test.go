package store

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus"
)

func withSession(t testing.TB, where, id string) *Store {
	t.Helper()
	s := openAt(t, where)
	if err := s.AppSessions().Create(t.Context(), AppSession{ID: id}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAppSession(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := openAt(t, where(t))
		want := AppSession{
			ID: "s", DeviceKey: []byte{0, 1, 0xff}, Nonce: []byte("nonce"), Claims: []byte(`{"model":"x"}`),
			CreatedAt: time.UnixMilli(1_800_000_000_123).UTC(),
		}
		if err := s.AppSessions().Create(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := s.AppSessions().Get(t.Context(), "s")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Get: %v\n%s", err, diff)
		}
		wantCode(t, "the same id again", s.AppSessions().Create(t.Context(), want), tunnus.CodeStateConflict)
		_, err = s.AppSessions().Get(t.Context(), "other")
		wantCode(t, "another id", err, tunnus.CodeNotFound)
	})
}

// A new session ends the older ones of its device, with their replies, and no others.
func TestAppSessionEndsOlderOnes(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := openAt(t, where(t))
		at := time.UnixMilli(1_800_000_000_123).UTC()
		for id, v := range map[string]AppSession{
			"older": {DeviceKey: []byte{1}, CreatedAt: at.Add(-time.Minute)}, "together": {DeviceKey: []byte{1}, CreatedAt: at},
			"this": {DeviceKey: []byte{1}, CreatedAt: at}, "newer": {DeviceKey: []byte{1}, CreatedAt: at.Add(time.Minute)},
			"another's": {DeviceKey: []byte{2}, CreatedAt: at.Add(-time.Minute)},
		} {
			v.ID = id
			if err := s.AppSessions().Create(t.Context(), v); err != nil {
				t.Fatal(err)
			}
			if err := s.Replies().Put(t.Context(), id, 7, Reply{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.AppSessions().EndOlder(t.Context(), AppSession{ID: "this", DeviceKey: []byte{1}, CreatedAt: at}); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]tunnus.Code{"older": tunnus.CodeNotFound, "together": tunnus.CodeNotFound, "this": "", "newer": "", "another's": ""} {
			_, err := s.AppSessions().Get(t.Context(), id)
			wantCode(t, id, err, want)
			last, err := s.Replies().Last(t.Context(), id)
			if wantCode(t, id+"'s replies", err, want); want == "" && last != 7 {
				t.Errorf("%s: last %d", id, last)
			}
		}
	})
}

func TestReply(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := withSession(t, where(t), "s")
		r := s.Replies()
		if _, ok, err := r.Get(t.Context(), "s", 1); ok || err != nil {
			t.Errorf("before: %v, %v", ok, err)
		}
		if n, err := r.Last(t.Context(), "s"); n != 0 || err != nil {
			t.Errorf("before: last %d, %v", n, err)
		}
		want := Reply{Hash: []byte{1}, Status: 471, Body: []byte("no")}
		if err := r.Put(t.Context(), "s", 7, want); err != nil {
			t.Fatal(err)
		}
		got, ok, err := r.Get(t.Context(), "s", 7)
		if diff := cmp.Diff(want, got); diff != "" || !ok || err != nil {
			t.Errorf("Get: %v, %v\n%s", ok, err, diff)
		}
		if n, err := r.Last(t.Context(), "s"); n != 7 || err != nil {
			t.Errorf("last %d, %v; want 7", n, err)
		}
		_, err = r.Last(t.Context(), "other")
		wantCode(t, "Last of no session", err, tunnus.CodeNotFound)
	})
}

func TestReplyOfNoSessionIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		if err := openAt(t, where(t)).Replies().Put(t.Context(), "s", 1, Reply{}); err == nil {
			t.Error("a reply without its session was kept")
		}
	})
}

// Of many answers to one counter the first stands, and the others are told so.
func TestOneReplyACounter(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		r := withSession(t, where(t), "s").Replies()
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				err := r.Put(t.Context(), "s", 1, Reply{Status: i})
				if err == nil {
					won.Add(1)
				} else if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
					t.Errorf("Put: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 50 won", won.Load())
		}
	})
}

// A long session does not grow the table, and its old counters stay used.
func TestOldRepliesGoAndStayUsed(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := withSession(t, where(t), "s")
		r := s.Replies()
		for n := range int64(3 * Kept) {
			if err := r.Put(t.Context(), "s", n+1, Reply{}); err != nil {
				t.Fatal(err)
			}
		}
		var rows int
		if err := s.reader().QueryRow("SELECT count(*) FROM app_reply").Scan(&rows); err != nil || rows != Kept {
			t.Errorf("%d rows, %v; want %d", rows, err, Kept)
		}
		wantCode(t, "an old counter", r.Put(t.Context(), "s", Kept, Reply{}), tunnus.CodeStateConflict)
		wantCode(t, "the newest counter", r.Put(t.Context(), "s", 3*Kept, Reply{}), tunnus.CodeStateConflict)
	})
}

func TestReplySurvivesReopening(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		path := where(t)
		s := openAt(t, path)
		if err := s.AppSessions().Create(t.Context(), AppSession{ID: "s"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Replies().Put(t.Context(), "s", 1, Reply{Status: 200}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if v, ok, err := openAt(t, path).Replies().Get(t.Context(), "s", 1); !ok || err != nil || v.Status != 200 {
			t.Errorf("after opening again: %v, %v, %v", v, ok, err)
		}
	})
}
