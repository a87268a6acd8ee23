package order_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/cms"
	"github.com/tunnus-id/tunnus/document/virtual/order"
)

// published is what the state of complete publishes with a fault.
func published(t *testing.T, fault string) (d *order.Document, csca *certificate.Certificate) {
	t.Helper()
	o := must(order.Parse([]byte(complete + "fault " + fault)))
	d, err := state().Make(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d, must(certificate.Parse(d.CSCA))
}

// What is wrong with revocation lists is that, and nothing else.
func TestRevocationListsThatAreWrong(t *testing.T) {
	type facts struct{ signed, named, fresh, begun, revoked, known bool }
	for fault, want := range map[string]facts{
		"expired":                {true, true, true, true, false, true}, // of the passport
		"revoked signer":         {true, true, true, true, true, true},
		"revoked country-signer": {true, true, true, true, false, true},
		"crl stale":              {true, true, false, true, false, true},
		"crl future":             {true, true, true, false, false, true},
		"crl foreign":            {false, true, true, true, false, true},
		"crl garbled":            {false, true, true, true, false, true},
		"crl critical":           {true, true, true, true, false, false},
		"crl other-name":         {true, false, true, true, false, true},
	} {
		d, _ := published(t, fault)
		list, anchor, signer := must(x509.ParseRevocationList(d.CRL)), must(x509.ParseCertificate(d.CSCA)), must(x509.ParseCertificate(d.Signer))
		got := facts{
			signed: list.CheckSignatureFrom(anchor) == nil, named: bytes.Equal(list.RawIssuer, anchor.RawSubject),
			fresh: list.NextUpdate.After(now), begun: !list.ThisUpdate.After(now), known: true,
		}
		for _, e := range list.RevokedCertificateEntries {
			got.revoked = got.revoked || e.SerialNumber.Cmp(signer.SerialNumber) == 0
		}
		for _, e := range list.Extensions {
			got.known = got.known && !e.Critical
		}
		if got != want {
			t.Errorf("%s: %+v; want %+v", fault, got, want)
		}
	}
}

func TestLinksThatAreWrong(t *testing.T) {
	type facts struct{ signed, authority, valid, named bool }
	for fault, want := range map[string]facts{
		"expired":         {true, true, true, true}, // of the passport
		"link foreign":    {false, true, true, true},
		"link no-ca":      {true, false, true, true},
		"link ended":      {true, true, false, true},
		"link other-name": {true, true, true, false},
	} {
		d, csca := published(t, fault)
		link, before := must(certificate.Parse(d.Link)), must(certificate.Parse(d.Before))
		got := facts{link.IssuedBy(before) == nil, link.CA, link.NotAfter.After(now), link.Subject.Equal(csca.Subject)}
		if got != want {
			t.Errorf("%s: %+v; want %+v", fault, got, want)
		}
	}
}

func TestMasterListsThatAreWrong(t *testing.T) {
	type facts struct{ signed, issued, use, valid bool }
	for fault, want := range map[string]facts{
		"expired":             {true, true, true, true}, // of the passport
		"master-list foreign": {true, false, true, true},
		"master-list use":     {true, true, false, true},
		"master-list ended":   {true, true, true, false},
		"master-list garbled": {false, true, true, true},
	} {
		d, csca := published(t, fault)
		list := must(cms.Read(d.MasterList))
		lister := must(certificate.Parse(list.Certificates[0]))
		got := facts{
			signed: list.Verify(must(lister.Key())) == nil, issued: lister.IssuedBy(csca) == nil,
			use: len(lister.ExtKeyUsage) == 1 && lister.ExtKeyUsage[0] == certificate.MasterListSigner, valid: lister.NotAfter.After(now),
		}
		if got != want || !certificate.SameSerial(lister.Serial, list.Serial) {
			t.Errorf("%s: %+v; want %+v", fault, got, want)
		}
		for name, der := range map[string][]byte{"the country signer": d.CSCA, "the one before": d.Before, "the link": d.Link} {
			if !bytes.Contains(list.Content, der) {
				t.Errorf("%s: %s is not on it", fault, name)
			}
		}
	}
}
