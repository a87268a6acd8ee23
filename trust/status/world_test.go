package status_test

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/status"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// An authority is an issuing CA, its responder, and three leaves.
type authority struct {
	issuing, other *x509.Certificate // other is another CA of the same house
	key            *rsa.PrivateKey
	responder      ocsp.Signer
	leaves         []*x509.Certificate
}

var theAuthority = sync.OnceValues(makeAuthority)

func makeAuthority() (a authority, err error) {
	if a.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return a, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return a, err
	}
	make := func(n int64, ca bool, parent *x509.Certificate, pub crypto.PublicKey) (*x509.Certificate, error) {
		c := &x509.Certificate{
			SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: fmt.Sprint("number ", n)}, IsCA: ca, BasicConstraintsValid: true,
			NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(5, 0, 0),
		}
		if ca {
			c.KeyUsage, c.SubjectKeyId = x509.KeyUsageCertSign|x509.KeyUsageCRLSign, []byte{0xca, byte(n)}
		}
		der, err := x509.CreateCertificate(rand.Reader, c, cmp.Or(parent, c), pub, a.key)
		if err != nil {
			return nil, err
		}
		return x509.ParseCertificate(der)
	}
	if a.issuing, err = make(1, true, nil, a.key.Public()); err != nil {
		return a, err
	}
	if a.other, err = make(2, true, nil, a.key.Public()); err != nil {
		return a, err
	}
	for n := range int64(3) {
		leaf, err := make(0x1000+n, false, a.issuing, key.Public())
		if err != nil {
			return a, err
		}
		a.leaves = append(a.leaves, leaf)
	}
	none := func(*x509.Certificate) error { return nil }
	cert, err := pki.NewResponder(pki.Sandbox(), a.issuing, a.key, &key.PublicKey, noon, none)
	a.responder = ocsp.Signer{Certificate: cert, Key: key}
	return a, err
}

// A rig is a responder over a database in memory, with a clock to move.
type rig struct {
	authority
	*status.Responder
	now    time.Time
	signed int
	keyErr error
	mu     sync.Mutex
	rows   map[string]status.Standing
	readBy func() // is called at each reading
	err    error
	reads  int
	lists  []status.List
	events []tunnus.Event
}

func newRig(t testing.TB, change ...func(*status.Config)) *rig {
	t.Helper()
	a, err := theAuthority()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{authority: a, now: noon, rows: map[string]status.Standing{}}
	for _, l := range a.leaves {
		r.rows[serialOf(l)] = status.Standing{Serial: serialOf(l), Certificate: l.Raw}
	}
	cfg := status.Config{
		Issuer: a.issuing, Source: r, Clock: tunnus.ClockFunc(func() time.Time { return r.now }),
		Signer: func(context.Context) (ocsp.Signer, error) { r.signed++; return a.responder, r.keyErr },
	}
	for _, c := range change {
		c(&cfg)
	}
	if r.Responder, err = status.NewResponder(cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

func serialOf(c *x509.Certificate) string { return fmt.Sprintf("%032x", c.SerialNumber) }

// Standing implements [status.Source].
func (r *rig) Standing(_ context.Context, serial string) (status.Standing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	s, ok := r.rows[serial]
	if r.readBy != nil {
		r.readBy()
	}
	switch {
	case r.err != nil:
		return status.Standing{}, r.err
	case !ok:
		return status.Standing{}, tunnus.NotFound(errors.New("no row"))
	}
	return s, nil
}

// set changes what is known of a leaf, as another node would.
func (r *rig) set(leaf *x509.Certificate, change func(*status.Standing)) {
	s := r.rows[serialOf(leaf)]
	change(&s)
	r.rows[serialOf(leaf)] = s
}

func revoked(at time.Time) func(*status.Standing) {
	return func(s *status.Standing) { s.Revoked, s.Reason = at, pki.KeyCompromise }
}

// ask asks about a certificate, and verifies the answer.
func (r *rig) ask(t testing.TB, leaf *x509.Certificate, h crypto.Hash, nonce []byte) ocsp.Result {
	t.Helper()
	reply, err := r.Answer(t.Context(), r.question(t, leaf, h, nonce))
	if err != nil {
		t.Fatal(err)
	}
	return r.read(t, leaf, reply.DER)
}

func (r *rig) question(t testing.TB, leaf *x509.Certificate, h crypto.Hash, nonce []byte) []byte {
	t.Helper()
	q, err := ocsp.NewRequest(leaf, r.issuing, h, nonce)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func (r *rig) read(t testing.TB, leaf *x509.Certificate, der []byte) ocsp.Result {
	t.Helper()
	got, err := ocsp.Verify(der, leaf, r.issuing, []*x509.Certificate{r.issuing}, r.now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Mark implements [status.Shelf].
func (r *rig) Mark(context.Context) (m status.Mark, err error) {
	for _, s := range r.rows {
		newest := s.Revoked
		if s.Held.After(newest) {
			newest = s.Held
		}
		if newest.IsZero() {
			continue
		}
		m.Count++
		if newest.After(m.Newest) {
			m.Newest = newest
		}
	}
	return m, r.err
}

// Bad implements [status.Shelf].
func (r *rig) Bad(_ context.Context, _ time.Time, after string, limit int) (out []status.Standing, err error) {
	for _, s := range r.rows {
		if s.Serial > after && (!s.Revoked.IsZero() || !s.Held.IsZero()) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b status.Standing) int { return cmp.Compare(a.Serial, b.Serial) })
	if r.readBy != nil {
		r.readBy()
	}
	return out[:min(limit, len(out))], r.err
}

// Latest implements [status.Shelf].
func (r *rig) Latest(context.Context, string) (status.List, error) {
	if len(r.lists) == 0 {
		return status.List{}, nil
	}
	return r.lists[len(r.lists)-1], nil
}

// Publish implements [status.Shelf].
func (r *rig) Publish(_ context.Context, l status.List, ev []tunnus.Event) error {
	if l.Number != int64(len(r.lists))+1 {
		return tunnus.Conflict(errors.New("number"))
	}
	r.lists, r.events = append(r.lists, l), append(r.events, ev...)
	return nil
}
