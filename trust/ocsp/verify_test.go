package ocsp_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
	xocsp "golang.org/x/crypto/ocsp"
)

func TestAnswerSaysWhatWasSigned(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		status ocsp.Status
		reason pki.Reason
	}{
		{ocsp.Good, ""},
		{ocsp.Unknown, ""},
		{ocsp.Revoked, pki.KeyCompromise},
		{ocsp.Revoked, pki.Hold},
		{ocsp.Revoked, pki.Unspecified},
	}
	for _, tt := range tests {
		d := w.good(t)
		d.Nonce, d.Answers[0].Status = []byte("once"), tt.status
		if tt.status == ocsp.Revoked {
			d.Answers[0].Revoked, d.Answers[0].Reason = noon.Add(-time.Hour), tt.reason
		}
		got, err := w.verify(w.sign(t, d), noon)
		if err != nil {
			t.Fatal(err)
		}
		a := d.Answers[0]
		if got.Status != tt.status || got.Reason != tt.reason || !got.Revoked.Equal(a.Revoked) || !bytes.Equal(got.Nonce, d.Nonce) ||
			!got.ThisUpdate.Equal(noon) || !got.NextUpdate.Equal(a.NextUpdate) || !got.Produced.Equal(noon) ||
			!got.ArchiveCutoff.Equal(a.ArchiveCutoff) || !got.Responder.Equal(w.responder.Certificate) {
			t.Errorf("%s %s: got %+v", tt.status, tt.reason, got)
		}
	}
}

// A second implementation reads our answers in the same way.
func TestAnswersAgreeWithXCrypto(t *testing.T) {
	w := newWorld(t)
	for status, want := range map[ocsp.Status]int{ocsp.Good: xocsp.Good, ocsp.Revoked: xocsp.Revoked, ocsp.Unknown: xocsp.Unknown} {
		d := w.good(t)
		a := &d.Answers[0]
		a.Status, a.Revoked, a.Reason = status, noon.Add(-time.Hour), pki.Superseded
		got, err := xocsp.ParseResponseForCert(w.sign(t, d), w.leaf, w.issuing)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != want || status == ocsp.Revoked && (got.RevocationReason != xocsp.Superseded || !got.RevokedAt.Equal(a.Revoked)) ||
			!got.NextUpdate.Equal(a.NextUpdate) || got.SignatureAlgorithm != x509.SHA256WithRSA || !got.Certificate.Equal(w.responder.Certificate) {
			t.Errorf("%s: %+v", status, got)
		}
	}
}

// Who always has newer information says no time of it, and not the year 1.
func TestAnswerWithoutNextUpdate(t *testing.T) {
	w := newWorld(t)
	d := w.good(t)
	d.Answers[0].NextUpdate = time.Time{}
	der := w.sign(t, d)
	theirs, err := xocsp.ParseResponseForCert(der, w.leaf, w.issuing)
	if err != nil || !theirs.NextUpdate.IsZero() || bytes.Contains(der, []byte("00010101")) {
		t.Errorf("x/crypto reads the next update %s, %v", theirs.NextUpdate, err)
	}
	if got, err := w.verify(der, noon.Add(time.Hour)); err != nil || got.Status != ocsp.Good || !got.NextUpdate.IsZero() || !got.ThisUpdate.Equal(noon) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := w.verify(der, noon.Add(-time.Hour)); !errors.Is(err, ocsp.ErrTime) {
		t.Errorf("an answer of a later time: %v", err)
	}
	said := xocsp.Response{Status: xocsp.Good, SerialNumber: w.leaf.SerialNumber, ThisUpdate: noon, NextUpdate: time.Time{}.Add(time.Nanosecond)}
	first, err := xocsp.CreateResponse(w.issuing, w.issuing, said, w.issuingKey)
	if err != nil || !bytes.Contains(first, []byte("00010101")) {
		t.Fatal(err)
	}
	if _, err := w.verify(first, noon); !errors.Is(err, ocsp.ErrFormat) {
		t.Errorf("an answer that was overtaken in the year 1: %v", err)
	}
}

// And we read its answers: signed by the issuer itself, with ECDSA too.
func TestAnswersOfOthersAreRead(t *testing.T) {
	w := newWorld(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := leafTemplate(12)
	template.NotAfter = noon.AddDate(100, 0, 0) // x/crypto writes the machine's time into its answers
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	curved, err := signed(template, w.issuing, key.Public(), w.issuingKey)
	if err != nil {
		t.Fatal(err)
	}
	said := xocsp.Response{Status: xocsp.Good, SerialNumber: w.leaf.SerialNumber, ThisUpdate: noon.AddDate(-1, 0, 0), NextUpdate: noon.Add(time.Hour), Certificate: curved}
	for name, make := range map[string]func() ([]byte, error){
		"issuer": func() ([]byte, error) { return xocsp.CreateResponse(w.issuing, w.issuing, said, w.issuingKey) },
		"ECDSA":  func() ([]byte, error) { return xocsp.CreateResponse(w.issuing, curved, said, key) },
	} {
		der, err := make()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.verify(der, noon); err != nil || got.Status != ocsp.Good {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	w := newWorld(t)
	spoilt := func(change func(*ocsp.Draft)) []byte { d := w.good(t); change(&d); return w.sign(t, d) }
	by := func(change func(*x509.Certificate), key crypto.Signer) []byte {
		template := leafTemplate(99)
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		change(template)
		parent := *w.issuing
		parent.PublicKey = key.Public()
		cert, err := signed(template, &parent, w.responder.Key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		der, err := ocsp.Sign(w.good(t), ocsp.Signer{Certificate: cert, Key: w.responder.Key})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	good := w.sign(t, w.good(t))
	tests := []struct {
		name     string
		response []byte
		at       time.Time
		want     error
	}{
		{"nothing", nil, noon, ocsp.ErrFormat},
		{"try later", ocsp.TryLater.Encode(), noon, ocsp.TryLater},
		{"cut off", good[:len(good)-1], noon, ocsp.ErrFormat},
		{"something behind it", append(bytes.Clone(good), 0), noon, ocsp.ErrFormat},
		{"huge", make([]byte, 1<<20), noon, ocsp.ErrFormat},
		{"of the future", good, noon.Add(-3 * time.Minute), ocsp.ErrTime},
		{"overtaken", good, noon.Add(13 * time.Minute), ocsp.ErrTime},
		{"signed before it was known", spoilt(func(d *ocsp.Draft) { d.Produced = noon.Add(-4 * time.Minute) }), noon, ocsp.ErrTime},
		{"about another serial number", spoilt(func(d *ocsp.Draft) {
			d.Answers[0].ID.Raw = bytes.Replace(d.Answers[0].ID.Raw, []byte{0x12, 0x67}, []byte{0x12, 0x68}, 1)
		}), noon, ocsp.ErrOther},
		{"two answers about it", spoilt(func(d *ocsp.Draft) { d.Answers = append(d.Answers, d.Answers[0]) }), noon, ocsp.ErrOther},
		{"a responder without the right", by(func(c *x509.Certificate) { c.ExtKeyUsage = nil }, w.issuingKey), noon, ocsp.ErrSigner},
		{"a responder with another right", by(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, w.issuingKey), noon, ocsp.ErrSigner},
		{"a responder that had ended", by(func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Second) }, w.issuingKey), noon, ocsp.ErrSigner},
		{"a responder of another CA of that name", by(func(*x509.Certificate) {}, otherKey(t)), noon, ocsp.ErrSigner},
	}
	for _, tt := range tests {
		if got, err := w.verify(tt.response, tt.at); !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
}

// otherKey is a key that no CA here has; the certificate it signs names our issuer.
func otherKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestVerifyWantsTheIssuer(t *testing.T) {
	w := newWorld(t)
	good := w.sign(t, w.good(t))
	if _, err := ocsp.Verify(good, w.leaf, w.issuing, []*x509.Certificate{w.leaf}, noon); !errors.Is(err, ocsp.ErrSigner) {
		t.Errorf("an issuer that leads to no root: %v", err)
	}
	if _, err := ocsp.Verify(good, w.leaf, w.root, []*x509.Certificate{w.root}, noon); !errors.Is(err, ocsp.ErrOther) {
		t.Errorf("another issuer: %v", err)
	}
	if _, err := ocsp.Verify(good, w.leaf, w.issuing, []*x509.Certificate{w.issuing}, noon); err != nil {
		t.Errorf("the issuer is itself trusted: %v", err)
	}
}

func TestSignRefuses(t *testing.T) {
	w := newWorld(t)
	if _, err := ocsp.Sign(ocsp.Draft{Produced: noon}, w.responder); err == nil {
		t.Error("nothing is answered, and it was signed")
	}
	d := w.good(t)
	d.Answers[0].Status = "fine"
	if _, err := ocsp.Sign(d, w.responder); err == nil {
		t.Error("a status that there is not was signed")
	}
	if _, err := ocsp.Sign(w.good(t), ocsp.Signer{Certificate: w.issuing, Key: w.responder.Key}); err == nil {
		t.Error("a signature of another key left")
	}
}

// No answer that verifies says anything but what the responder signed.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	d := w.good(f)
	d.Nonce = []byte("once")
	d.Answers[0].Status, d.Answers[0].Revoked, d.Answers[0].Reason = ocsp.Revoked, noon.Add(-time.Hour), pki.Hold
	held := w.sign(f, d)
	want, err := w.verify(held, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ocsp.TryLater.Encode(), uint16(7), uint16(1), []byte{0x80})
	f.Fuzz(func(t *testing.T, der []byte, at, drop uint16, with []byte) {
		from := int(at) % len(held) // of this process's own answer: a worker has other keys than whoever made der
		spliced := slices.Concat(held[:from], with, held[min(from+int(drop), len(held)):])
		for _, b := range [][]byte{der, spliced} {
			got, err := w.verify(b, noon)
			if err != nil {
				continue
			}
			if got.Status != want.Status || got.Reason != want.Reason || !got.Revoked.Equal(want.Revoked) || !bytes.Equal(got.Nonce, want.Nonce) ||
				!got.ThisUpdate.Equal(want.ThisUpdate) || !got.NextUpdate.Equal(want.NextUpdate) {
				t.Errorf("verified: %+v", got)
			}
		}
	})
}

func TestEachBitOfAnAnswerCounts(t *testing.T) {
	w := newWorld(t)
	good := w.sign(t, w.good(t))
	end := bytes.Index(good, w.responder.Certificate.Raw) // behind that begins what its own signature covers
	if end < 0 {
		t.Fatal("no certificate in the answer")
	}
	for i := range end {
		for _, bit := range []byte{1, 0x80} {
			bad := bytes.Clone(good)
			bad[i] ^= bit
			if got, err := w.verify(bad, noon); err == nil {
				t.Fatalf("byte %d of %d does not matter: %+v", i, end, got)
			}
		}
	}
}
