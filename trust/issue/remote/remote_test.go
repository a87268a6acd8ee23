package remote

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/remote"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// An authority notes what it is asked, and says what the test wants.
type authority struct {
	request issue.Request
	asked   []string
	gives   issue.Certificate
	fails   error
}

func (a *authority) Issue(_ context.Context, r issue.Request) (issue.Certificate, error) {
	a.request = r
	return a.gives, a.fails
}

func (a *authority) Certificates(_ context.Context, id string) ([]issue.Certificate, error) {
	a.asked = append(a.asked, "certificates of "+id)
	return []issue.Certificate{a.gives}, a.fails
}

func (a *authority) note(what, id string) error {
	a.asked = append(a.asked, what+" "+id)
	return a.fails
}

func (a *authority) SuspendAccount(_ context.Context, id string) error { return a.note("suspend", id) }

func (a *authority) ResumeAccount(_ context.Context, id string) error { return a.note("resume", id) }

func (a *authority) RevokeAccount(_ context.Context, id string, why issue.Reason) error {
	return a.note("revoke for "+string(why), id)
}

func (a *authority) Certificate(_ context.Context, id string, der []byte) (proof.Inclusion, string, error) {
	return proof.Inclusion{Record: der, Index: 7}, "key of the log", a.fails
}

// reach puts the authority behind a line with mutual TLS.
func reach(t *testing.T, a *authority) *Client {
	t.Helper()
	self := func() (remote.Identity, remote.Peer) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(der)
		return remote.Identity{Certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, Clock: tunnus.SystemClock{}}, remote.Peer{SHA256: sum[:]}
	}
	front, knowsFront := self()
	back, knowsBack := self()
	srv := httptest.NewUnstartedServer(Handler(a, a, slog.New(slog.DiscardHandler)))
	var err error
	if srv.TLS, err = back.ServerTLS(knowsFront); err != nil {
		t.Fatal(err)
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	peer, err := front.Dial(srv.URL, Service, knowsBack)
	if err != nil {
		t.Fatal(err)
	}
	return New(peer)
}

func asked(t *testing.T) issue.Request {
	t.Helper()
	code, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	return issue.Request{
		ID: "session/login", Account: "a", Document: "PNOXX-199002140017-7K3Q-Q", Level: tunnus.Qualified, Purpose: pki.Login, Device: "device",
		Subject:   pki.Subject{Code: code, Surname: "ÕUN", GivenNames: "ADA <&>", Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC)},
		PublicKey: &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(3), 6142), E: 65537},
	}
}

// A request arrives as it was sent, and so does what came of it.
func TestRequestArrivesWhole(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 123456789, time.UTC)
	a := &authority{gives: issue.Certificate{
		Serial: "ab", Account: "a", Purpose: pki.Login, Level: tunnus.Qualified, DER: []byte{1, 2}, From: at, To: at, Issued: at, Revoked: at, Reason: issue.Superseded,
	}}
	c, want := reach(t, a), asked(t)
	got, err := c.Issue(t.Context(), want)
	if err != nil || !reflect.DeepEqual(got, a.gives) {
		t.Errorf("certificate %+v, %v", got, err)
	}
	if !reflect.DeepEqual(a.request, want) {
		t.Errorf("request %+v; want %+v", a.request, want)
	}
	list, err := c.Certificates(t.Context(), "a")
	if err != nil || !reflect.DeepEqual(list, []issue.Certificate{a.gives}) {
		t.Errorf("certificates %+v, %v", list, err)
	}
	p, key, err := c.Certificate(t.Context(), "a", []byte{9})
	if err != nil || key != "key of the log" || p.Index != 7 || p.Record[0] != 9 {
		t.Errorf("proof %+v, %q, %v", p, key, err)
	}
}

// What is done to an account's certificates is done to that account's, for that reason.
func TestAccountsAreNamed(t *testing.T) {
	a := &authority{}
	c := reach(t, a)
	if err := errors.Join(
		c.SuspendAccount(t.Context(), "x"), c.ResumeAccount(t.Context(), "y"), c.RevokeAccount(t.Context(), "z", issue.KeyCompromise),
	); err != nil {
		t.Fatal(err)
	}
	if want := []string{"suspend x", "resume y", "revoke for keyCompromise z"}; !reflect.DeepEqual(a.asked, want) {
		t.Errorf("asked %q", a.asked)
	}
}

// A refusal is no certificate, and a request that names nobody does not leave.
func TestRefusalIsNoCertificate(t *testing.T) {
	a := &authority{gives: issue.Certificate{Serial: "ab"}, fails: tunnus.Fail(tunnus.CodeCertRefused, errors.New("a rule"))}
	c := reach(t, a)
	if got, err := c.Issue(t.Context(), asked(t)); tunnus.CodeOf(err) != tunnus.CodeCertRefused || got.Serial != "" {
		t.Errorf("Issue = %+v, %v", got, err)
	}
	r := asked(t)
	r.PublicKey, a.request = nil, issue.Request{}
	if _, err := c.Issue(t.Context(), r); tunnus.CodeOf(err) != tunnus.CodeBadRequest || a.request.ID != "" {
		t.Errorf("without a key: %v", err)
	}
	r = asked(t)
	r.Subject.Code = tunnus.PersonCode{}
	if _, err := c.Issue(t.Context(), r); err == nil || a.request.ID != "" {
		t.Errorf("without a person: %v", err)
	}
}
