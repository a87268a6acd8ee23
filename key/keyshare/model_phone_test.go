package keyshare

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/key/voprf"
)

// A handset is what an honest phone keeps durably, by the rules of
// doc/splitkey.md. What a blob is sealed by stands for the blob: the real one
// costs a fifth of a second. A copied phone is a second handset.
type handset struct {
	id      splitkey.Identity
	pin     string
	seal    []byte // hash of the hardened PIN
	oneTime []byte
	pending []byte // the message that is to be answered before any other
	next    *handset
	change  string // transaction of next

	session int // of the transport; 0 if the process has none yet
	counter uint64
}

func (h handset) copied() *handset {
	if h.next != nil {
		h.next = h.next.copied()
	}
	h.session = 0 // lives in the process, not in the file
	return &h
}

// errCrashed says that the phone's process died: what it had in memory is lost.
var errCrashed = errors.New("model: the phone crashed")

// send stores a message and sends it. An answer comes out, or a refusal; with
// errCrashed the message stays pending.
func (l *lab) send(h *handset, m splitkey.Message, out any) error {
	body, err := splitkey.Encode(m)
	l.must(err)
	h.pending = body
	return l.resend(h, out)
}

// recover is what a phone does at its start: the pending message first of all.
func (l *lab) recover(h *handset) error {
	for h.pending != nil {
		var head struct {
			Type string `json:"type"`
		}
		l.must(json.Unmarshal(h.pending, &head))
		switch head.Type {
		case splitkey.TypeEvaluate: // its blind is lost, and so the try
			if err := l.resend(h, &splitkey.Evaluation{}); errors.Is(err, errCrashed) {
				return err
			}
		case splitkey.TypeChangeConfirm:
			if err := l.turn(h, l.resend(h, &splitkey.Changed{})); errors.Is(err, errCrashed) {
				return err
			}
		default:
			if err := l.resend(h, nil); errors.Is(err, errCrashed) {
				return err
			}
		}
	}
	return nil
}

// turn is the end of a PIN change: the new blob takes the place of the old one, or
// is thrown away.
func (l *lab) turn(h *handset, err error) error {
	if errors.Is(err, errCrashed) {
		return err
	}
	if next := h.next; err == nil && next != nil {
		h.id, h.pin, h.seal = next.id, next.pin, next.seal
	}
	h.next, h.change = nil, ""
	return err
}

// heard takes what an answer changes in what the phone keeps.
func (h *handset) heard(out any) {
	switch out := out.(type) {
	case *splitkey.Evaluation:
		h.oneTime = out.OneTime
	case *splitkey.Changed:
		h.oneTime = out.OneTime
	}
}

// harden is a try of a PIN for a transaction: opened says that it is the blob's.
func (l *lab) harden(h *handset, t Transaction, pin string) (nonce []byte, opened bool, err error) {
	b, blinded, err := splitkey.Blind(h.id, []byte(pin))
	l.must(err)
	m := &splitkey.Evaluate{
		Key: h.id.Key, Generation: h.id.Generation, Transaction: t.ID, Freshness: t.Freshness,
		Blinded: blinded, OneTime: h.oneTime, Nonce: draw(splitkey.NonceSize),
	}
	var e splitkey.Evaluation
	if err := l.send(h, m, &e); err != nil {
		return nil, false, err
	}
	opened = bytes.Equal(hash(l.finish(b, e.Evaluated)), h.seal)
	if opened != (pin == h.pin) {
		l.rt.Fatalf("a PIN opens %v, it is right %v", opened, pin == h.pin)
	}
	if c := l.charged[string(m.Nonce)]; c != nil && opened {
		c.opened = true
	}
	return m.Nonce, opened, nil
}

func (l *lab) finish(b *voprf.Blinding, e voprf.Evaluation) []byte {
	hardened, err := b.Finish(e)
	if err != nil {
		l.rt.Fatalf("an evaluation that does not verify: %v", err)
	}
	return hardened
}

// sign is a transaction on a phone, with the PIN that somebody types; whoever has
// the wrong one sends a share that is not one, or is another transaction's.
func (l *lab) sign(h *handset, pin string, spoil string) {
	if l.recover(h) != nil {
		return
	}
	t, err := l.nodes[l.node()].Offer(l.ctx, OfferRequest{
		KeyID: h.id.Key, Kind: "echo", Record: []byte("pay"), Hash: "SHA-256", ExpiresAt: l.clock().Add(5 * time.Minute),
	})
	l.locks(err)
	if err != nil {
		return
	}
	nonce, opened, err := l.harden(h, t, pin)
	if err != nil || !opened && spoil == "" {
		return
	}
	l.id, l.oneTime, l.nonce = h.id, h.oneTime, nonce
	m := l.completeMessage(t)
	switch {
	case spoil == "another transaction's" && l.kept != nil:
		m.Share = l.kept
	case spoil != "" || !opened:
		m.Share[5] ^= 1
	default:
		l.kept = m.Share
		l.shares[t.ID] = true
	}
	if spoil == "" && l.coin("cancelled in between", 8) {
		l.must(l.nodes[l.node()].Cancel(l.ctx, t.ID))
		delete(l.shares, t.ID)
	}
	err = l.send(h, m, nil)
	if spoil != "" && err == nil {
		l.rt.Fatalf("a share that is %s was taken", spoil)
	}
}

// changePIN is a PIN change on a phone.
func (l *lab) changePIN(h *handset, pin, chosen string) {
	if l.recover(h) != nil {
		return
	}
	var c splitkey.Changing
	m := &splitkey.Change{Key: h.id.Key, Generation: h.id.Generation, OneTime: h.oneTime, Nonce: draw(splitkey.NonceSize)}
	if l.send(h, m, &c) != nil {
		return
	}
	t := Transaction{ID: c.Transaction, Freshness: c.Freshness}
	nonce, opened, err := l.harden(h, t, pin)
	if err != nil {
		return
	}
	l.id, l.oneTime, l.nonce = h.id, h.oneTime, nonce
	prove := l.proveMessage(t)
	if !opened {
		prove.Proof = draw(splitkey.HalfSize)
	}
	var p splitkey.ChangeProved
	if err := l.send(h, prove, &p); err != nil {
		return
	}
	if !opened {
		l.rt.Fatal("a forged proof was taken")
	}
	next := &handset{id: h.id, pin: chosen}
	next.id.Generation, next.id.Public = p.Generation, p.Public
	b, blinded, err := splitkey.Blind(next.id, []byte(chosen))
	l.must(err)
	ask := &splitkey.ChangeHarden{Key: h.id.Key, Generation: p.Generation, Transaction: t.ID, OneTime: h.oneTime, Blinded: blinded}
	var e splitkey.Evaluated
	if l.send(h, ask, &e) != nil {
		h.pending = nil // never stored: its blind is lost
		return
	}
	next.seal = hash(l.finish(b, e))
	h.next, h.change = next, t.ID
	_ = l.turn(h, l.send(h, l.changedMessage(t, next.id), &splitkey.Changed{}))
}

// ask polls.
func (l *lab) ask(h *handset) {
	if l.recover(h) != nil {
		return
	}
	m := &splitkey.Status{Key: h.id.Key, Generation: h.id.Generation, OneTime: h.oneTime, Change: h.change}
	if l.send(h, m, nil) != nil {
		h.pending = nil // a poll is not stored
	}
}

// count reads the counter of a one-time value.
func count(value []byte) uint64 { return binary.BigEndian.Uint64(value) }

// forge sends what somebody makes who has recorded what the phone sends, or even
// has its device key, but no value: nothing is served, charged or alarmed.
func (l *lab) forge(h *handset, how string) {
	t := l.offer0(h)
	if t.ID == "" {
		return
	}
	_, blinded, err := splitkey.Blind(h.id, []byte("0000"))
	l.must(err)
	m := &splitkey.Evaluate{
		Key: h.id.Key, Generation: h.id.Generation, Transaction: t.ID, Freshness: t.Freshness,
		Blinded: blinded, OneTime: slices.Clone(h.oneTime), Nonce: draw(splitkey.NonceSize),
	}
	before := l.row()
	r := l.signed(m)
	switch how {
	case "value made up":
		m.OneTime = draw(splitkey.OneTimeSize)
		r = l.signed(m)
	case "value of the future":
		binary.BigEndian.PutUint64(m.OneTime, l.c+3)
		r = l.signed(m)
	case "another device":
		r, err = device.Sign(l.stranger, r.Request)
		l.must(err)
	case "changed on the way":
		r.Request.Body = bytes.Replace(r.Request.Body, []byte(`"generation":`), []byte(`"generation": `), 1)
	}
	_, err = l.nodes[l.node()].Evaluate(l.ctx, r)
	code := tunnus.CodeOf(err)
	if after := l.row(); after.Rev != before.Rev || err == nil || code == tunnus.CodeAccCloned {
		l.rt.Fatalf("%s: %v, revision %d → %d", how, err, before.Rev, after.Rev)
	}
}

// offer0 puts up a transaction if the key may have one.
func (l *lab) offer0(h *handset) Transaction {
	t, err := l.nodes[0].Offer(l.ctx, OfferRequest{KeyID: h.id.Key, Kind: "echo", Hash: "SHA-256", ExpiresAt: l.clock().Add(time.Minute)})
	l.locks(err)
	return t
}
