package store

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/door"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/recovery"
	"github.com/tunnus-id/tunnus/store/second"
)

// BenchmarkSignFlow is the way of a signature through HTTP and the database:
// Offer, Evaluate, Complete, with the device's signature on both requests, both
// kept for a repeat, and every commit durable. What the phone works out is done
// before: its blinded PIN and its half signature.
func BenchmarkSignFlow(b *testing.B) {
	alone := 0.0
	b.Run("sqlite", func(b *testing.B) { alone = signFlow(b, openAt(b, b.TempDir()+"/tunnus.db")) })
	b.Run("sqlite-second-place", func(b *testing.B) {
		both := signFlow(b, openBeside(b, b.TempDir()+"/tunnus.db"))
		if alone > 0 {
			b.ReportMetric(both/alone, "x-of-sqlite")
		}
	})
	b.Run("postgres", func(b *testing.B) { signFlow(b, openAt(b, cluster.Database(b))) })
}

// openBeside opens a store with a second place on the same disk: each commit that
// counts is durable in both before anybody is answered.
func openBeside(b *testing.B, where string) *Store {
	b.Helper()
	place, err := second.Open(b.Context(), where+".second")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = place.Close() })
	s, err := Open(b.Context(), where, engine.CopyTo(recovery.Sink(second.NewMirror(place))))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// holders is how many people sign at the same time, one signature after the other.
const holders = 12

// signFlow returns how many seconds one took.
func signFlow(b *testing.B, s *Store) float64 {
	f := newFlows(b, s)
	todo := make(chan struct{})
	times := make([][]time.Duration, holders)
	var all sync.WaitGroup
	var ready sync.WaitGroup
	for _, half := range halves { // side by side
		ready.Go(func() { _, _ = half() })
	}
	ready.Wait()
	for i := range holders {
		h := f.newHolder(b, i)
		all.Go(func() {
			for range todo {
				began := time.Now()
				if err := h.sign(b.Context()); err != nil {
					b.Error(err)
				}
				times[i] = append(times[i], time.Since(began))
			}
		})
	}
	before := cpu(b)
	for b.Loop() {
		todo <- struct{}{}
	}
	close(todo)
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "flows/s")
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	sorted := slices.Sorted(slices.Values(slices.Concat(times...)))
	b.ReportMetric(float64(sorted[len(sorted)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(sorted[len(sorted)*99/100].Microseconds())/1000, "p99-ms")
	return b.Elapsed().Seconds() / float64(b.N)
}

// cpu is what this process has used, the phones' part too; PostgreSQL has its own.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Signatures that go on while others do: each is there, whole.
func TestSignFlow(t *testing.T) {
	empty(t, func(t *testing.T, where string) {
		f := newFlows(t, openAt(t, where))
		var all sync.WaitGroup
		for i := range 3 {
			h := f.newHolder(t, i)
			all.Go(func() {
				for range 3 {
					if err := h.sign(t.Context()); err != nil {
						t.Error(err)
					}
				}
				out, err := f.keys.Outcome(t.Context(), h.txn)
				if err != nil || out.State != keyshare.Signed || len(out.Signature) != splitkey.ProductSize {
					t.Errorf("outcome: %s, %d bytes, %v", out.State, len(out.Signature), err)
				}
			})
		}
		all.Wait()
	})
}

// halves are made once, when they are asked for: each costs half a second.
var halves = func() (out [2 * holders]func() (*splitkey.Half, error)) {
	for i := range out {
		out[i] = sync.OnceValues(splitkey.Generate)
	}
	return out
}()

// flows is a server as far as keys need it.
type flows struct {
	keys  *keyshare.Service
	store *Store
	seal  gcm
	web   *httptest.Server
}

// replied are the replies of a store, sealed, in the words of the app's server.
type replied struct {
	*Replies
	seal gcm
}

func (r replied) Get(ctx context.Context, session string, counter int64) (server.Reply, bool, error) {
	v, ok, err := r.Replies.Get(ctx, session, counter)
	if err == nil && ok {
		v.Body, err = r.seal.Open(v.Body, nil)
	}
	return server.Reply(v), ok, err
}

func (r replied) Put(ctx context.Context, session string, counter int64, v server.Reply) (err error) {
	if v.Body, err = r.seal.Seal(v.Body, nil); err != nil {
		return err
	}
	return r.Replies.Put(ctx, session, counter, Reply(v))
}

type started struct{ *AppSessions }

func (s started) Create(ctx context.Context, v server.Session) error {
	return s.AppSessions.Create(ctx, AppSession(v))
}

func (s started) Get(ctx context.Context, id string) (server.Session, error) {
	v, err := s.AppSessions.Get(ctx, id)
	return server.Session(v), err
}

func (s started) EndOlder(ctx context.Context, v server.Session) error {
	return s.AppSessions.EndOlder(ctx, AppSession(v))
}

// gcm seals with AES-256-GCM.
type gcm struct{ cipher.AEAD }

func (g gcm) Seal(plain, aad []byte) ([]byte, error)  { return g.AEAD.Seal(nil, nil, plain, aad), nil }
func (g gcm) Open(sealed, aad []byte) ([]byte, error) { return g.AEAD.Open(nil, nil, sealed, aad) }

// plainText is a kind of transaction that signs what is shown, but for what stands
// behind a #: records of one text, whose share the phone has worked out before. No
// real kind may do that.
type plainText struct{}

func (plainText) Signs(splitkey.Purpose, splitkey.Padding) bool { return true }

func (plainText) Payload(record, _ []byte) ([]byte, error) {
	text, _, _ := bytes.Cut(record, []byte("#"))
	return text, nil
}

func (plainText) Shown(_, _ []byte) (text, service, code string, err error) {
	return "Sign this", "Service", "1234", nil
}

func newFlows(t testing.TB, s *Store) *flows {
	t.Helper()
	block, err1 := aes.NewCipher(random(32))
	aead, err2 := cipher.NewGCMWithRandomNonce(block)
	f := &flows{store: s, seal: gcm{aead}}
	var err3 error
	f.keys, err3 = keyshare.New(keyshare.Config{
		Store: s.Keyshare(), Clock: tunnus.SystemClock{}, SealVOPRF: f.seal, SealModulus: f.seal,
		Formats: map[string]keyshare.Format{"text": plainText{}},
	})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	app := server.New(server.Config{
		Scheme: "tunnus-demo", Sessions: started{s.AppSessions()}, Replies: replied{s.Replies(), f.seal},
		Keys: door.Door{Keys: f.keys}, Clock: tunnus.SystemClock{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	f.web = httptest.NewServer(app.Routes())
	t.Cleanup(f.web.Close)
	return f
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
