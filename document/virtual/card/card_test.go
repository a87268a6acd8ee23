package card_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/trust/ocsp"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const origin, nonce = "https://portal.utopia.example", "12345678901234567890123456789012345678901234"

func newCard(t *testing.T, edit func(*card.Order)) (*card.Issuer, *card.Card) {
	t.Helper()
	i, err := card.NewIssuer(now, "http://ocsp.cards.utopia.example/")
	if err != nil {
		t.Fatal(err)
	}
	p, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	o := card.Order{Code: p, Given: "ADA", Surname: "LOVE", PIN1: "1234", PIN2: "12345"}
	if edit != nil {
		edit(&o)
	}
	c, err := i.Issue(o, now)
	if err != nil {
		t.Fatal(err)
	}
	return i, c
}

func TestPINCounters(t *testing.T) {
	_, c := newCard(t, nil)
	try := func(pin string) error { _, err := c.Authenticate(origin, nonce, pin); return err }
	for i, step := range []struct {
		pin  string
		want error
		left int
	}{
		{"0000", card.ErrPIN, 2},
		{"0000", card.ErrPIN, 1},
		{"1234", nil, 3},
		{"0000", card.ErrPIN, 2},
		{"12345", card.ErrPIN, 1}, // PIN2 is another one
		{"", card.ErrPIN, 0},
		{"1234", card.ErrBlocked, 0},
	} {
		err := try(step.pin)
		if pin1, pin2 := c.Left(); !errors.Is(err, step.want) || pin1 != step.left || pin2 != 3 {
			t.Errorf("step %d: %v, left %d and %d", i, err, pin1, pin2)
		}
	}
	if _, err := c.Sign(make([]byte, 48), "SHA-384", "12345"); err != nil {
		t.Errorf("PIN2 with PIN1 blocked: %v", err)
	}
}

func TestArgumentsCostNoPIN(t *testing.T) {
	_, c := newCard(t, nil)
	for _, n := range []string{"", strings.Repeat("A", 43), strings.Repeat("A", 129)} {
		if _, err := c.Authenticate(origin, n, "0000"); !errors.Is(err, card.ErrArgument) {
			t.Errorf("nonce of %d: %v", len(n), err)
		}
	}
	for function, n := range map[string]int{"SHA-384": 32, "SHA-1": 20, "": 0, "SHA3-256": 48} {
		if _, err := c.Sign(make([]byte, n), function, "0000"); !errors.Is(err, card.ErrArgument) {
			t.Errorf("%s with %d bytes: %v", function, n, err)
		}
	}
	if a, b := c.Left(); a != 3 || b != 3 {
		t.Errorf("left %d and %d", a, b)
	}
}

func TestDrawnPINs(t *testing.T) {
	_, c := newCard(t, func(o *card.Order) { o.PIN1, o.PIN2 = "", "" })
	pin1, pin2 := c.PINs()
	if len(pin1) != 4 || len(pin2) != 5 {
		t.Errorf("PINs of %d and %d digits", len(pin1), len(pin2))
	}
	if _, err := c.Authenticate(origin, nonce, pin1); err != nil {
		t.Error(err)
	}
	i, _ := newCard(t, nil)
	for _, bad := range []card.Order{{PIN1: "123"}, {PIN2: "1234"}, {PIN1: "12a4"}, {PIN1: "1234567890123"}, {Algorithm: "HS256"}} {
		if _, err := i.Issue(bad, now); err == nil {
			t.Errorf("%+v was issued", bad)
		}
	}
}

func TestCertificates(t *testing.T) {
	i, c := newCard(t, nil)
	login, signature := c.Certificates()
	for _, tt := range []struct {
		c      *x509.Certificate
		usage  x509.KeyUsage
		rights int
		policy string
	}{{login, x509.KeyUsageDigitalSignature, 1, card.PolicyLogin}, {signature, x509.KeyUsageContentCommitment, 0, card.PolicySignature}} {
		if err := tt.c.CheckSignatureFrom(i.CA()); err != nil {
			t.Error(err)
		}
		if tt.c.KeyUsage != tt.usage || len(tt.c.ExtKeyUsage) != tt.rights || len(tt.c.Policies) != 1 || tt.c.Policies[0].String() != tt.policy ||
			!slices.Equal(tt.c.OCSPServer, []string{i.URL()}) || tt.c.Subject.SerialNumber != "PNOXX-199002140017" || tt.c.Subject.CommonName != "LOVE,ADA,199002140017" {
			t.Errorf("%v %v %v %v %v", tt.c.KeyUsage, tt.c.ExtKeyUsage, tt.c.Policies, tt.c.OCSPServer, tt.c.Subject)
		}
	}
	if login.PublicKey.(*ecdsa.PublicKey).Equal(signature.PublicKey) {
		t.Error("one key for both")
	}
}

// What is stored comes back: keys, PINs, their counters, and who was revoked.
func TestStored(t *testing.T) {
	for _, algorithm := range []string{"ES384", "PS256"} {
		i, c := newCard(t, func(o *card.Order) { o.Algorithm = algorithm })
		if _, err := c.Authenticate(origin, nonce, "0"); !errors.Is(err, card.ErrPIN) {
			t.Fatal(err)
		}
		c.Misbehave(card.Format2)
		i.Revoke(c, now)
		i.SetMood(card.NoNonce)
		var i2 card.Issuer
		var c2 card.Card
		again(t, i, &i2)
		again(t, c, &c2)
		if left, _ := c2.Left(); left != 2 {
			t.Errorf("%d tries left", left)
		}
		token, err := c2.Authenticate(origin, nonce, "1234")
		if err != nil || token.Format != "web-eid:2.0" || token.Algorithm != algorithm {
			t.Errorf("%+v, %v", token.Format, err)
		}
		if r := status(t, &i2, &c2); r.Status != ocsp.Revoked || !r.Revoked.Equal(now) || r.Nonce != nil {
			t.Errorf("%+v", r)
		}
		other, err := i2.Issue(card.Order{Given: "EVE"}, now)
		if err != nil || status(t, &i2, other).Status != ocsp.Good {
			t.Errorf("a card of the stored issuer: %v", err)
		}
	}
}

func again(t *testing.T, from, to any) {
	t.Helper()
	b, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatal(err)
	}
}

// status asks the issuer about a card's log-in certificate.
func status(t *testing.T, i *card.Issuer, c *card.Card) ocsp.Result {
	t.Helper()
	login, _ := c.Certificates()
	q, err := ocsp.NewRequest(login, i.CA(), crypto.SHA256, []byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := ocsp.Verify(i.Answer(q, now), login, i.CA(), []*x509.Certificate{i.CA()}, now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSpoiltStores(t *testing.T) {
	i, c := newCard(t, nil)
	_, other := newCard(t, nil)
	spoil := func(v any, change func(map[string]any)) []byte {
		b, _ := json.Marshal(v)
		m := map[string]any{}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		b, _ = json.Marshal(m)
		return b
	}
	foreign := map[string]any{}
	b, _ := json.Marshal(other)
	if err := json.Unmarshal(b, &foreign); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"no key":              func(m map[string]any) { delete(m, "login_key"); delete(m, "ca_key") },
		"no certificate":      func(m map[string]any) { delete(m, "login"); delete(m, "ca") },
		"another certificate": func(m map[string]any) { m["login"], m["ca"] = foreign["login"], foreign["login"] },
		"another type":        func(m map[string]any) { m["note"] = 7 },
		"no responder or PIN": func(m map[string]any) { delete(m, "pin1"); delete(m, "responder") },
	} {
		if json.Unmarshal(spoil(c, change), &card.Card{}) == nil || json.Unmarshal(spoil(i, change), &card.Issuer{}) == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

// A card of nobody, and one of another CA, are unknown to the responder.
func TestAnswersAboutOthers(t *testing.T) {
	i, c := newCard(t, nil)
	other, _ := newCard(t, nil)
	login, _ := c.Certificates()
	for _, question := range [][]byte{nil, []byte("?")} {
		if got := i.Answer(question, now); string(got) != string(ocsp.Malformed.Encode()) {
			t.Errorf("%x", got)
		}
	}
	q, err := ocsp.NewRequest(login, i.CA(), crypto.SHA1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := other.Answer(q, now); string(got) != string(ocsp.Unauthorized.Encode()) {
		t.Errorf("%x", got)
	}
	nobody := *login
	nobody.SerialNumber = big.NewInt(4711)
	if q, err = ocsp.NewRequest(&nobody, i.CA(), crypto.SHA1, nil); err != nil {
		t.Fatal(err)
	}
	if at, err := ocsp.Told(i.Answer(q, now), &nobody, i.CA()); err != nil || !at.Equal(now) {
		t.Errorf("%v, %v", at, err)
	}
}

func TestResponderKnowsItsAddress(t *testing.T) {
	i, c := newCard(t, nil)
	r := card.Responder{Issuer: i, Clock: tunnus.ClockFunc(func() time.Time { return now })}
	login, _ := c.Certificates()
	q, err := ocsp.NewRequest(login, i.CA(), crypto.SHA1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := r.Answer(t.Context(), i.URL(), q); err != nil || len(a) == 0 {
		t.Errorf("%d bytes, %v", len(a), err)
	}
	if _, err := r.Answer(t.Context(), "http://ocsp.other.example/", q); err == nil {
		t.Error("another address was answered")
	}
}

// Many windows, one card: no try is lost or counted twice.
func TestOneCardManyWindows(t *testing.T) {
	_, c := newCard(t, nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	wrong := 0
	for range 20 {
		wg.Go(func() {
			if _, err := c.Authenticate(origin, nonce, "0000"); errors.Is(err, card.ErrPIN) {
				mu.Lock()
				defer mu.Unlock()
				wrong++
			}
		})
	}
	if wg.Wait(); wrong != 3 {
		t.Errorf("%d tries were judged", wrong)
	}
}

func TestKeySizes(t *testing.T) {
	for algorithm, want := range map[string]int{"ES256": 64, "ES384": 96, "ES512": 132, "RS256": 256, "PS256": 256} {
		_, c := newCard(t, func(o *card.Order) { o.Algorithm = algorithm })
		token, err := c.Authenticate(origin, nonce, "1234")
		if err != nil || len(token.Signature) != want {
			t.Errorf("%s: %d bytes, %v", algorithm, len(token.Signature), err)
		}
		login, _ := c.Certificates()
		if k, ok := login.PublicKey.(*rsa.PublicKey); ok != (want == 256) || ok && k.N.BitLen() != 2048 {
			t.Errorf("%s: %T", algorithm, login.PublicKey)
		}
	}
}
