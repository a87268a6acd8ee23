package trust_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tiles"
	"github.com/tunnus-id/tunnus/trust/tlog"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

// A world is a database with its log.
type world struct {
	*store.Store
	dir  string
	key  proof.Key
	feed *tlog.Feeder
	log  *tlog.Log
}

func newWorld(t testing.TB, where string) *world {
	t.Helper()
	s, err := store.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w := &world{Store: s, dir: filepath.Join(t.TempDir(), "log")}
	by, text, err := folder.NewSigner("tunnus-demo/log", ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if w.key, err = proof.ParseKey(text); err != nil {
		t.Fatal(err)
	}
	w.feed = tlog.NewFeeder(tlog.Config{
		Store: s.Log(), Lines: s.Log(), Clock: tunnus.SystemClock{},
		Open: func(ctx context.Context) (tlog.Tree, error) { return folder.Open(ctx, w.dir, by) },
	})
	t.Cleanup(func() { _ = w.feed.Close() })
	w.log = tlog.NewLog(s.Log(), folder.Read(w.dir), w.key)
	return w
}

func everywhere(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newWorld(t, filepath.Join(t.TempDir(), "tunnus.db"))) })
	t.Run("postgres", func(t *testing.T) { test(t, newWorld(t, cluster.Database(t))) })
}

func (w *world) write(t testing.TB, kind, subject string, details map[string]string) {
	t.Helper()
	err := w.Certificates().Record(t.Context(), []tunnus.Event{{At: time.Now(), Kind: kind, Subject: subject, Detail: details}})
	if err != nil {
		t.Fatal(err)
	}
}

// published feeds what waits, and closes, which publishes a checkpoint.
func (w *world) published(t testing.TB) {
	t.Helper()
	if _, err := w.feed.Feed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.feed.Close(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) verify(t testing.TB) tiles.Report {
	t.Helper()
	var records bytes.Buffer
	if _, err := tlog.Export(t.Context(), w.Log(), &records); err != nil {
		t.Fatal(err)
	}
	r, err := tiles.Check(os.DirFS(w.dir), tiles.Options{Key: w.key, Lines: tiles.NewLines(&records)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// While four write, one feeds: no line is missed, none enters twice.
func TestFeedBesideWriters(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		const each = 150
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for j := range each {
					w.write(t, "kind", fmt.Sprint("case-", i, "-", j), nil)
				}
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		for over := false; !over; {
			select {
			case <-done:
				over = true
			default:
			}
			if _, err := w.feed.Feed(t.Context()); err != nil {
				t.Error(err)
			}
		}
		w.published(t)
		if r := w.verify(t); !r.Sound() || r.Records != 4*each {
			t.Errorf("%d records of %d, %v", r.Records, 4*each, r.Faults)
		}
	})
}

// The holder's proof: this certificate was logged (A2), and not before it was.
func TestCertificateIsLogged(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		der := []byte("a certificate")
		sum := sha256.Sum256(der)
		w.published(t)
		w.write(t, "cert.intent", "acc", nil)
		w.write(t, "cert.issued", "acc", map[string]string{"serial": "01", "sha256": hex.EncodeToString(sum[:])})
		if ok, err := w.log.Logged(t.Context(), "acc", der); ok || err != nil {
			t.Errorf("Logged before it is: %v, %v", ok, err)
		}
		w.published(t)
		p, err := w.log.Certificate(t.Context(), "acc", der)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := proof.Certificate(der, p, w.key); err != nil || got.Serial != "01" {
			t.Errorf("%+v, %v", got, err)
		}
		for _, other := range []struct{ account, der string }{{"acc", "another"}, {"other", string(der)}} {
			if ok, err := w.log.Logged(t.Context(), other.account, []byte(other.der)); ok || err != nil {
				t.Errorf("Logged(%q, %q) = %v, %v", other.account, other.der, ok, err)
			}
		}
	})
}

// A1: what is erased cannot be read any more, is still proved, and is told as erased.
func TestErasedLinesAreStillProved(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for i := range 5 {
			w.write(t, "kind", fmt.Sprint("case-", i%2), nil)
		}
		w.published(t)
		if err := w.Audit().Erase(t.Context(), "case-1"); err != nil {
			t.Fatal(err)
		}
		for i := range uint64(5) {
			p, err := w.log.Proof(t.Context(), i)
			if err != nil || p.Erased() != (i%2 == 1) {
				t.Errorf("line %d: erased %v, %v", i, p.Erased(), err)
			}
		}
		if r := w.verify(t); !r.Sound() || r.Records != 3 || r.Erased != 2 {
			t.Errorf("%+v", r)
		}
	})
}

// An operator with all rights on the database changes it: the log knows better.
func TestTamperedDatabase(t *testing.T) {
	for change, says := range map[string]string{
		"UPDATE audit_line SET record = CAST(replace(CAST(record AS text), 'case-3', 'case-9') AS blob) WHERE log_index = 3": "record of line 3 was changed",
		"DELETE FROM audit_line WHERE log_index = 3": "Line 3 is in the log, and there is no record",
		"UPDATE audit_line SET log_index = CASE log_index WHEN 3 THEN 104 WHEN 4 THEN 103 END WHERE log_index IN (3, 4)":                                                   "Line 3 is in the log, and there is no record",
		"UPDATE audit_line SET record = (SELECT record FROM audit_line WHERE log_index = 4), salt = (SELECT salt FROM audit_line WHERE log_index = 4) WHERE log_index = 3": "record of line 3 was changed",
	} {
		w := newWorld(t, filepath.Join(t.TempDir(), "tunnus.db"))
		for i := range 8 {
			w.write(t, "kind", fmt.Sprint("case-", i), nil)
		}
		w.published(t)
		writer, _ := w.Database().Raw()
		for _, trigger := range []string{"audit_line_keep_leaf", "audit_line_erase_only", "audit_line_no_delete", "audit_line_placed_once"} {
			if _, err := writer.Exec("DROP TRIGGER " + trigger); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := writer.Exec(change); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(change, "104") {
			if _, err := writer.Exec("UPDATE audit_line SET log_index = log_index - 100 WHERE log_index > 100"); err != nil {
				t.Fatal(err)
			}
			says = "Line 3 is not the one that was logged"
		}
		if r := w.verify(t); r.Sound() || !strings.Contains(strings.Join(r.Faults, " "), says) {
			t.Errorf("%s: %q; want %q", change, r.Faults, says)
		}
	}
}

// Lines each second, from the rows into the log and their places back.
func BenchmarkFeed(b *testing.B) {
	run := func(b *testing.B, where string) {
		w := newWorld(b, where)
		n, fed := 4096, 0
		var took time.Duration
		for b.Loop() {
			events := make([]tunnus.Event, n)
			for i := range events {
				events[i] = tunnus.Event{At: time.Now(), Kind: "kind", Subject: fmt.Sprint("case-", i)}
			}
			if err := w.Certificates().Record(b.Context(), events); err != nil {
				b.Fatal(err)
			}
			began := time.Now()
			got, err := w.feed.Feed(b.Context())
			if err != nil || got != n {
				b.Fatal(got, err)
			}
			took += time.Since(began)
			fed += n
		}
		b.ReportMetric(float64(fed)/took.Seconds(), "lines/s")
	}
	b.Run("sqlite", func(b *testing.B) { run(b, filepath.Join(b.TempDir(), "tunnus.db")) })
	b.Run("postgres", func(b *testing.B) { run(b, cluster.Database(b)) })
}
