package recovery

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/second"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// A world is a server's database with its second place, real ones both, and the
// deciders over them.
type world struct {
	testing.TB
	dir    string
	where  string // the database
	beside string // the second place
	place  *second.Place
	mirror *second.Mirror
	store  *store.Store
	keys   *keyshare.Service
	locks  *lock.Ledger
	people *account.Service
	seal   [2]sealer

	mu  sync.Mutex
	now time.Time
	cut error // the second place cannot be written
}

// everywhere runs a test with two databases of each engine.
func everywhere(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newWorld(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, newWorldIn(t, t.TempDir(), postgresql(t), cluster.Database(t))) })
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dir := t.TempDir()
	return newWorldIn(t, dir, filepath.Join(dir, "tunnus.db"), filepath.Join(dir, "second.db"))
}

func newWorldIn(t testing.TB, dir, where, beside string) *world {
	t.Helper()
	w := &world{TB: t, dir: dir, where: where, beside: beside, now: time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)}
	for i := range w.seal {
		block, err := aes.NewCipher(append(draw(), draw()...)[:32])
		w.must(err)
		gcm, err := cipher.NewGCMWithRandomNonce(block)
		w.must(err)
		w.seal[i] = sealer{gcm}
	}
	var err error
	w.place, err = second.Open(t.Context(), w.beside)
	w.must(err)
	t.Cleanup(func() { _ = w.place.Close() })
	w.open()
	t.Cleanup(func() { _ = w.store.Close() })
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// open starts the server, without the check of a start.
func (w *world) open() {
	w.Helper()
	w.mirror = second.NewMirror(w.place)
	to := Sink(w.mirror)
	s, err := store.Open(context.Background(), w.where, engine.CopyTo(func(ctx context.Context, c []engine.Copy) error {
		if w.cut != nil {
			return w.cut
		}
		return to(ctx, c)
	}))
	w.must(err)
	w.store = s
	w.keys, err = keyshare.New(keyshare.Config{
		Store: s.Keyshare(), Clock: w, SealVOPRF: w.seal[0], SealModulus: w.seal[1],
		Formats: map[string]keyshare.Format{"echo": echo{}},
	})
	w.must(err)
	w.locks = lock.New(s.Ledger(), scheme.Nordic().Judgement, tunnus.NewSecret(make([]byte, 32)), w)
	w.people = account.NewService(s.Accounts(), w)
}

// recovery is that of the database as it is open now.
func (w *world) recovery() *Recovery {
	ks := w.store.Keyshare()
	return New(Config{
		Database: w.store.Database(), Place: w.place, Mirror: w.mirror, Clock: w, Kinds: copies.Kinds(),
		Keys: restore.New(ks.Keys, ks.Evaluations, ks.Restores, w),
	})
}

// backup copies the database, as it is, and returns what puts it back.
func (w *world) backup() (restore func()) {
	w.Helper()
	if w.postgres() {
		return w.backupPostgreSQL()
	}
	path := filepath.Join(w.dir, "backup.db")
	writer, _ := w.store.Database().Raw()
	_, err := writer.Exec("VACUUM INTO ?", path)
	w.must(err)
	return func() {
		w.Helper()
		for _, more := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(w.where + more); err != nil && !errors.Is(err, os.ErrNotExist) {
				w.Fatal(err)
			}
		}
		b, err := os.ReadFile(path)
		w.must(err)
		w.must(os.WriteFile(w.where, b, 0o600))
	}
}

// putBack stops the server, puts the backup in the database's place, and starts.
func (w *world) putBack(restore func()) {
	w.Helper()
	w.must(w.store.Close())
	restore()
	w.open()
}

type sealer struct{ cipher.AEAD }

func (s sealer) Seal(plain, aad []byte) ([]byte, error) {
	return s.AEAD.Seal(nil, nil, plain, aad), nil
}

func (s sealer) Open(sealed, aad []byte) ([]byte, error) { return s.AEAD.Open(nil, nil, sealed, aad) }

type echo struct{}

func (echo) Payload(record, answer []byte) ([]byte, error) {
	return append(append([]byte{}, record...), answer...), nil
}

func (echo) Signs(splitkey.Purpose, splitkey.Padding) bool { return true }

func (echo) Shown(record, answer []byte) (text, service, code string, err error) {
	return "Pay 10", "Shop", "1234", nil
}

// A phone has one key.
type phone struct {
	*world
	hk      *ecdsa.PrivateKey
	id      splitkey.Identity
	oneTime []byte
	thumb   string
}

// half is made once: it costs half a second. Several phones must not share it.
func (w *world) phone() *phone {
	w.Helper()
	half, err := splitkey.Generate()
	w.must(err)
	p := &phone{world: w}
	p.hk, err = device.GenerateKey()
	w.must(err)
	spki, err := device.Public(p.hk)
	w.must(err)
	p.thumb = device.Thumbprint(spki)
	m := &splitkey.Begin{Purpose: splitkey.Login, Modulus: half.Modulus(), Nonce: draw()}
	p.id = splitkey.Identity{Purpose: m.Purpose, Generation: 1, Modulus: m.Modulus}
	m.Proof, err = half.Prove(splitkey.StepBegin, p.id, []byte(p.thumb), m.Nonce)
	w.must(err)
	b, err := w.keys.Begin(context.Background(), p.signed(m))
	w.must(err)
	p.id.Key, p.id.Public, p.oneTime = b.Key, b.Public, b.OneTime
	nonce := draw()
	proof, err := half.Prove(splitkey.StepConfirm, p.id, p.id.Public, nonce)
	w.must(err)
	w.must(w.keys.Confirm(context.Background(), p.signed(&splitkey.Confirm{Key: p.id.Key, Generation: 1, Nonce: nonce, Proof: proof})))
	_, err = w.keys.AssignModulus(context.Background(), p.id.Key)
	w.must(err)
	return p
}

func draw() []byte {
	b := make([]byte, splitkey.NonceSize)
	_, _ = rand.Read(b)
	return b
}

func (p *phone) signed(m splitkey.Message) device.Signed {
	p.Helper()
	body, err := splitkey.Encode(m)
	p.must(err)
	r, err := device.Sign(p.hk, device.Request{Method: "POST", Path: "/v1/keys", Counter: 1, Body: body})
	p.must(err)
	return r
}

// try types a PIN: it is charged, and never followed by its share.
func (p *phone) try() error {
	p.Helper()
	t, err := p.keys.Offer(context.Background(), keyshare.OfferRequest{
		KeyID: p.id.Key, Kind: "echo", Record: []byte("pay"), Hash: splitkey.SHA3512, ExpiresAt: p.Now().Add(5 * time.Minute),
	})
	if err != nil {
		return err
	}
	_, blinded, err := splitkey.Blind(p.id, []byte("4711"))
	p.must(err)
	e, err := p.keys.Evaluate(context.Background(), p.signed(&splitkey.Evaluate{
		Key: p.id.Key, Generation: p.id.Generation, Transaction: t.ID, Freshness: t.Freshness,
		Blinded: blinded, OneTime: p.oneTime, Nonce: draw(),
	}))
	if err == nil {
		p.oneTime = e.OneTime
	}
	return err
}

// left is how many tries the server says are left; -1 if the key is locked.
func (p *phone) left() int {
	p.Helper()
	v, err := p.keys.Key(context.Background(), p.id.Key)
	p.must(err)
	if v.Tries.LockedUntil != nil || v.Tries.Permanent {
		return -1
	}
	return v.Tries.Left
}

// person makes an account on a phone, active, with a certificate.
func (p *phone) person(code, serial string) account.Account {
	p.Helper()
	who, err := tunnus.ParsePersonCode("XX", code)
	for i := 0; err != nil && i < 10; i++ { // the check digit
		who, err = tunnus.ParsePersonCode("XX", code[:len(code)-1]+fmt.Sprint(i))
	}
	p.must(err)
	a, err := p.people.Create(context.Background(), account.Holder{
		Person: who, Surname: "Utopian", GivenNames: "Ada", Level: tunnus.Qualified, Device: p.thumb, LoginKey: p.id.Key, SignKey: "s" + p.id.Key,
	})
	p.must(err)
	a, err = p.people.Apply(context.Background(), a.ID, account.Activate, "")
	p.must(err)
	_, err = p.store.Certificates().Intend(context.Background(), issue.Row{
		Serial: serial, Request: serial, Account: a.ID, Purpose: "login", Level: tunnus.Qualified, Key: []byte(serial), TBS: []byte{1}, Intent: p.Now(),
	}, nil)
	p.must(err)
	p.must(p.store.Certificates().Issued(context.Background(), serial, []byte{0x30}, p.Now(), []tunnus.Event{{At: p.Now(), Kind: "cert.issued", Subject: a.ID}}))
	return a
}

// fail charges an attempt of a document, and lets it fail.
func (w *world) fail(key lock.Key, attempt string) {
	w.Helper()
	_, err := w.locks.Charge(context.Background(), key, attempt, false)
	w.must(err)
	_, err = w.locks.Close(context.Background(), key, attempt, lock.Failed, tunnus.CodeFaceNoMatch)
	w.must(err)
}

func (w *world) lockState(key lock.Key) lock.State {
	w.Helper()
	s, err := w.locks.State(context.Background(), key)
	w.must(err)
	return s
}

func openPlace(w *world) (*second.Place, error) {
	return second.Open(context.Background(), w.beside)
}

func contains(c second.Copy, text string) bool {
	return bytes.Contains(c.Body, []byte(text)) || strings.Contains(c.ID, text)
}

// sameAsDatabase checks that the second place has all that the database would
// leave there now.
func (w *world) sameAsDatabase(t *testing.T) {
	t.Helper()
	r := w.recovery()
	checked := 0
	p := &pushing{r: r, ctx: t.Context()}
	want := second.NewMirror(w.place)
	p.r = New(Config{Database: r.cfg.Database, Place: r.cfg.Place, Mirror: want, Clock: w, Kinds: copies.Kinds()})
	collect := func(c second.Copy) {
		have, err := w.place.Get(t.Context(), c.Kind, c.ID)
		if checked++; err != nil || have.Rev < c.Rev {
			t.Errorf("%s %s: the second place has revision %d, the database %d, %v", c.Kind, c.ID, have.Rev, c.Rev, err)
		}
	}
	w.must(p.everything())
	for _, c := range p.buf {
		collect(c)
	}
	if checked == 0 {
		t.Error("nothing was compared")
	}
}
