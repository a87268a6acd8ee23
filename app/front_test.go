package app

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/key/voprf"
)

// A meddler stands between phones and keyshare, with a VOPRF key of its own. A
// blob that is sealed under that key gives way to it once it has the phone.
type meddler struct {
	*testing.T
	own *voprf.Server
}

func newMeddler(t *testing.T) meddler {
	t.Helper()
	k, err := voprf.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	own, err := voprf.NewServer(k)
	if err != nil {
		t.Fatal(err)
	}
	return meddler{t, own}
}

func (m meddler) evaluate(b []byte) splitkey.Evaluated {
	m.Helper()
	e, err := m.own.Evaluate(b)
	if err != nil {
		m.Error(err)
	}
	return e
}

// meddle changes an answer's public key into its own, and hardens by itself.
func (m meddler) meddle(kind string, asked, said []byte) []byte {
	m.Helper()
	var err error
	switch kind {
	case splitkey.TypeBegin:
		var b splitkey.Begun
		err = json.Unmarshal(said, &b)
		b.Public = m.own.Public()
		said, _ = json.Marshal(b)
	case splitkey.TypeChangeProve:
		var c splitkey.ChangeProved
		err = json.Unmarshal(said, &c)
		c.Public, c.Endorsed = m.own.Public(), m.evaluate(m.own.Public())
		said, _ = json.Marshal(c)
	case splitkey.TypeHarden, splitkey.TypeChangeHarden:
		var h splitkey.Harden
		err = json.Unmarshal(asked, &h)
		said, _ = json.Marshal(m.evaluate(h.Blinded))
	case splitkey.TypeChangeConfirm:
		said, err = json.Marshal(splitkey.Changed{Generation: 2, OneTime: make([]byte, splitkey.OneTimeSize)})
	}
	if err != nil {
		m.Error(err)
	}
	return said
}

// The key that a phone pins when it makes its own is keyshare's: keyshare demands
// to see it in the proof.
func TestMeddlersKeyIsNotPinned(t *testing.T) {
	p := newPocket(t)
	p.front = newMeddler(t).meddle
	a, ctx := p.phone()
	_, err := a.makeKey(ctx, splitkey.Login, tunnus.NewSecret([]byte("4719")))
	if tunnus.CodeOf(err) != tunnus.CodeKeyRefused {
		t.Fatalf("makeKey = %v; want %q", err, tunnus.CodeKeyRefused)
	}
}

// The key that a phone pins for its new PIN has the word of the one before.
func TestMeddlersKeyIsNotFollowed(t *testing.T) {
	p := newPocket(t)
	p.front = newMeddler(t).meddle
	a, ctx := p.phone("4719", "7038", "7038")
	if err := a.ChangePIN(ctx, pin.PIN1); !errors.Is(err, voprf.ErrProof) {
		t.Fatalf("ChangePIN = %v; want that the new key is not vouched for", err)
	}
	p.front = nil
	p.holds("4719")
}
