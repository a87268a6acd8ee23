package pades_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitorus/pdf"
	"github.com/digitorus/pdfsign/sign"

	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/trust/pades"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

type pair struct {
	cert *x509.Certificate
	key  *rsa.PrivateKey
}

// world is root, holder, and time-stamps; keys of 2048 bits to be quick.
var world = sync.OnceValue(func() (w [3]pair) {
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		panic(err)
	}
	for i, t := range []x509.Certificate{
		{IsCA: true, KeyUsage: x509.KeyUsageCertSign},
		{KeyUsage: x509.KeyUsageContentCommitment},
		{KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}},
	} {
		t.Subject, t.SerialNumber, t.BasicConstraintsValid = pkix.Name{CommonName: []string{"Root", "LOVELACE,ADA", "Time"}[i]}, big.NewInt(int64(i+1)), true
		t.NotBefore, t.NotAfter = noon.AddDate(0, -1, 0), noon.AddDate(30, 0, 0)
		if w[i].key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err)
		}
		parent := w[0].cert
		if i == 0 {
			parent = &t
		}
		der, err := x509.CreateCertificate(rand.Reader, &t, parent, w[i].key.Public(), w[0].key)
		if err != nil {
			panic(err)
		}
		if w[i].cert, err = x509.ParseCertificate(der); err != nil {
			panic(err)
		}
	}
	return w
})

type fixed struct{}

func (fixed) Now() time.Time { return noon }

// plain is a document of one empty page.
func plain() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
	} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	b.WriteString("xref\n0 4\n0000000000 65535 f \n")
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", xref)
	return b.Bytes()
}

// signed signs a document with pdfsign; who is an index of world.
func signed(t testing.TB, in []byte, who int, url string) []byte {
	t.Helper()
	w := world()
	reader, err := pdf.NewReader(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = sign.Sign(bytes.NewReader(in), &out, reader, int64(len(in)), sign.SignData{
		Signature: sign.SignDataSignature{CertType: sign.ApprovalSignature, Info: sign.SignDataSignatureInfo{Name: "Ada", Date: noon}},
		Signer:    w[who].key, Certificate: w[who].cert, DigestAlgorithm: crypto.SHA512,
		CertificateChains: [][]*x509.Certificate{{w[who].cert, w[0].cert}}, TSA: sign.TSA{URL: url},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// stamps serves time-stamps; spoil changes what they are about.
func stamps(t testing.TB, spoil bool) string {
	t.Helper()
	w := world()
	a := stamp.Authority{Certificate: w[2].cert, Key: w[2].key, Clock: fixed{}, Accuracy: time.Second}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		q, err := stamp.ParseRequest(b)
		if err == nil && spoil {
			q.Digest[0] ^= 1
			b, err = q.Encode()
		}
		if err != nil {
			t.Error(err)
		}
		answer, err := a.Answer(b)
		if err != nil {
			t.Error(err)
		}
		rw.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = rw.Write(answer)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func trust() pades.Trust {
	return pades.Trust{Roots: []*x509.Certificate{world()[0].cert}, Now: noon.Add(time.Hour)}
}

func TestVerify(t *testing.T) {
	for level, url := range map[string]string{"B": "", "T": stamps(t, false)} {
		r, err := pades.Verify(signed(t, plain(), 1, url), trust())
		if err != nil || !r.Signer.Equal(world()[1].cert) || (level == "T") != r.Stamped.Equal(noon) || len(r.Checked) != 4 {
			t.Errorf("%s: %+v, %v", level, r, err)
		}
	}
}

// openssl takes the signature over the same bytes.
func TestOpensslVerifies(t *testing.T) {
	openssl := need.Tool(t, "openssl")
	doc := signed(t, plain(), 1, stamps(t, false))
	from := bytes.Index(doc, []byte("/Contents<")) + len("/Contents")
	to := from + bytes.IndexByte(doc[from:], '>') + 1
	der, err := hex.DecodeString(string(doc[from+1 : to-1]))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, b := range map[string][]byte{"sig": der, "doc": append(bytes.Clone(doc[:from]), doc[to:]...), "root.pem": pki.EncodeCertificates(world()[0].cert)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), openssl, "cms", "-verify", "-binary", "-inform", "DER", "-in", "sig", "-content", "doc", "-CAfile", "root.pem",
		"-purpose", "any", "-attime", fmt.Sprint(noon.Unix()), "-out", os.DevNull)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestVerifyRefuses(t *testing.T) {
	good := signed(t, plain(), 1, stamps(t, false))
	contents := bytes.Index(good, []byte("/Contents<")) + 10
	late, other := trust(), trust()
	late.Now, other.Roots = noon.Add(-time.Hour), []*x509.Certificate{world()[2].cert}
	ended := trust()
	ended.Now = noon.AddDate(40, 0, 0)
	for name, tt := range map[string]struct {
		pdf   []byte
		trust pades.Trust
		words string
	}{
		"no document":        {[]byte("PK"), trust(), "no PDF document"},
		"not signed":         {plain(), trust(), "0 signatures"},
		"changed":            {bytes.Replace(good, []byte("200 200"), []byte("200 300"), 1), trust(), "over this document"},
		"added to":           {append(bytes.Clone(good), "\n%%EOF\n"...), trust(), "cover the whole document"},
		"signed twice":       {signed(t, good, 1, ""), trust(), "2 signatures"},
		"damaged":            {append(append(bytes.Clone(good[:contents+300]), '0'^good[contents+300]^'1'), good[contents+301:]...), trust(), ""},
		"no hex":             {append(append(bytes.Clone(good[:contents]), 'x'), good[contents+1:]...), trust(), "hexadecimal"},
		"another root":       {good, other, "does not lead to a root"},
		"of the future":      {good, late, "future"},
		"ended":              {signed(t, plain(), 1, ""), ended, "does not lead to a root"},
		"stamped, and ended": {good, ended, "cannot be known any more"},
		"for time-stamps":    {signed(t, plain(), 2, ""), trust(), "not one for signatures"},
		"stamped otherwise":  {signed(t, plain(), 1, stamps(t, true)), trust(), "something else"},
		"a range that skips": {bytes.Replace(good, []byte("/ByteRange [0 "), []byte("/ByteRange [1 "), 1), trust(), "cover"},
	} {
		r, err := pades.Verify(tt.pdf, tt.trust)
		if err == nil || !strings.Contains(err.Error(), tt.words) || r.Signer != nil {
			t.Errorf("%s: %v; want %q", name, err, tt.words)
		}
	}
}

// What is accepted of a changed document is the document.
func FuzzVerify(f *testing.F) {
	good := signed(f, plain(), 1, stamps(f, false))
	f.Add(good)
	from := bytes.Index(good, []byte("/Contents<")) + len("/Contents")
	to := from + bytes.IndexByte(good[from:], '>') + 1
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := pades.Verify(in, trust()); err != nil {
			return
		}
		if len(in) < to || !bytes.Equal(in[:from], good[:from]) || !bytes.Equal(in[len(in)-len(good)+to:], good[to:]) {
			t.Errorf("accepted: %q", in)
		}
	})
}
