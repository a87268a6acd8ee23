package status_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/status"
)

func TestAnswerTellsTheStanding(t *testing.T) {
	hourAgo := noon.Add(-time.Hour)
	tests := []struct {
		name   string
		set    func(*status.Standing)
		want   ocsp.Status
		reason pki.Reason
		since  time.Time
	}{
		{"issued", func(*status.Standing) {}, ocsp.Good, "", time.Time{}},
		{"intended only", func(s *status.Standing) { s.Certificate = nil }, ocsp.Unknown, "", time.Time{}},
		{"revoked", revoked(hourAgo), ocsp.Revoked, pki.KeyCompromise, hourAgo},
		{"suspended", func(s *status.Standing) { s.Held = hourAgo }, ocsp.Revoked, pki.Hold, hourAgo},
		{"revoked while suspended", func(s *status.Standing) {
			s.Held, s.Revoked, s.Reason = hourAgo, noon, pki.Superseded
		}, ocsp.Revoked, pki.Superseded, hourAgo},
		{"revoked by a node whose clock is ahead", revoked(noon.Add(time.Hour)), ocsp.Revoked, pki.KeyCompromise, noon},
	}
	for _, tt := range tests {
		for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
			for _, nonce := range [][]byte{nil, []byte("a nonce of thirty-two bytes, yes")} {
				r := newRig(t)
				r.set(r.leaves[0], tt.set)
				got := r.ask(t, r.leaves[0], h, nonce)
				if got.Status != tt.want || got.Reason != tt.reason || !got.Revoked.Equal(tt.since) {
					t.Errorf("%s: %+v", tt.name, got)
				}
				if !bytes.Equal(got.Nonce, nonce) || !got.ThisUpdate.Equal(noon) || !got.ArchiveCutoff.Equal(r.issuing.NotBefore) {
					t.Errorf("%s: nonce %x, %s, archive since %s", tt.name, got.Nonce, got.ThisUpdate, got.ArchiveCutoff)
				}
			}
		}
	}
}

// Statuses are kept for ever: of a certificate that has ended the answer is as it
// was at its end, and says by its archive cutoff that this is known (RFC 6960 §4.4.4).
func TestExpiredCertificatesAreAnswered(t *testing.T) {
	r := newRig(t)
	template := *r.leaves[0]
	template.SerialNumber, template.NotAfter = big.NewInt(0x2000), noon.AddDate(0, -2, 0)
	der, err := x509.CreateCertificate(rand.Reader, &template, r.issuing, r.leaves[0].PublicKey, r.key)
	if err != nil {
		t.Fatal(err)
	}
	ended, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	before := ended.NotAfter.AddDate(0, -1, 0)
	for want, set := range map[ocsp.Status]func(*status.Standing){ocsp.Good: func(*status.Standing) {}, ocsp.Revoked: revoked(before)} {
		s := status.Standing{Serial: serialOf(ended), Certificate: ended.Raw}
		set(&s)
		r.rows[s.Serial] = s
		for _, nonce := range [][]byte{nil, []byte("fresh")} {
			r.Changed(s.Serial)
			got := r.ask(t, ended, crypto.SHA256, nonce)
			if got.Status != want || got.ArchiveCutoff.IsZero() || got.ArchiveCutoff.After(ended.NotAfter) || want == ocsp.Revoked && !got.Revoked.Equal(before) {
				t.Errorf("%s: %+v", want, got)
			}
		}
	}
}

// A question has no time: one that is old, sent again by whoever kept it, gets an
// answer of now. Old ways of asking are answered if they are of version 1, and
// refused if they are of another, or name the issuer by a hash of old.
func TestOldQuestions(t *testing.T) {
	r := newRig(t)
	kept := r.question(t, r.leaves[0], crypto.SHA1, []byte("a nonce of long ago"))
	if _, err := r.Answer(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	r.set(r.leaves[0], revoked(noon.AddDate(0, 1, 0)))
	r.now = noon.AddDate(0, 2, 0)
	reply, err := r.Answer(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.read(t, r.leaves[0], reply.DER); got.Status != ocsp.Revoked || !got.ThisUpdate.Equal(r.now) {
		t.Errorf("an old question: %+v", got)
	}
	id := idOf(t, r.leaves[0], r.issuing)
	versioned := func(v byte, id []byte) []byte { // with the version written out, as old clients do
		return der(0x30, der(0x30, der(0xa0, der(0x02, []byte{v})), der(0x30, der(0x30, id))))
	}
	sha1 := []byte{0x2b, 0x0e, 0x03, 0x02, 0x1a}
	md5 := bytes.Replace(id, der(0x06, sha1), der(0x06, []byte("\x2a\x86\x48\x86\xf7\x0d\x02\x05")), 1)[2:]
	md5[1] += 3
	for name, tt := range map[string]struct {
		question []byte
		want     ocsp.Failure
	}{
		"version 1":   {versioned(0, id), 0},
		"version 2":   {versioned(1, id), ocsp.Malformed},
		"version 255": {versioned(0x7f, id), ocsp.Malformed},
		"before 0":    {versioned(0xff, id), ocsp.Malformed},
		"by MD5":      {versioned(0, der(0x30, md5)), ocsp.Unauthorized},
	} {
		if reply, err := r.Answer(t.Context(), tt.question); err != nil || reply.Failure != tt.want {
			t.Errorf("%s: %+v, %v; want %v", name, reply, err, tt.want)
		}
	}
}

// der writes one value of less than 128 bytes.
func der(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append([]byte{tag, byte(len(body))}, body...)
}

func TestNobodyElsesCertificateIsGood(t *testing.T) {
	r := newRig(t)
	template := *r.leaves[0]
	template.AuthorityKeyId = nil
	foreign, err := x509.CreateCertificate(nil, &template, r.other, r.leaves[0].PublicKey, r.key)
	if err != nil {
		t.Fatal(err)
	}
	r.set(r.leaves[0], func(s *status.Standing) { s.Certificate = foreign }) // of another CA in the same database
	r.set(r.leaves[1], func(s *status.Standing) { s.Certificate = r.leaves[2].Raw })
	delete(r.rows, serialOf(r.leaves[2]))
	for i, leaf := range r.leaves {
		if got := r.ask(t, leaf, crypto.SHA1, nil); got.Status != ocsp.Unknown {
			t.Errorf("leaf %d: %s", i, got.Status)
		}
	}
}

func TestOwnServicesAreGood(t *testing.T) {
	a, err := theAuthority()
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *status.Config) { c.Own = []*x509.Certificate{a.responder.Certificate} })
	if got := r.ask(t, a.responder.Certificate, crypto.SHA1, nil); got.Status != ocsp.Good {
		t.Errorf("the responder itself is %s", got.Status)
	}
	unlike := *a.other
	unlike.Raw, unlike.RawTBSCertificate = nil, []byte{1}
	cfg := status.Config{
		Issuer: a.issuing, Source: r, Clock: tunnus.SystemClock{}, Own: []*x509.Certificate{&unlike},
		Signer: func(context.Context) (ocsp.Signer, error) { return a.responder, nil },
	}
	if _, err := status.NewResponder(cfg); err == nil {
		t.Error("a certificate that the issuer has not signed was taken for an own one")
	}
}

// several asks about several certificates in one question.
func several(t *testing.T, ids ...[]byte) []byte {
	t.Helper()
	type one struct{ ID asn1.RawValue }
	var q struct{ TBS struct{ List []one } }
	for _, id := range ids {
		q.TBS.List = append(q.TBS.List, one{asn1.RawValue{FullBytes: id}})
	}
	der, err := asn1.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func idOf(t *testing.T, cert, issuer *x509.Certificate) []byte {
	t.Helper()
	der, err := ocsp.NewRequest(cert, issuer, crypto.SHA1, nil)
	if err != nil {
		t.Fatal(err)
	}
	q, err := ocsp.ParseRequest(der)
	if err != nil {
		t.Fatal(err)
	}
	return q.IDs[0].Raw
}

func TestSeveralCertificatesAreAnsweredEach(t *testing.T) {
	r := newRig(t)
	r.set(r.leaves[1], revoked(noon))
	q := several(t, idOf(t, r.leaves[0], r.issuing), idOf(t, r.leaves[1], r.issuing), idOf(t, r.leaves[2], r.other))
	reply, err := r.Answer(t.Context(), q)
	if err != nil || reply.Keep != 0 {
		t.Fatalf("%+v, %v", reply, err)
	}
	for i, want := range []ocsp.Status{ocsp.Good, ocsp.Revoked} {
		if got := r.read(t, r.leaves[i], reply.DER); got.Status != want {
			t.Errorf("leaf %d is %s", i, got.Status)
		}
	}
	if _, err := ocsp.Verify(reply.DER, r.leaves[2], r.issuing, []*x509.Certificate{r.issuing}, noon); !errors.Is(err, ocsp.ErrOther) {
		t.Errorf("what was asked of another issuer: %v", err)
	}
}

func TestBadQuestionsAreRefused(t *testing.T) {
	r := newRig(t)
	foreign := idOf(t, r.leaves[0], r.other)
	tests := []struct {
		name     string
		question []byte
		want     ocsp.Failure
	}{
		{"nothing", nil, ocsp.Malformed},
		{"rubbish", []byte("rubbish"), ocsp.Malformed},
		{"huge", make([]byte, 1<<20), ocsp.Malformed},
		{"another issuer", several(t, foreign), ocsp.Unauthorized},
		{"two of another issuer", several(t, foreign, foreign), ocsp.Unauthorized},
		{"too many", several(t, bytes.SplitAfter(bytes.Repeat(foreign, 17), foreign)[:17]...), ocsp.Malformed},
	}
	for _, tt := range tests {
		reply, err := r.Answer(t.Context(), tt.question)
		if err != nil || reply.Failure != tt.want || !bytes.Equal(reply.DER, tt.want.Encode()) {
			t.Errorf("%s: %+v, %v; want %v", tt.name, reply, err, tt.want)
		}
	}
	if r.signed != 0 || r.reads != 0 {
		t.Errorf("rubbish cost %d signatures and %d readings", r.signed, r.reads)
	}
}

func TestGoodIsNeverInvented(t *testing.T) {
	for name, spoil := range map[string]func(*rig){
		"the database is gone":                func(r *rig) { r.err = errors.New("gone") },
		"the key is gone":                     func(r *rig) { r.keyErr = errors.New("gone") },
		"the responder's certificate is over": func(r *rig) { r.now = noon.AddDate(0, 0, 91) },
	} {
		for _, nonce := range [][]byte{nil, []byte("once")} {
			r := newRig(t)
			spoil(r)
			reply, err := r.Answer(t.Context(), r.question(t, r.leaves[0], crypto.SHA1, nonce))
			if err == nil || reply.Failure != ocsp.TryLater || !bytes.Equal(reply.DER, ocsp.TryLater.Encode()) {
				t.Errorf("%s: %+v, %v", name, reply, err)
			}
		}
	}
}
