package stamp_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

func TestVerifyRefuses(t *testing.T) {
	w := newWorld(t)
	token, digest := w.token(t)
	by := func(change func(*x509.Certificate)) []byte {
		a := w.authority
		template := *a.Certificate
		template.ExtraExtensions = nil
		change(&template)
		cert, err := signed(&template, w.issuing, a.Certificate.PublicKey, w.issuingKey)
		if err != nil {
			t.Fatal(err)
		}
		a.Certificate = cert
		token, err := a.Token(crypto.SHA256, digest)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, tt := range []struct {
		name          string
		token, digest []byte
		years         int
		want          error
	}{
		{"nothing", nil, digest, 0, stamp.ErrFormat},
		{"something behind it", append(bytes.Clone(token), 0), digest, 0, stamp.ErrFormat},
		{"another digest", token, digestOf(crypto.SHA256, "other"), 0, stamp.ErrImprint},
		{"a digest cut off", token, digest[:31], 0, stamp.ErrImprint},
		{"no digest", token, nil, 0, stamp.ErrImprint},
		{"of the future", token, digest, -1, stamp.ErrTime},
		{"after the authority's end", token, digest, 6, stamp.ErrAuthority},
		{"no usage", by(func(c *x509.Certificate) { c.ExtKeyUsage = nil }), digest, 0, stamp.ErrAuthority},
		{"the usage not critical", by(func(*x509.Certificate) {}), digest, 0, stamp.ErrAuthority},
		{"two usages", by(func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) }), digest, 0, stamp.ErrAuthority},
	} {
		if got, err := w.verify(tt.token, tt.digest, noon.AddDate(tt.years, 0, 0)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	if _, err := stamp.Verify(token, digest, []*x509.Certificate{w.authority.Certificate}, noon); err != nil {
		t.Errorf("the authority itself is trusted: %v", err)
	}
	if _, err := stamp.Verify(token, digest, nil, noon); !errors.Is(err, stamp.ErrAuthority) {
		t.Errorf("nothing is trusted: %v", err)
	}
	if got, err := w.verify(token, digest, time.Time{}); err != nil || !got.Time.Equal(noon) {
		t.Errorf("at its own time: %v", err)
	}
}

// The signature covers each byte of what a token says.
func TestEachByteOfATokenCounts(t *testing.T) {
	w := newWorld(t)
	token, digest := w.token(t)
	want, err := w.verify(token, digest, noon)
	if err != nil {
		t.Fatal(err)
	}
	for i := range token {
		bad := bytes.Clone(token)
		bad[i] ^= 1
		got, err := w.verify(bad, digest, noon)
		if err == nil && (!got.Time.Equal(want.Time) || got.Serial.Cmp(want.Serial) != 0 || got.Policy != want.Policy || !got.Authority.Equal(want.Authority)) {
			t.Fatalf("byte %d: %+v", i, got)
		}
	}
}

// The token's signer is the one that it names inside its signature: another
// certificate of the same name, number and key does not do (RFC 5816).
func TestSignerIsTheOneThatWasSignedFor(t *testing.T) {
	w := newWorld(t)
	token, digest := w.token(t)
	template := *w.authority.Certificate
	template.NotAfter = template.NotAfter.AddDate(1, 0, 0)
	template.ExtKeyUsage, template.ExtraExtensions = nil, usageOf(w.authority.Certificate)
	twin, err := signed(&template, w.issuing, w.authority.Certificate.PublicKey, w.issuingKey)
	if err != nil {
		t.Fatal(err)
	}
	if len(twin.Raw) != len(w.authority.Certificate.Raw) {
		t.Fatalf("the twin has %d bytes, not %d", len(twin.Raw), len(w.authority.Certificate.Raw))
	}
	swapped := bytes.Replace(token, w.authority.Certificate.Raw, twin.Raw, 1)
	if _, err := w.verify(swapped, digest, noon); !errors.Is(err, stamp.ErrSignature) {
		t.Errorf("a twin: %v", err)
	}
}

// What a token brings along must not decide how long its checking takes.
func TestTokenWithAHugeKey(t *testing.T) {
	w := newWorld(t)
	n := new(big.Int).Lsh(big.NewInt(1), 20_000)
	template := &x509.Certificate{SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "huge"}}
	huge, err := signed(template, w.issuing, &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}, w.issuingKey)
	if err != nil {
		t.Fatal(err)
	}
	w.authority.Chain = append(w.authority.Chain, huge)
	token, digest := w.token(t)
	if _, err := w.verify(token, digest, noon); !errors.Is(err, stamp.ErrFormat) {
		t.Errorf("a key of 20,000 bits: %v", err)
	}
}

// usageOf takes the extended key usage over as it is, critical.
func usageOf(c *x509.Certificate) []pkix.Extension {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "2.5.29.37" })
	return []pkix.Extension{c.Extensions[i]}
}

// openssl runs the program, or skips the test if it is missing.
func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	path := need.Tool(t, "openssl")
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Errorf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}

func TestOpensslVerifiesTheToken(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	file := func(name string, content []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	data := file("data", []byte("hello"))
	root, issuing := file("root.pem", pki.EncodeCertificates(w.root)), file("issuing.pem", pki.EncodeCertificates(w.issuing))
	at := []string{"-attime", strconv.FormatInt(noon.Unix(), 10)}
	for _, hash := range []string{"-sha256", "-sha384", "-sha512"} {
		query := filepath.Join(dir, "query.tsq")
		openssl(t, "ts", "-query", "-data", data, hash, "-cert", "-out", query)
		q, err := os.ReadFile(query)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := w.authority.Answer(q)
		if err != nil {
			t.Fatal(err)
		}
		reply := file("reply.tsr", answer)
		out := openssl(t, append([]string{"ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", root, "-untrusted", issuing}, at...)...)
		if !bytes.Contains(out, []byte("Verification: OK")) {
			t.Errorf("%s: %s", hash, out)
		}
		openssl(t, append([]string{"ts", "-verify", "-data", data, "-in", reply, "-CAfile", root}, at...)...) // the token has the issuing CA
		text := openssl(t, "ts", "-reply", "-in", reply, "-text")
		for _, want := range []string{"Status: Granted", "Policy OID: " + pki.PolicyStamp, "Accuracy: 0x01 seconds"} {
			if !bytes.Contains(text, []byte(want)) {
				t.Errorf("%s: no %q in\n%s", hash, want, text)
			}
		}
	}
}

// A time-stamp of OpenSSL's own authority is read and verified. It has the
// machine's time, so its certificate is good for long.
func TestTokensOfOpensslAreVerified(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	template := *w.authority.Certificate
	template.NotBefore, template.NotAfter = noon.AddDate(-20, 0, 0), noon.AddDate(100, 0, 0)
	template.ExtKeyUsage, template.ExtraExtensions = nil, usageOf(w.authority.Certificate)
	cert, err := signed(&template, w.issuing, template.PublicKey, w.issuingKey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := pki.EncodeKey(w.authority.Key)
	if err != nil {
		t.Fatal(err)
	}
	config := "[tsa]\ndefault_tsa = a\n[a]\nserial = " + dir + "/serial\nsigner_cert = " + dir + "/tsa.pem\nsigner_key = " + dir + "/tsa.key\n" +
		"certs = " + dir + "/issuing.pem\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\naccuracy = secs:1, millisecs:500\nclock_precision_digits = 3\ness_cert_id_alg = sha256\n"
	for name, content := range map[string][]byte{
		"tsa.pem": pki.EncodeCertificates(cert), "tsa.key": key.Reveal(), "issuing.pem": pki.EncodeCertificates(w.issuing),
		"serial": []byte("01\n"), "c.cnf": []byte(config), "data": []byte("hello"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openssl(t, "ts", "-query", "-data", dir+"/data", "-sha256", "-cert", "-out", dir+"/q")
	openssl(t, "ts", "-reply", "-config", dir+"/c.cnf", "-queryfile", dir+"/q", "-out", dir+"/r")
	answer, err := os.ReadFile(dir + "/r")
	if err != nil {
		t.Fatal(err)
	}
	token, err := stamp.FromResponse(answer)
	if err != nil {
		t.Fatal(err)
	}
	got, err := stamp.Verify(token, digestOf(crypto.SHA256, "hello"), []*x509.Certificate{w.root}, noon.AddDate(99, 0, 0))
	if err != nil || got.Policy != "1.2.3.4" || got.Nonce == nil || got.Accuracy.Milliseconds() != 1500 {
		t.Errorf("%+v, %v", got, err)
	}
}

// What is read can be written, and is the same.
func FuzzParseRequest(f *testing.F) {
	for _, r := range []stamp.Request{
		{Hash: crypto.SHA256, Digest: make([]byte, 32)},
		{Hash: crypto.SHA512, Digest: make([]byte, 64), Policy: pki.PolicyArc, Certificates: true},
	} {
		der, err := r.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		q, err := stamp.ParseRequest(der)
		if err != nil {
			var told stamp.Failure
			if !errors.As(err, &told) {
				t.Fatalf("a refusal without a reason: %v", err)
			}
			return
		}
		again, err := q.Encode()
		if err != nil {
			t.Fatal(err)
		}
		r, err := stamp.ParseRequest(again)
		if err != nil || r.Hash != q.Hash || !bytes.Equal(r.Digest, q.Digest) || r.Policy != q.Policy || r.Certificates != q.Certificates ||
			(r.Nonce == nil) != (q.Nonce == nil) || q.Nonce != nil && r.Nonce.Cmp(q.Nonce) != 0 {
			t.Errorf("%+v became %+v, %v", q, r, err)
		}
	})
}

// No token that verifies says anything but what the authority signed.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	token, digest := w.token(f)
	want, err := w.verify(token, digest, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{0x30, 0}, uint16(7), uint16(1), []byte{0x80})
	f.Fuzz(func(t *testing.T, der []byte, at, drop uint16, with []byte) {
		from := int(at) % len(token) // of this process's own token: a worker has other keys than whoever made der
		spliced := slices.Concat(token[:from], with, token[min(from+int(drop), len(token)):])
		for _, b := range [][]byte{der, spliced} {
			got, err := w.verify(b, digest, noon)
			if err == nil && (!got.Time.Equal(want.Time) || got.Serial.Cmp(want.Serial) != 0 || got.Policy != want.Policy || !got.Authority.Equal(want.Authority)) {
				t.Errorf("verified: %+v", got)
			}
		}
	})
}
