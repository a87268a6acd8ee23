package order_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/virtual/order"
	"github.com/tunnus-id/tunnus/need"
)

// signers are kinds of keys that a state may have.
var signers = []string{
	"rsa 2048 pkcs1 sha256", "rsa 2048 pss sha512", "rsa 1024 pkcs1 sha1", "rsa 1024 pss sha1", "rsa 1024 pkcs1 sha256 exponent 38129",
	"ecdsa secp224r1 named sha224", "ecdsa secp256r1 named sha256", "ecdsa secp384r1 explicit sha384", "ecdsa secp521r1 named sha512",
	"ecdsa brainpoolP224r1 named sha224", "ecdsa brainpoolP256r1 explicit sha256", "ecdsa brainpoolP320r1 named sha384",
	"ecdsa brainpoolP384r1 explicit sha384", "ecdsa brainpoolP512r1 explicit sha512", "ecdsa secp256r1 named sha1",
}

// made are documents of each kind of state, whose signer was revoked since: keys
// take time to make.
var made = map[string]*order.Document{}

func of(kind string) *order.Document {
	if made[kind] == nil {
		o := must(order.Parse([]byte(ada + "active-auth none\nfault revoked signer\ncountry-signer " + kind + "\ndocument-signer " + kind + "\n")))
		made[kind] = must(must(o.Found(now)).Make(o, nil))
	}
	return made[kind]
}

// What any kind of state publishes is read by our own reader, and hangs together.
func TestEveryKindOfSigner(t *testing.T) {
	for _, kind := range signers {
		d := of(kind)
		csca, signer := must(certificate.Parse(d.CSCA)), must(certificate.Parse(d.Signer))
		before, link := must(certificate.Parse(d.Before)), must(certificate.Parse(d.Link))
		for name, err := range map[string]error{
			"the country signer": csca.IssuedBy(csca), "the document signer": signer.IssuedBy(csca),
			"the one before": before.IssuedBy(before), "the link": link.IssuedBy(before),
		} {
			if err != nil {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
		if !bytes.Equal(link.KeyInfo, csca.KeyInfo) || !bytes.Equal(signer.AuthorityKeyID, csca.SubjectKeyID) {
			t.Errorf("%s: the link is about another key", kind)
		}
	}
}

// openssl runs it; the test fails with what it says.
func openssl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(need.Tool(t, "openssl"), args...).CombinedOutput()
	if err != nil {
		t.Errorf("openssl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// OpenSSL finds the same: security object, revocation list and master list are
// signed by whom they say.
func TestOpenSSLAgrees(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, kind := range signers {
		kind = strings.Replace(kind, "explicit", "named", 1) // OpenSSL trusts no others, by rule
		d := of(kind)
		pem := func(name string, der []byte) string {
			out := filepath.Join(dir, name+".pem")
			openssl(t, "x509", "-inform", "DER", "-in", write(name+".der", der), "-out", out)
			return out
		}
		anchor := pem("csca", d.CSCA)
		sod := d.Passport.SOD()
		header := len(sod) - (int(sod[2])<<8 | int(sod[3]))
		write("sod.p7", sod[header:])
		weak := []string{"-attime", fmt.Sprint(now.Unix()), "-auth_level", "0"}
		for _, f := range []string{"sod.p7", write("list.p7", d.MasterList)} {
			openssl(t, append([]string{"cms", "-verify", "-inform", "DER", "-in", filepath.Join(dir, filepath.Base(f)), "-CAfile", anchor, "-purpose", "any", "-out", os.DevNull}, weak...)...)
		}
		if got := openssl(t, "crl", "-inform", "DER", "-in", write("list.crl", d.CRL), "-CAfile", anchor, "-noout", "-text"); !strings.Contains(got, "verify OK") || !strings.Contains(got, "Serial Number: 02") {
			t.Errorf("%s: %s", kind, got)
		}
		openssl(t, slices.Concat([]string{"verify", "-CAfile", pem("before", d.Before)}, weak, []string{pem("link", d.Link)})...)
	}
}
