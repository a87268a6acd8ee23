package container_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// pair is a certificate with its key, RSA-2048 to be quick.
type pair struct {
	cert *x509.Certificate
	key  *rsa.PrivateKey
}

func issue(name string, serial int64, t x509.Certificate, by *pair) (*pair, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	t.Subject, t.SerialNumber, t.BasicConstraintsValid = pkix.Name{CommonName: name}, big.NewInt(serial), true
	t.NotBefore, t.NotAfter = noon.Add(-time.Hour), noon.AddDate(3, 0, 0)
	own := &pair{&t, key}
	if by == nil {
		by = own
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, by.cert, key.Public(), by.key)
	if err != nil {
		return nil, err
	}
	own.cert, err = x509.ParseCertificate(der)
	return own, err
}

// authority is made once: root, issuing CA, holder, responder, time-stamps.
var authority = sync.OnceValues(func() (a [5]*pair, err error) {
	ca := x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return a, err
	}
	stamping := []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}
	for i, v := range []struct {
		name string
		t    x509.Certificate
		by   int
	}{
		{"Root", ca, -1},
		{"Issuing", ca, 0},
		{"ASK,ADA", x509.Certificate{KeyUsage: x509.KeyUsageContentCommitment}, 1},
		{"Status", x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}}, 1},
		{"Time", x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: stamping}, 1},
	} {
		var by *pair
		if v.by >= 0 {
			by = a[v.by]
		}
		if a[i], err = issue(v.name, int64(i+1), v.t, by); err != nil {
			return a, err
		}
	}
	return a, nil
})

// A world is all ports of a service: memory, and an authority that can fail.
type world struct {
	t                                     *testing.T
	root, issuing, holder, status, stamps *pair
	now                                   time.Time
	mu                                    sync.Mutex
	rows                                  map[string]container.Container
	events                                []tunnus.Event
	accounts                              map[string]account.Account
	noStamps, noAnswers, noSave           error
	stamped, answered                     int
	say                                   ocsp.Status
	tamper                                func(digest []byte) []byte
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, root: a[0], issuing: a[1], holder: a[2], status: a[3], stamps: a[4], now: noon, say: ocsp.Good,
		rows: map[string]container.Container{}, accounts: map[string]account.Account{},
	}
}

func (w *world) service() *container.Service {
	w.t.Helper()
	s, err := container.New(container.Config{
		Store: w, Accounts: w, Stamper: w, Status: w, Clock: w,
		Issuing: []*x509.Certificate{w.issuing.cert}, Roots: []*x509.Certificate{w.root.cert},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// apply signs an application and puts its container up.
func (w *world) apply(id string) {
	w.t.Helper()
	print, err := application.Thumbprint(&w.holder.key.PublicKey)
	if err != nil {
		w.t.Fatal(err)
	}
	record, err := application.Record{Certificate: w.holder.cert.Raw, Application: application.Body{
		Format: application.Version, Person: "PNOXX-199002140017", Surname: "Åsk", GivenNames: "Ada", Document: "PNOXX-199002140017-" + id + "-Q",
		Level: "QUALIFIED", Device: "d1", Terms: "1", Consent: "1", Time: w.now,
		Keys: []application.Key{{Purpose: "login", Thumbprint: "aa", Certificate: "01"}, {Purpose: "signature", Thumbprint: print, Certificate: fmt.Sprintf("%032x", w.holder.cert.SerialNumber)}},
	}}.Canonical()
	if err != nil {
		w.t.Fatal(err)
	}
	payload, err := application.Format{}.Payload(record, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	sig, err := rsa.SignPKCS1v15(rand.Reader, w.holder.key, crypto.SHA512, application.Hash.Sum(payload))
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := container.Begin(id, record, payload, sig, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.accounts[id] = account.Account{ID: id, Application: record, Signature: sig}
	if err := w.Save(w.t.Context(), c, nil); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) Now() time.Time { return w.now }

func (w *world) Get(_ context.Context, id string) (account.Account, error) {
	a, ok := w.accounts[id]
	if !ok {
		return a, tunnus.NotFound(nil)
	}
	return a, nil
}

func (w *world) Container(_ context.Context, id string) (container.Container, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.rows[id]
	if !ok {
		return c, tunnus.NotFound(nil)
	}
	return c, nil
}

func (w *world) Save(_ context.Context, c container.Container, events []tunnus.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.noSave != nil && c.Level == asic.LT {
		return w.noSave
	}
	if w.rows[c.Account].Rev != c.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	c.Rev++
	w.rows[c.Account] = c
	w.events = append(w.events, events...)
	return nil
}

func (w *world) Unfinished(_ context.Context, now, far time.Time, limit int) (out []string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, c := range w.rows {
		if !c.Due.IsZero() && (!c.Due.After(now) || c.Due.After(far)) && len(out) < limit {
			out = append(out, id)
		}
	}
	return out, nil
}

func (w *world) Stamp(_ context.Context, digest []byte) ([]byte, error) {
	w.stamped++
	if w.noStamps != nil {
		return nil, w.noStamps
	}
	if w.tamper != nil {
		digest = w.tamper(digest)
	}
	a := stamp.Authority{Certificate: w.stamps.cert, Chain: []*x509.Certificate{w.issuing.cert}, Key: w.stamps.key, Clock: w}
	return a.Token(crypto.SHA512, digest)
}

func (w *world) Answer(_ context.Context, cert, issuer *x509.Certificate) ([]byte, error) {
	w.answered++
	if w.noAnswers != nil {
		return nil, w.noAnswers
	}
	b, err := ocsp.NewRequest(cert, issuer, crypto.SHA256, nil)
	if err != nil {
		return nil, err
	}
	q, err := ocsp.ParseRequest(b)
	if err != nil {
		return nil, err
	}
	a := ocsp.Answer{ID: q.IDs[0], Status: w.say, ThisUpdate: w.now, NextUpdate: w.now.Add(time.Minute), Revoked: w.now, Reason: "keyCompromise"}
	if w.say == ocsp.Good {
		a.Revoked, a.Reason = time.Time{}, ""
	}
	return ocsp.Sign(ocsp.Draft{Answers: []ocsp.Answer{a}, Produced: w.now}, ocsp.Signer{Certificate: w.status.cert, Key: w.status.key})
}

func (w *world) Lists(context.Context) ([][]byte, error) { return nil, nil }
