package pki_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

func TestVerifyTellsTheHolder(t *testing.T) {
	for _, s := range []pki.Scheme{pki.Sandbox(), claiming()} {
		for _, p := range []pki.Purpose{pki.Login, pki.Signature} {
			for _, l := range []tunnus.Level{tunnus.Qualified, tunnus.Advanced} {
				c := leaf(t, s, p, l, nil)
				h, err := judge(t, s, c, noon)
				if err != nil {
					t.Errorf("%s %s: %v", p, l, err)
					continue
				}
				if h.Purpose != p || h.Level != l || h.Subject.Surname != "LOVELACE" || h.Subject.GivenNames != "ADA" ||
					h.Subject.Code.Value() != "199002140017" || h.Subject.Birth.Format(time.DateOnly) != "1990-02-14" ||
					!h.PublicKey.Equal(modulus(t)) {
					t.Errorf("%s %s: the certificate says %+v", p, l, h)
				}
			}
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	other := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62306, 5, 7, 0}
	drop := func(id asn1.ObjectIdentifier) spoiler {
		return func(c *x509.Certificate) {
			c.ExtraExtensions = slices.DeleteFunc(c.ExtraExtensions, func(e pkix.Extension) bool { return e.Id.Equal(id) })
		}
	}
	name := func(i int, v string) spoiler {
		return func(c *x509.Certificate) { c.Subject.ExtraNames[i].Value = v }
	}
	tests := []struct {
		name  string
		want  error
		spoil spoiler
	}{
		{"foreign policy", pki.ErrProfile, func(c *x509.Certificate) { c.Policies = []x509.OID{oid(t, "1.3.6.1.4.1.10015.17.2")} }},
		{"no policy", pki.ErrProfile, func(c *x509.Certificate) { c.Policies = nil }},
		{"a second policy", pki.ErrProfile, func(c *x509.Certificate) { c.Policies = append(c.Policies, oid(t, "0.4.0.2042.1.2")) }},
		{"policy of the other level", pki.ErrSubject, func(c *x509.Certificate) { c.Policies = []x509.OID{oid(t, pki.PolicyLoginAdvanced)} }},
		{"policy of the other purpose", pki.ErrProfile, func(c *x509.Certificate) { c.Policies = []x509.OID{oid(t, pki.PolicySignatureQualified)} }},
		{"key usage", pki.ErrProfile, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }},
		{"both key usages", pki.ErrProfile, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageContentCommitment }},
		{"no extended usage", pki.ErrProfile, func(c *x509.Certificate) { c.UnknownExtKeyUsage = nil }},
		{"foreign extended usage", pki.ErrProfile, func(c *x509.Certificate) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{other} }},
		{"any extended usage", pki.ErrProfile, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }},
		{"no basic constraints", pki.ErrProfile, func(c *x509.Certificate) { c.BasicConstraintsValid = false }},
		{"weaker hash", pki.ErrProfile, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA256WithRSA }},
		{"short key", pki.ErrProfile, func(c *x509.Certificate) { c.PublicKey = newAuthority(t).Root.PublicKey }},
		{"valid too long", pki.ErrProfile, func(c *x509.Certificate) { c.NotAfter = c.NotAfter.AddDate(0, 0, 1) }},
		{"statements nobody allowed", pki.ErrProfile, func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: []byte{0x30, 0}})
		}},
		{"a CA", pki.ErrProfile, func(c *x509.Certificate) { c.IsCA = true }},
		{"expired", pki.ErrChain, func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Second) }},
		{"not yet valid", pki.ErrChain, func(c *x509.Certificate) { c.NotBefore = noon.Add(time.Second) }},
		{"unknown critical extension", pki.ErrChain, func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}})
		}},
		{"no document number", pki.ErrSubject, drop(asn1.ObjectIdentifier{2, 5, 29, 17})},
		{"no birth date", pki.ErrSubject, drop(asn1.ObjectIdentifier{2, 5, 29, 9})},
		{"country unlike the code", pki.ErrSubject, name(0, "EE")},
		{"person unlike the document", pki.ErrSubject, name(4, "PNOXX-200711300040")},
		{"code with a wrong check digit", pki.ErrSubject, name(4, "PNOXX-199002140018")},
		{"passport number instead of a code", pki.ErrSubject, name(4, "PASXX-199002140017")},
		{"surname twice", pki.ErrSubject, func(c *x509.Certificate) {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, c.Subject.ExtraNames[2])
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := leaf(t, pki.Sandbox(), pki.Login, tunnus.Qualified, tt.spoil)
			if h, err := judge(t, pki.Sandbox(), c, noon); !errors.Is(err, tt.want) || h != (pki.Holder{}) {
				t.Errorf("got %+v, %v; want %v", h, err, tt.want)
			}
		})
	}
}

func TestVerifyWantsTheWholeChain(t *testing.T) {
	ca := newAuthority(t)
	good := leaf(t, pki.Sandbox(), pki.Login, tunnus.Qualified, nil)
	straight := sign(t, template(t), ca.Root, ca.RootKey)
	stranger, err := pki.NewAuthority(pki.Sandbox(), noon) // same names, other keys
	if err != nil {
		t.Fatal(err)
	}
	forged := sign(t, template(t), stranger.Issuing, stranger.IssuingKey)
	flipped := *good
	flipped.RawTBSCertificate = slices.Clone(good.RawTBSCertificate)
	flipped.RawTBSCertificate[40] ^= 1
	roots, middle := []*x509.Certificate{ca.Root}, []*x509.Certificate{ca.Issuing}
	tests := []struct {
		name           string
		cert           *x509.Certificate
		issuing, roots []*x509.Certificate
		at             time.Time
	}{
		{"no root", good, middle, nil, noon},
		{"no issuing CA", good, nil, roots, noon},
		{"issuing CA as a root", good, nil, middle, noon},
		{"another CA of the same name", forged, middle, roots, noon},
		{"another CA brings its own chain", forged, []*x509.Certificate{stranger.Issuing}, roots, noon},
		{"signed by the root itself", straight, middle, roots, noon},
		{"one bit changed", &flipped, middle, roots, noon},
		{"after three years", good, middle, roots, noon.AddDate(3, 0, 0)},
		{"before it was made", good, middle, roots, noon.Add(-time.Hour)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := pki.Sandbox().Verify(tt.cert, tt.issuing, tt.roots, tt.at); !errors.Is(err, pki.ErrChain) {
				t.Errorf("got %v, want %v", err, pki.ErrChain)
			}
		})
	}
}

func template(t *testing.T) *x509.Certificate {
	t.Helper()
	var out *x509.Certificate
	leaf(t, pki.Sandbox(), pki.Login, tunnus.Qualified, func(c *x509.Certificate) { cp := *c; out = &cp })
	return out
}

func oid(t *testing.T, s string) x509.OID {
	t.Helper()
	o, err := x509.ParseOID(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}
