package emrtd_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// What a state's own signer would have to do wrong.
func TestForgeries(t *testing.T) {
	masterList := asn1.ObjectIdentifier{2, 23, 136, 1, 1, 2}
	tests := []struct {
		name  string
		give  virtual.Forgery
		code  tunnus.Code
		check string
	}{
		{"two signers", virtual.Forgery{TwoSigners: true}, tunnus.CodeDocSigBad, emrtd.CheckSecurityObject},
		{"duplicate group", virtual.Forgery{RepeatGroup: 1}, tunnus.CodeDocSigBad, emrtd.CheckSecurityObject},
		{"group not listed", virtual.Forgery{OmitGroup: 15}, tunnus.CodeHashMismatch, emrtd.CheckPresence},
		{"no signed attributes", virtual.Forgery{WithoutAttributes: true}, tunnus.CodeDocSigBad, emrtd.CheckSecurityObject},
		{"digest of other content", virtual.Forgery{WrongDigest: true}, tunnus.CodeDocSigBad, emrtd.CheckSignature},
		{"SHA-1", virtual.Forgery{SHA1: true}, tunnus.CodeDocSigBad, emrtd.CheckAlgorithms},
		{"master list", virtual.Forgery{ContentType: masterList}, tunnus.CodeDocSigBad, emrtd.CheckSecurityObject},
		{"signer is a CA", virtual.Forgery{Signer: func(c *x509.Certificate) {
			c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
		}}, tunnus.CodeDocSigBad, emrtd.CheckSigner},
		{"signer is a CA that may only sign data", virtual.Forgery{Signer: func(c *x509.Certificate) {
			c.IsCA, c.BasicConstraintsValid = true, true
		}}, tunnus.CodeDocSigBad, emrtd.CheckSigner},
		{"signer may not sign", virtual.Forgery{Signer: func(c *x509.Certificate) {
			c.KeyUsage = x509.KeyUsageKeyEncipherment
		}}, tunnus.CodeDocSigBad, emrtd.CheckSigner},
		{"master list signer", virtual.Forgery{Signer: func(c *x509.Certificate) {
			c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{2, 23, 136, 1, 1, 3}}
		}}, tunnus.CodeDocSigBad, emrtd.CheckSigner},
		{"signer of other kinds", virtual.Forgery{Signer: func(c *x509.Certificate) {
			c.ExtraExtensions[0].Value = []byte{0x30, 8, 2, 1, 0, 0x31, 3, 0x13, 1, 'I'}
		}}, tunnus.CodeDocSigBad, emrtd.CheckDocumentType},
		{"signer of another country", virtual.Forgery{Signer: func(c *x509.Certificate) {
			c.Subject.Country = []string{"DE"}
		}}, tunnus.CodeDocSigBad, emrtd.CheckCountry},
		{"unknown critical extension", virtual.Forgery{Signer: func(c *x509.Certificate) {
			c.ExtraExtensions[0].Id, c.ExtraExtensions[0].Critical = asn1.ObjectIdentifier{1, 2, 3}, true
		}}, tunnus.CodeDocSigBad, emrtd.CheckSigner},
		{"signer expired before it signed", virtual.Forgery{Signer: func(c *x509.Certificate) {
			c.NotAfter = now.Add(-time.Hour)
		}}, tunnus.CodeDocSigBad, emrtd.CheckValidity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, evidence(t, must(utopia().Forge(ada(), tt.give))), tt.code, tt.check)
		})
	}
}

// Each bit of the security object matters, but for what only frames it: the
// version numbers, the digest algorithms announced before the content, and small
// or capital letters in the name by which the certificate is found.
func TestBitFlipsInSOD(t *testing.T) {
	whole := evidence(t, adas())
	free := 0
	for at := range whole.SOD {
		ev := whole
		ev.SOD = bytes.Clone(whole.SOD)
		ev.SOD[at] ^= 1 << (at % 8)
		v, err := emrtd.Verify(ev, trust(), challenge, now)
		if err == nil {
			free++
			if v.Zone() != adas().Zone() {
				t.Fatalf("byte %d: another person", at)
			}
		}
		var f *emrtd.Failure
		if err != nil && !errors.As(err, &f) {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
	if free > 24 {
		t.Errorf("%d bytes could be changed unseen", free)
	}
}

func TestBitFlipsNameTheCheck(t *testing.T) {
	p := adas()
	cert := bytes.Index(p.SOD(), must(x509.ParseCertificate(signerOf(t, p))).RawTBSCertificate)
	tests := []struct {
		name  string
		at    int
		code  tunnus.Code
		check string
	}{
		{"hash list", bytes.Index(p.SOD(), sha256Of(p.Group(1))) + 5, tunnus.CodeDocSigBad, emrtd.CheckSignature},
		{"message digest", lastDigest(p.SOD()) + 5, tunnus.CodeDocSigBad, emrtd.CheckSignature},
		{"signature", len(p.SOD()) - 9, tunnus.CodeDocSigBad, emrtd.CheckSignature},
		{"signer's key", cert + bytes.Index(p.SOD()[cert:], rsaOID) + 60, tunnus.CodeDocSigBad, emrtd.CheckTrust},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := evidence(t, p)
			ev.SOD[tt.at] ^= 4
			refused(t, ev, tt.code, tt.check)
		})
	}
}

func TestBytesBehindSOD(t *testing.T) {
	ev := evidence(t, adas())
	ev.SOD = append(ev.SOD, 0)
	refused(t, ev, tunnus.CodeDocSigBad, emrtd.CheckSecurityObject)
}

// A signer that has expired since, under a document that has not.
func TestSignerExpiredSince(t *testing.T) {
	short := virtual.Forgery{Signer: func(c *x509.Certificate) { c.NotAfter = now.Add(time.Hour) }}
	ev := evidence(t, must(utopia().Forge(ada(), short)))
	if _, err := emrtd.Verify(ev, trust(), challenge, now); err != nil {
		t.Errorf("while it was valid: %v", err)
	}
	if _, err := emrtd.Verify(ev, trust(), challenge, now.Add(2*time.Hour)); tunnus.CodeOf(err) != tunnus.CodeDocSigBad {
		t.Errorf("afterwards: %v", err)
	}
}

func TestTrustListRefusesWhatCannotSign(t *testing.T) {
	noCA := must(utopia().Forge(ada(), virtual.Forgery{Signer: func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }}))
	for name, der := range map[string][]byte{
		"a document signer": signerOf(t, adas()), "one without CA": signerOf(t, noCA), "rubbish": []byte("no certificate"),
	} {
		if _, err := trustlist.Of(utopia().CSCA(), der); err == nil {
			t.Errorf("%s was taken for a country signer", name)
		}
	}
}
