package crl_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/crl"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
	"github.com/tunnus-id/tunnus/need"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var csca = sync.OnceValue(func() issuer.Party {
	return issuer.Party{Name: issuer.Name(ber.PrintableString, "C=XX", "CN=CSCA"), Key: must(issuer.NewEC("brainpoolP256r1")), From: now, Until: now.AddDate(5, 0, 0)}
})

func authority(t issuer.Template) *certificate.Certificate {
	return must(certificate.Parse(must(issuer.Certify(t, csca().Key))))
}

func list() issuer.CRL {
	return issuer.CRL{
		Issuer: csca().Name, This: now, Next: now.AddDate(0, 3, 0), Number: 7, KeyID: csca().Key.ID(),
		Revoked: []issuer.Revocation{{Serial: 5, At: now.AddDate(0, -1, 0), Reason: 1}, {Serial: 0x80, At: now}},
	}
}

func revoke(c issuer.CRL) []byte { return must(issuer.Revoke(c, csca().Key)) }

func TestWhatAListSays(t *testing.T) {
	l := must(crl.Parse(revoke(list())))
	if !l.This.Equal(now) || !l.Next.Equal(now.AddDate(0, 3, 0)) || l.Len() != 2 || !bytes.Equal(l.AuthorityKeyID, csca().Key.ID()) || l.Issuer.Country() != "XX" {
		t.Errorf("%+v", l)
	}
	if e, ok := l.Find([]byte{5}); !ok || e.Reason != 1 || !e.At.Equal(now.AddDate(0, -1, 0)) {
		t.Errorf("serial 5: %+v, %v", e, ok)
	}
	for _, serial := range [][]byte{{0x80}, {0, 0x80}, {0, 0, 0x80}} { // however its zeros are written
		if _, ok := l.Find(serial); !ok {
			t.Errorf("serial %X is not found", serial)
		}
	}
	for _, serial := range [][]byte{{6}, {}, {5, 0}} {
		if _, ok := l.Find(serial); ok {
			t.Errorf("serial %X is found", serial)
		}
	}
	if err := l.IssuedBy(authority(issuer.CountrySigner(csca()))); err != nil {
		t.Error(err)
	}
}

func TestListsWithoutEntriesOrEnd(t *testing.T) {
	c := list()
	c.Revoked, c.Next = nil, time.Time{}
	l := must(crl.Parse(revoke(c)))
	if l.Len() != 0 || !l.Next.IsZero() {
		t.Errorf("%+v", l)
	}
}

func TestWhoMayNotSignLists(t *testing.T) {
	l := must(crl.Parse(revoke(list())))
	noUse, other, signer := issuer.CountrySigner(csca()), issuer.CountrySigner(csca()), issuer.CountrySigner(csca())
	noUse.Extensions[1] = issuer.Usage(certificate.CertSign)
	other.Subject = issuer.Name(ber.PrintableString, "C=XX", "CN=Other")
	signer.Extensions = signer.Extensions[1:]
	impostor := csca()
	impostor.Key = must(issuer.NewEC("brainpoolP256r1"))
	for name, c := range map[string]*certificate.Certificate{
		"may not": authority(noUse), "another name": authority(other), "no authority": authority(signer),
		"another key": must(certificate.Parse(must(issuer.Certify(issuer.CountrySigner(impostor), impostor.Key)))),
	} {
		if err := l.IssuedBy(c); !errors.Is(err, crl.ErrIssuer) && !errors.Is(err, signature.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	good := revoke(list())
	with := func(extensions ...[]byte) []byte {
		c := list()
		c.Extensions = extensions
		return revoke(c)
	}
	entry := func(reason int) []byte {
		c := list()
		c.Revoked[0].Reason = reason
		return revoke(c)
	}
	replaced := func(old, by string) []byte {
		c := list()
		c.Edit = func(tbs []byte) []byte { return bytes.Replace(tbs, []byte(old), []byte(by), 1) }
		return revoke(c)
	}
	for name, tt := range map[string]struct {
		give []byte
		want error
	}{
		"nothing": {nil, crl.ErrForm}, "trailing": {append(bytes.Clone(good), 0), crl.ErrForm}, "cut": {good[:len(good)-1], crl.ErrForm},
		"a part of the certificates":          {with(issuer.Extension("2.5.29.28", true, []byte{0x30, 0})), crl.ErrPartial},
		"a part, not critical":                {with(issuer.Extension("2.5.29.28", false, []byte{0x30, 0})), crl.ErrPartial},
		"changes only":                        {with(issuer.Extension("2.5.29.27", true, []byte{2, 1, 1})), crl.ErrPartial},
		"unknown and critical":                {with(issuer.Extension("1.2.3", true, []byte{5, 0})), crl.ErrExtension},
		"taken off again":                     {entry(8), crl.ErrPartial},
		"an entry of another issuer":          {replaced("\x06\x03\x55\x1d\x15", "\x06\x03\x55\x1d\x1d"), crl.ErrPartial},
		"no such day":                         {replaced("261122120000Z", "261131120000Z"), crl.ErrForm},
		"a certificate":                       {authority(issuer.CountrySigner(csca())).Raw, crl.ErrForm},
		"too large":                           {make([]byte, crl.MaxSize+1), crl.ErrSize},
		"two algorithms":                      {replaced("\x04\x03\x02", "\x04\x03\x03"), crl.ErrForm},
		"an extension that is none":           {replaced("\x06\x03\x55\x1d\x15\x04", "\x06\x03\x55\x1d\x15\x05"), crl.ErrForm},
		"twenty extensions":                   {with(bytes.Repeat(issuer.Extension("1.2.3", false, nil), 20)), crl.ErrForm},
		"an entry that is longer than itself": {replaced("\x02\x01\x05\x17", "\x02\x01\x05\x19"), crl.ErrForm},
	} {
		if l, err := crl.Parse(tt.give); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v; want %v", name, l, err, tt.want)
		}
	}
	c := list()
	c.Extensions = [][]byte{issuer.Extension("1.2.3", false, nil)}
	if _, err := crl.Parse(revoke(c)); err != nil {
		t.Errorf("unknown and not critical: %v", err)
	}
}

// Of two entries of one certificate, the first revocation counts.
func TestRevokedTwice(t *testing.T) {
	c := list()
	c.Revoked = append(c.Revoked, issuer.Revocation{Serial: 5, At: now.AddDate(0, -2, 0), Reason: 4})
	if e, ok := must(crl.Parse(revoke(c))).Find([]byte{5}); !ok || e.Reason != 4 {
		t.Errorf("%+v", e)
	}
}

// A second opinion: OpenSSL reads our lists, and checks their signatures.
func TestListsForOpenSSL(t *testing.T) {
	openssl := need.Tool(t, "openssl")
	dir := t.TempDir()
	ca, file := filepath.Join(dir, "ca"), filepath.Join(dir, "crl")
	for name, b := range map[string][]byte{ca: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority(issuer.CountrySigner(csca())).Raw}), file: revoke(list())} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(openssl, "crl", "-inform", "DER", "-in", file, "-CAfile", ca, "-noout", "-text", "-verify").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "verify OK") || !strings.Contains(string(out), "Serial Number: 05") {
		t.Errorf("%v: %s", err, out)
	}
}

// Where crypto/x509 and we read a list, both agree. It passes over bytes behind what
// it knows, at every level, and we do not: that all of the proper ones are read,
// FuzzReadsWhatIsWritten shows.
func FuzzParseAgrees(f *testing.F) {
	f.Add(revoke(list()))
	c := list()
	c.Revoked, c.Next = nil, time.Time{}
	f.Add(revoke(c))
	f.Fuzz(func(t *testing.T, in []byte) {
		l, err := crl.Parse(in)
		if err != nil {
			return
		}
		if std, err := x509.ParseRevocationList(in); err == nil {
			agree(t, l, std)
		}
	})
}

func agree(t *testing.T, l *crl.CRL, std *x509.RevocationList) {
	t.Helper()
	if !l.This.Equal(std.ThisUpdate) || !l.Next.Equal(std.NextUpdate) || !bytes.Equal(l.Issuer.Raw, std.RawIssuer) || !bytes.Equal(l.AuthorityKeyID, std.AuthorityKeyId) {
		t.Errorf("%+v; crypto/x509 reads %+v", l, std)
	}
	for _, e := range std.RevokedCertificateEntries {
		if e.SerialNumber.Sign() < 0 {
			continue
		}
		if _, ok := l.Find(e.SerialNumber.Bytes()); !ok {
			t.Errorf("serial %v is not found", e.SerialNumber)
		}
	}
	if len(std.RevokedCertificateEntries) < l.Len() {
		t.Errorf("%d entries of %d", l.Len(), len(std.RevokedCertificateEntries))
	}
}

// Whatever crypto/x509 writes is read, and as the same.
func FuzzReadsWhatIsWritten(f *testing.F) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("XX", []byte{1, 2}, int64(0), int64(1<<31), []byte{5, 0, 5, 7}, uint8(1))
	f.Add("", []byte{1}, int64(1<<30), int64(1<<33), []byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, country string, keyID []byte, this, next int64, serials []byte, reason uint8) {
		ca := &x509.Certificate{Subject: pkix.Name{Country: []string{country}, CommonName: "CSCA"}, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: keyID}
		tt := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Unix(this, 0), NextUpdate: time.Unix(next, 0)}
		for i, n := range serials {
			tt.RevokedCertificateEntries = append(tt.RevokedCertificateEntries, x509.RevocationListEntry{
				SerialNumber: big.NewInt(int64(n) << (i % 50)), RevocationTime: time.Unix(this, 0), ReasonCode: int(reason % 8),
			})
		}
		der, err := x509.CreateRevocationList(rand.Reader, tt, ca, private)
		if err != nil || len(der) > crl.MaxSize {
			return
		}
		l, err := crl.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		if std, err := x509.ParseRevocationList(der); err == nil {
			agree(t, l, std)
		}
	})
}
