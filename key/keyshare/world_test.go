package keyshare

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// testHalves are made once: each costs half a second.
var testHalves = sync.OnceValues(func() (phone, server *splitkey.Half) {
	phone, err1 := splitkey.Generate()
	server, err2 := splitkey.Generate()
	if err := errors.Join(err1, err2); err != nil {
		panic(err)
	}
	return phone, server
})

// echo is a format that signs record and answer, and refuses one answer.
type echo struct{}

func (echo) Payload(record, answer []byte) ([]byte, error) {
	if string(answer) == "not allowed" {
		return nil, errors.New("echo: not allowed")
	}
	return sealed.Place("echo", string(record), string(answer)), nil
}

func (echo) Signs(splitkey.Purpose, splitkey.Padding) bool { return true }

func (echo) Shown(record, answer []byte) (text, service, code string, err error) {
	return "Pay 10", "Shop", "1234", nil
}

type testSealer struct{ cipher.AEAD }

func newTestSealer(t testing.TB) testSealer {
	t.Helper()
	block, err := aes.NewCipher(draw(32))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	return testSealer{gcm}
}

func (s testSealer) Seal(plain, aad []byte) ([]byte, error) {
	return s.AEAD.Seal(nil, nil, plain, aad), nil
}

func (s testSealer) Open(sealed, aad []byte) ([]byte, error) {
	return s.AEAD.Open(nil, nil, sealed, aad)
}

// A world is a server and one phone with a key that signs.
type world struct {
	testing.TB
	*Service
	store *fakeStore
	ctx   context.Context
	mu    sync.Mutex
	now   time.Time

	hk      *ecdsa.PrivateKey
	half    *splitkey.Half
	id      splitkey.Identity
	oneTime []byte
	nonce   []byte // of the newest try
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := emptyWorld(t)
	w.enrol()
	return w
}

// emptyWorld is a world whose phone has no key yet.
func emptyWorld(t testing.TB) *world {
	t.Helper()
	phone, server := testHalves()
	w := &world{TB: t, store: newFakeStore(), ctx: context.Background(), half: phone, now: time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)}
	s, err := New(Config{
		Store: Store{w.store, w.store, w.store, w.store, w.store, w.store}, Clock: tunnus.ClockFunc(w.clock),
		Formats: map[string]Format{"echo": echo{}}, SealVOPRF: newTestSealer(t), SealModulus: newTestSealer(t),
	})
	w.must(err)
	w.Service = s
	record, err := sealed.Half(s.SealModulus, server)
	w.must(err)
	w.must(w.store.Add(w.ctx, Pooled{Modulus: server.Modulus(), SealedHalf: record}))
	w.hk, err = device.GenerateKey()
	w.must(err)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// want demands the code of a failure, "" for none.
func (w *world) want(err error, code tunnus.Code) {
	w.Helper()
	if got := tunnus.CodeOf(err); got != code {
		w.Fatalf("got %v; want %q", err, code)
	}
}

// signed signs a message with the device key.
func (w *world) signed(m splitkey.Message) device.Signed {
	w.Helper()
	body, err := splitkey.Encode(m)
	w.must(err)
	r, err := device.Sign(w.hk, device.Request{Method: "POST", Path: "/v1/keys", Counter: 1, Body: body})
	w.must(err)
	return r
}

func (w *world) beginMessage() *splitkey.Begin {
	w.Helper()
	spki, err := device.Public(w.hk)
	w.must(err)
	m := &splitkey.Begin{Purpose: splitkey.Login, Modulus: w.half.Modulus(), Nonce: draw(splitkey.NonceSize)}
	id := splitkey.Identity{Purpose: m.Purpose, Generation: 1, Modulus: m.Modulus}
	m.Proof, err = w.half.Prove(splitkey.StepBegin, id, []byte(device.Thumbprint(spki)), m.Nonce)
	w.must(err)
	return m
}

func (w *world) begin() {
	w.Helper()
	m := w.beginMessage()
	b, err := w.Begin(w.ctx, w.signed(m))
	w.must(err)
	w.id = splitkey.Identity{Key: b.Key, Purpose: m.Purpose, Generation: b.Generation, Modulus: m.Modulus, Public: b.Public}
	w.oneTime = b.OneTime
}

func (w *world) confirmMessage() *splitkey.Confirm {
	w.Helper()
	nonce := draw(splitkey.NonceSize)
	proof, err := w.half.Prove(splitkey.StepConfirm, w.id, w.id.Public, nonce)
	w.must(err)
	return &splitkey.Confirm{Key: w.id.Key, Generation: 1, Nonce: nonce, Proof: proof}
}

func (w *world) enrol() {
	w.Helper()
	w.begin()
	w.must(w.Confirm(w.ctx, w.signed(w.confirmMessage())))
	_, err := w.AssignModulus(w.ctx, w.id.Key)
	w.must(err)
}

func (w *world) offer() Transaction {
	w.Helper()
	t, err := w.Offer(w.ctx, OfferRequest{
		KeyID: w.id.Key, Kind: "echo", Record: []byte("pay"), Hash: splitkey.SHA3512, ExpiresAt: w.clock().Add(5 * time.Minute),
	})
	w.must(err)
	return t
}

func (w *world) evaluateMessage(t Transaction) *splitkey.Evaluate {
	w.Helper()
	_, blinded, err := splitkey.Blind(w.id, []byte("4711"))
	w.must(err)
	return &splitkey.Evaluate{
		Key: w.id.Key, Generation: w.id.Generation, Transaction: t.ID, Freshness: t.Freshness,
		Blinded: blinded, OneTime: w.oneTime, Nonce: draw(splitkey.NonceSize),
	}
}

// try is one try of a PIN; whether it was right is known only by what follows.
func (w *world) try(t Transaction) (splitkey.Evaluation, error) {
	w.Helper()
	m := w.evaluateMessage(t)
	e, err := w.Evaluate(w.ctx, w.signed(m))
	if err == nil {
		w.oneTime, w.nonce = e.OneTime, m.Nonce
	}
	return e, err
}

// wrong is n tries with a wrong PIN.
func (w *world) wrong(n int) {
	w.Helper()
	for range n {
		t := w.offer()
		_, err := w.try(t)
		w.must(err)
		w.must(w.Cancel(w.ctx, t.ID))
	}
}

func (w *world) completeMessage(t Transaction) *splitkey.Complete {
	w.Helper()
	answer := []byte("challenge")
	payload, err := echo{}.Payload(t.Record, answer)
	w.must(err)
	em, err := t.Padding.Encode(t.Hash, t.Hash.Sum(payload), t.Salt)
	w.must(err)
	share, err := w.half.Share(em)
	w.must(err)
	text := sha256.Sum256([]byte("Pay 10"))
	return &splitkey.Complete{
		Key: w.id.Key, Generation: w.id.Generation, Transaction: t.ID, Evaluation: w.nonce, OneTime: w.oneTime, Share: share, Answer: answer,
		Approval: splitkey.Approval{TextHash: text[:], Service: "Shop", Digest: t.Hash.Sum(payload), CodeShown: "1234"},
	}
}

// sign is the whole way for a transaction, with the right PIN.
func (w *world) sign(t Transaction) (Outcome, error) {
	w.Helper()
	if _, err := w.try(t); err != nil {
		return Outcome{}, err
	}
	return w.Complete(w.ctx, w.signed(w.completeMessage(t)))
}

// charges counts the tries that stand unconfirmed.
func (w *world) charges() int {
	w.Helper()
	k, err := w.store.Key(w.ctx, w.id.Key)
	w.must(err)
	return k.Unconfirmed
}

// left reads how many tries are left.
func (w *world) left() int {
	w.Helper()
	v, err := w.Service.Key(w.ctx, w.id.Key)
	w.must(err)
	return v.Tries.Left
}
