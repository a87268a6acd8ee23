package store

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A holder is a phone with a key that signs one and the same text again and
// again, so that its part can be worked out before.
type holder struct {
	*flows
	hk      *ecdsa.PrivateKey
	id      splitkey.Identity
	oneTime []byte
	blinded []byte
	share   []byte
	text    []byte
	session string
	nonce   string
	counter uint64
	txn     string // the newest
}

// newHolder makes the key of the holder with a number.
func (f *flows) newHolder(t testing.TB, number int) *holder {
	t.Helper()
	h := &holder{flows: f, text: fmt.Appendf(nil, `{"text":"Sign this, %d"}`, number)}
	phone, err1 := halves[2*number]()
	other, err2 := halves[2*number+1]()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	record, err := sealed.Half(f.seal, other)
	if err == nil {
		err = f.store.Keyshare().Pool.Add(t.Context(), keyshare.Pooled{Modulus: other.Modulus(), SealedHalf: record, CreatedAt: time.Now()})
	}
	if err == nil {
		h.hk, err = device.GenerateKey()
	}
	if err == nil {
		err = h.enrol(t.Context(), phone)
	}
	if err == nil {
		err = h.start(t.Context())
	}
	if err == nil {
		_, h.blinded, err = splitkey.Blind(h.id, []byte("4711"))
	}
	var em []byte
	if err == nil {
		em, err = splitkey.PKCS1.Encode(splitkey.SHA512, splitkey.SHA512.Sum(h.text), nil)
	}
	if err == nil {
		h.share, err = phone.Share(em)
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *holder) enrol(ctx context.Context, phone *splitkey.Half) error {
	spki, err := device.Public(h.hk)
	if err != nil {
		return err
	}
	m := &splitkey.Begin{Purpose: splitkey.Signature, Modulus: phone.Modulus(), Nonce: random(splitkey.NonceSize)}
	h.id = splitkey.Identity{Purpose: m.Purpose, Generation: 1, Modulus: m.Modulus}
	if m.Proof, err = phone.Prove(splitkey.StepBegin, h.id, []byte(device.Thumbprint(spki)), m.Nonce); err != nil {
		return err
	}
	r, err := h.signed(wire.PathKeys, m)
	if err != nil {
		return err
	}
	begun, err := h.keys.Begin(ctx, r)
	if err != nil {
		return err
	}
	h.id.Key, h.id.Public, h.oneTime = begun.Key, begun.Public, begun.OneTime
	c := &splitkey.Confirm{Key: h.id.Key, Generation: 1, Nonce: random(splitkey.NonceSize)}
	if c.Proof, err = phone.Prove(splitkey.StepConfirm, h.id, h.id.Public, c.Nonce); err != nil {
		return err
	}
	if r, err = h.signed(wire.PathKeys, c); err != nil {
		return err
	}
	if err := h.keys.Confirm(ctx, r); err != nil {
		return err
	}
	_, err = h.keys.AssignModulus(ctx, h.id.Key)
	return err
}

func (h *holder) signed(path string, m splitkey.Message) (device.Signed, error) {
	body, err := splitkey.Encode(m)
	if err != nil {
		return device.Signed{}, err
	}
	h.counter++
	return device.Sign(h.hk, device.Request{Method: "POST", Path: path, Session: h.session, Counter: h.counter, Nonce: h.nonce, Body: body})
}

// start opens a session of the app.
func (h *holder) start(ctx context.Context) error {
	spki, err := device.Public(h.hk)
	if err != nil {
		return err
	}
	body, err := json.Marshal(wire.Start{DeviceKey: spki, AppVersion: "1", OS: "linux", OSVersion: "6", Model: "bench"})
	if err != nil {
		return err
	}
	var out wire.Started
	if err := h.call(ctx, wire.PathSessions, body, nil, &out); err != nil {
		return err
	}
	nonce, err := base64.RawURLEncoding.DecodeString(out.Nonce)
	h.session, h.nonce = device.SessionID(spki, nonce), out.Nonce
	return err
}

// send sends one message of the split key.
func (h *holder) send(ctx context.Context, m splitkey.Message, out any) error {
	r, err := h.signed(wire.PathKeys, m)
	if err != nil {
		return err
	}
	return h.call(ctx, wire.PathKeys, r.Request.Body, map[string]string{
		wire.HeaderSession: h.session, wire.HeaderCounter: strconv.FormatUint(h.counter, 10),
		wire.HeaderSignature: base64.RawURLEncoding.EncodeToString(r.Signature),
	}, out)
}

func (h *holder) call(ctx context.Context, path string, body []byte, headers map[string]string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.web.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	resp, err := h.web.Client().Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, resp.Status, raw)
	}
	return json.Unmarshal(raw, out)
}

// sign is the whole way of one signature.
func (h *holder) sign(ctx context.Context) error {
	t, err := h.keys.Offer(ctx, keyshare.OfferRequest{
		KeyID: h.id.Key, Kind: "text", Record: fmt.Appendf(bytes.Clone(h.text), "#%x", random(8)), Hash: splitkey.SHA512, Padding: splitkey.PKCS1,
		ExpiresAt: time.Now().Add(time.Minute),
	})
	if err != nil {
		return err
	}
	h.txn = t.ID
	try := &splitkey.Evaluate{
		Key: h.id.Key, Generation: 1, Transaction: t.ID, Freshness: t.Freshness,
		Blinded: h.blinded, OneTime: h.oneTime, Nonce: random(splitkey.NonceSize),
	}
	var e splitkey.Evaluation
	if err := h.send(ctx, try, &e); err != nil {
		return err
	}
	h.oneTime = e.OneTime
	shown := sha256.Sum256([]byte("Sign this"))
	return h.send(ctx, &splitkey.Complete{
		Key: h.id.Key, Generation: 1, Transaction: t.ID, Evaluation: try.Nonce, OneTime: h.oneTime, Share: h.share, Answer: []byte("{}"),
		Approval: splitkey.Approval{TextHash: shown[:], Service: "Service", Digest: splitkey.SHA512.Sum(h.text), CodeShown: "1234"},
	}, &splitkey.Completed{})
}
