package idcard_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/virtual/card"
)

// origin is the one of the pages in these tests.
const origin = "https://portal.utopia.example"

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A world is a card issuer, a validator that trusts it, and what both are made of.
type world struct {
	*idcard.Validator
	issuer *card.Issuer
	config idcard.Config
	asked  *int // how often a responder was asked
}

// sharedIssuer saves each test the time of making an RSA key.
var sharedIssuer = sync.OnceValues(func() (*card.Issuer, error) {
	return card.NewIssuer(now, "http://ocsp.cards.utopia.example/")
})

// newWorld makes one whose issuer is a copy, so that a test may spoil it.
func newWorld(t testing.TB) world {
	t.Helper()
	shared, err := sharedIssuer()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := json.Marshal(shared)
	if err != nil {
		t.Fatal(err)
	}
	issuer := &card.Issuer{}
	if err := json.Unmarshal(stored, issuer); err != nil {
		t.Fatal(err)
	}
	asked := 0
	c := idcard.Config{
		Origin:  origin,
		Issuers: []idcard.Issuer{{Certificate: issuer.CA(), Countries: []string{"XX"}}},
		Status: answers(func(_ string, request []byte) ([]byte, error) {
			asked++
			return issuer.Answer(request, now), nil
		}),
	}
	return world{validator(t, c), issuer, c, &asked}
}

func validator(t testing.TB, c idcard.Config) *idcard.Validator {
	t.Helper()
	v, err := idcard.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// answers is a Status.
type answers func(url string, request []byte) ([]byte, error)

func (a answers) Answer(_ context.Context, url string, request []byte) ([]byte, error) {
	return a(url, request)
}

var errDown = errors.New("no route to host")

// mari is an invented person; her code has a right check digit.
func mari(t testing.TB) card.Order {
	t.Helper()
	return card.Order{Code: code(t, "198507230029"), Given: "MARI-LIIS", Surname: "MÄNNIK", PIN1: "1234", PIN2: "12345"}
}

func code(t testing.TB, value string) tunnus.PersonCode {
	t.Helper()
	for _, digit := range "0123456789" {
		if p, err := tunnus.ParsePersonCode("XX", value[:11]+string(digit)); err == nil {
			return p
		}
	}
	t.Fatalf("no check digit for %s", value)
	return tunnus.PersonCode{}
}

func (w world) issue(t testing.TB, o card.Order) *card.Card {
	t.Helper()
	c, err := w.issuer.Issue(o, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// token lets a card authenticate, and returns the token's text.
func token(t testing.TB, c *card.Card, nonce string) []byte {
	t.Helper()
	pin1, _ := c.PINs()
	out, err := c.Authenticate(origin, nonce, pin1)
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, out)
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// edit makes a hook that changes one of the two templates of a card.
func edit(login bool, change func(*x509.Certificate)) func(*x509.Certificate, bool) {
	return func(c *x509.Certificate, isLogin bool) {
		if isLogin == login {
			change(c)
		}
	}
}

// refused fails unless the error has the code.
func refused(t *testing.T, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want || want == "" && err != nil {
		t.Errorf("%v; want code %q", err, want)
	}
}
