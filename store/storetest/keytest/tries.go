package keytest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

// Nodes are two stores over one database, as two servers have them, and what
// reads the events of either.
type Nodes struct {
	Stores [2]keyshare.Store
	Events func(subject string) []string
}

// Tries tests that tries of a PIN which reach two nodes at the same time never
// exceed what the ladder allows (security.md K5), with the service as it is.
func Tries(t *testing.T, fresh func(t *testing.T) Nodes) {
	half, err := splitkey.Generate()
	check.Must(t, "Generate", err)
	for wrong := range 4 {
		t.Run([]string{"none wrong yet", "one wrong yet", "two wrong yet", "locked"}[wrong], func(t *testing.T) {
			p := newPhone(t, fresh(t), half)
			for range wrong {
				check.Must(t, "a wrong PIN", p.try(0, p.message()))
			}
			served := wrong + p.flood()
			if served > 3 || wrong < 3 && served == wrong {
				t.Errorf("%d tries were served; at most 3, and at least one of 50", served)
			}
			k, err := p.nodes.Stores[1].Keys.Key(t.Context(), p.id.Key)
			if err != nil || k.Unconfirmed != served || k.LifeCount != served {
				t.Errorf("%d and %d tries are charged, %v; %d were served", k.Unconfirmed, k.LifeCount, err, served)
			}
			if n := p.charges(); n != served {
				t.Errorf("%d charges in the log; %d were served", n, served)
			}
		})
	}
}

// A phone has a key whose tries it can make at either node.
type phone struct {
	*testing.T
	nodes    Nodes
	services [2]*keyshare.Service
	hk       *ecdsa.PrivateKey
	half     *splitkey.Half
	id       splitkey.Identity
	oneTime  []byte
	txn      keyshare.Transaction
}

// echoes is a format that signs what it is given.
type echoes struct{}

func (echoes) Payload(record, answer []byte) ([]byte, error) {
	return append(record[:len(record):len(record)], answer...), nil
}

func (echoes) Signs(splitkey.Purpose, splitkey.Padding) bool { return true }

func (echoes) Shown(_, _ []byte) (text, service, code string, err error) {
	return "text", "service", "", nil
}

type box struct{ cipher.AEAD }

func (b box) Seal(plain, aad []byte) ([]byte, error) { return b.AEAD.Seal(nil, nil, plain, aad), nil }

func (b box) Open(sealed, aad []byte) ([]byte, error) {
	return b.AEAD.Open(nil, nil, sealed, aad)
}

func newBox(t *testing.T) box {
	t.Helper()
	block, err := aes.NewCipher(draw(32))
	check.Must(t, "AES", err)
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	check.Must(t, "GCM", err)
	return box{gcm}
}

func draw(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}

func newPhone(t *testing.T, nodes Nodes, half *splitkey.Half) *phone {
	t.Helper()
	p := &phone{T: t, nodes: nodes, half: half}
	voprf, modulus := newBox(t), newBox(t)
	for i := range p.services {
		var err error
		p.services[i], err = keyshare.New(keyshare.Config{
			Store: nodes.Stores[i], Clock: tunnus.ClockFunc(func() time.Time { return check.Start }),
			Formats: map[string]keyshare.Format{"echo": echoes{}}, SealVOPRF: voprf, SealModulus: modulus,
		})
		check.Must(t, "New", err)
	}
	var err error
	p.hk, err = device.GenerateKey()
	check.Must(t, "device key", err)
	p.enrol()
	p.txn, err = p.services[0].Offer(t.Context(), keyshare.OfferRequest{
		KeyID: p.id.Key, Kind: "echo", Record: []byte("{}"), Hash: splitkey.SHA512, ExpiresAt: check.Start.Add(time.Minute),
	})
	check.Must(t, "Offer", err)
	return p
}

// enrol makes the key, at one node and the other.
func (p *phone) enrol() {
	p.Helper()
	spki, err := device.Public(p.hk)
	check.Must(p.T, "device key", err)
	m := &splitkey.Begin{Purpose: splitkey.Signature, Modulus: p.half.Modulus(), Nonce: draw(splitkey.NonceSize)}
	id := splitkey.Identity{Purpose: m.Purpose, Generation: 1, Modulus: m.Modulus}
	m.Proof, err = p.half.Prove(splitkey.StepBegin, id, []byte(device.Thumbprint(spki)), m.Nonce)
	check.Must(p.T, "Prove", err)
	begun, err := p.services[0].Begin(p.Context(), p.sign(m))
	check.Must(p.T, "Begin", err)
	id.Key, id.Public, p.oneTime = begun.Key, begun.Public, begun.OneTime
	p.id = id
	c := &splitkey.Confirm{Key: id.Key, Generation: 1, Nonce: draw(splitkey.NonceSize)}
	c.Proof, err = p.half.Prove(splitkey.StepConfirm, id, id.Public, c.Nonce)
	check.Must(p.T, "Prove", err)
	check.Must(p.T, "Confirm", p.services[1].Confirm(p.Context(), p.sign(c)))
	_, err = p.services[0].AssignModulus(p.Context(), id.Key)
	check.Must(p.T, "AssignModulus", err)
}

func (p *phone) sign(m splitkey.Message) device.Signed {
	p.Helper()
	body, err := splitkey.Encode(m)
	check.Must(p.T, "Encode", err)
	r, err := device.Sign(p.hk, device.Request{Method: "POST", Path: "/keys", Counter: 1, Body: body})
	check.Must(p.T, "Sign", err)
	return r
}

// message is one more try, another than all before.
func (p *phone) message() device.Signed {
	p.Helper()
	_, blinded, err := splitkey.Blind(p.id, []byte("4711"))
	check.Must(p.T, "Blind", err)
	return p.sign(&splitkey.Evaluate{
		Key: p.id.Key, Generation: 1, Transaction: p.txn.ID, Freshness: p.txn.Freshness,
		Blinded: blinded, OneTime: p.oneTime, Nonce: draw(splitkey.NonceSize),
	})
}

// try makes a try at a node, one at a time; its share never comes.
func (p *phone) try(node int, r device.Signed) error {
	e, err := p.services[node].Evaluate(p.Context(), r)
	if err == nil {
		p.oneTime = e.OneTime
	}
	return err
}

// flood makes 50 tries at once, at both nodes, and counts those that were served.
func (p *phone) flood() (served int) {
	p.Helper()
	tries := make([]device.Signed, 50)
	for i := range tries {
		tries[i] = p.message()
	}
	errs := make([]error, len(tries))
	var wg sync.WaitGroup
	for i, r := range tries {
		wg.Go(func() { _, errs[i] = p.services[i%2].Evaluate(p.Context(), r) })
	}
	wg.Wait()
	for _, err := range errs {
		if err == nil {
			served++
		} else if refused := (*tunnus.Error)(nil); !errors.As(err, &refused) {
			p.Errorf("a try failed otherwise than by a refusal: %v", err)
		}
	}
	return served
}

// charges counts the tries in the log.
func (p *phone) charges() (n int) {
	for _, kind := range p.nodes.Events(p.id.Key) {
		if kind == "key.try" {
			n++
		}
	}
	return n
}
