package certificate_test

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
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
	"github.com/tunnus-id/tunnus/need"
)

var (
	from  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	until = time.Date(2052, 1, 1, 0, 0, 0, 0, time.UTC)
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// key is one of P-256, with which crypto/x509 can deal.
var key = sync.OnceValue(func() *issuer.Key { return must(issuer.NewEC("secp256r1")) })

func name(cn string) []byte { return issuer.Name(ber.PrintableString, "C=XX", "O=Utopia", "CN="+cn) }

// authority is a country signer's certificate with everything.
func authority() issuer.Template {
	k := key()
	return issuer.Template{
		Serial: 1, Issuer: name("CSCA"), Subject: name("CSCA"), NotBefore: from, NotAfter: until, Public: k.Public(),
		Extensions: [][]byte{
			issuer.Authority(), issuer.Usage(certificate.CertSign | certificate.CRLSign), issuer.SubjectKeyID(k.ID()), issuer.AuthorityKeyID(k.ID()),
			issuer.UsePeriod(from, from.AddDate(3, 0, 0)), issuer.CRLPoint("http://example.org/crl"),
		},
	}
}

func certify(t issuer.Template) []byte { return must(issuer.Certify(t, key())) }

func TestWhatACountrySignerSays(t *testing.T) {
	c := must(certificate.Parse(certify(authority())))
	if c.Subject.String() != "C=XX, O=Utopia, CN=CSCA" || c.Subject.Country() != "XX" || !c.SelfIssued() || !c.SelfSigned() {
		t.Errorf("%v", c)
	}
	if !c.NotBefore.Equal(from) || !c.NotAfter.Equal(until) || !c.UseFrom.Equal(from) || !c.UseUntil.Equal(from.AddDate(3, 0, 0)) {
		t.Errorf("times %+v", c)
	}
	if !c.CA || c.MaxPath != 0 || !c.MaySign(certificate.CRLSign) || !bytes.Equal(c.SubjectKeyID, key().ID()) || !bytes.Equal(c.AuthorityKeyID, key().ID()) || len(c.CRLs) != 1 {
		t.Errorf("%+v", c.Extensions)
	}
	if c.NameChange || c.HasDocumentTypes || len(c.UnknownCritical) != 0 {
		t.Errorf("%+v", c.Extensions)
	}
}

func TestWhatADocumentSignerSays(t *testing.T) {
	tt := authority()
	tt.Serial, tt.Subject = 2, name("DS")
	tt.Extensions = [][]byte{
		issuer.Usage(certificate.DigitalSignature), issuer.DocumentTypes("P", "ID"), issuer.NameChange(),
		issuer.ExtUsage("2.23.136.1.1.3"), issuer.Extension("1.2.3.4", true, []byte{5, 0}), issuer.Extension("1.2.3.5", false, nil),
	}
	c := must(certificate.Parse(certify(tt)))
	if c.CA || c.KeyUsage != certificate.DigitalSignature || strings.Join(c.DocumentTypes, " ") != "P ID" || !c.NameChange || c.MaxPath != -1 {
		t.Errorf("%+v", c.Extensions)
	}
	if len(c.UnknownCritical) != 1 || c.UnknownCritical[0].String() != "1.2.3.4" || len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != certificate.MasterListSigner {
		t.Errorf("%+v", c.Extensions)
	}
	if c.SelfIssued() || !strings.Contains(c.String(), "issued by") {
		t.Errorf("%v", c)
	}
	if err := c.IssuedBy(must(certificate.Parse(certify(authority())))); err != nil {
		t.Error(err)
	}
}

func TestWhoIsNoIssuer(t *testing.T) {
	c := must(certificate.Parse(certify(authority())))
	with := func(change func(*issuer.Template)) *certificate.Certificate {
		a := authority()
		change(&a)
		return must(certificate.Parse(certify(a)))
	}
	for what, tt := range map[string]struct {
		signer *certificate.Certificate
		want   error
	}{
		"another name":   {with(func(a *issuer.Template) { a.Subject = name("other") }), certificate.ErrIssuer},
		"CA:FALSE":       {with(func(a *issuer.Template) { a.Extensions[0] = issuer.Extension("2.5.29.19", true, []byte{0x30, 0}) }), certificate.ErrAuthority},
		"no constraints": {with(func(a *issuer.Template) { a.Extensions = a.Extensions[1:] }), certificate.ErrAuthority},
		"other usage":    {with(func(a *issuer.Template) { a.Extensions[1] = issuer.Usage(certificate.DigitalSignature) }), certificate.ErrAuthority},
		"unknown critical extension": {with(func(a *issuer.Template) {
			a.Extensions = append(a.Extensions, issuer.Extension("1.2.3", true, nil))
		}), certificate.ErrAuthority},
		"same name and key identifier, another key": {with(func(a *issuer.Template) { a.Public = must(issuer.NewEC("secp256r1")).Public() }), nil},
	} {
		if err := c.IssuedBy(tt.signer); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What crypto/x509 refuses and issued certificates have, one thing each.
func TestOddCertificatesAreRead(t *testing.T) {
	brainpool := must(issuer.NewEC("brainpoolP384r1"))
	written := *brainpool
	written.Explicit = true
	for what, change := range map[string]func(*issuer.Template){
		"brainpool":             func(a *issuer.Template) { a.Public = brainpool.Public() },
		"curve written out":     func(a *issuer.Template) { a.Public = written.Public() },
		"negative serial":       func(a *issuer.Template) { a.RawSerial = []byte{0xFE, 1} },
		"long serial":           func(a *issuer.Template) { a.RawSerial = bytes.Repeat([]byte{0x7F}, 30) },
		"zeros before serial":   func(a *issuer.Template) { a.RawSerial = []byte{0, 0, 5} },
		"exponent over 31 bits": func(a *issuer.Template) { a.Public = hugeExponent() },
		"odd printable string":  func(a *issuer.Template) { a.Subject = issuer.Name(ber.PrintableString, "C=XX", "O=Utöpia_*") },
		"time without seconds":  func(a *issuer.Template) { a.Edit = edit("170D"+hex("261122120000Z"), "170B"+hex("2611221200Z")) },
		"time with an offset": func(a *issuer.Template) {
			a.Edit = edit("170D"+hex("261122120000Z"), "1711"+hex("261122140000+0200"))
		},
		"TRUE of 1": func(a *issuer.Template) { a.Edit = edit("0101FF", "010101") },
		"FALSE written": func(a *issuer.Template) {
			a.Extensions[0] = issuer.Extension("2.5.29.19", true, []byte{0x30, 3, 1, 1, 0})
		},
		"length of three bytes":   func(a *issuer.Template) { a.Edit = longer },
		"key identifier unframed": func(a *issuer.Template) { a.Extensions[2] = issuer.Extension("2.5.29.14", false, []byte("01234567")) },
	} {
		tt := authority()
		change(&tt)
		der := certify(tt)
		c, err := certificate.Parse(der)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if err := c.CheckSignature(must(certificate.Parse(certify(authority())))); err != nil || !c.NotBefore.Equal(from) {
			t.Errorf("%s: %v, from %v", what, err, c.NotBefore)
		}
	}
}

// What old country signers leave out is not made up.
func TestMissingFields(t *testing.T) {
	bare := authority()
	bare.Extensions = nil
	bare.Edit = edit("A003020102", "") // version 1
	c := must(certificate.Parse(certify(bare)))
	if c.CA || c.HasKeyUsage || c.MaySign(certificate.CertSign) || c.SubjectKeyID != nil || !c.SelfSigned() {
		t.Errorf("version 1: %+v", c.Extensions)
	}
	silent := authority()
	silent.Extensions = silent.Extensions[:1] // an authority, and nothing more
	c = must(certificate.Parse(certify(silent)))
	if !c.MaySign(certificate.CertSign) || !c.MaySign(certificate.CRLSign) || c.IssuedBy(c) != nil || c.MaxPath != 0 {
		t.Errorf("without key usage: %+v", c.Extensions)
	}
}

func hex(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteString(strings.ToUpper(string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15])))
	}
	return b.String()
}

func unhex(s string) []byte {
	var b big.Int
	b.SetString(s, 16)
	return b.FillBytes(make([]byte, len(s)/2))
}

// edit replaces bytes of what is signed at their first place, and mends the
// lengths around them.
func edit(old, by string) func([]byte) []byte {
	return func(tbs []byte) []byte { return mend(tbs, unhex(old), unhex(by)) }
}

func mend(b, old, by []byte) []byte {
	s := ber.String(b)
	e, ok := s.Next()
	if !ok || bytes.HasPrefix(b, old) || e.Tag&0x20 == 0 && e.Tag != ber.OctetString {
		return bytes.Replace(b, old, by, 1)
	}
	var out []byte
	inner, done := ber.String(e.Value), false
	for !inner.Empty() {
		one, ok := inner.Next()
		if !ok {
			return bytes.Replace(b, old, by, 1)
		}
		if !done && bytes.Contains(one.Raw, old) {
			done = true
			out = append(out, mend(one.Raw, old, by)...)
		} else {
			out = append(out, one.Raw...)
		}
	}
	return tlv.Append(nil, e.Tag, out)
}

// longer writes the outermost length with a byte more than needed.
func longer(tbs []byte) []byte {
	s := ber.String(tbs)
	e, _ := s.Next()
	n := len(e.Value)
	return append([]byte{0x30, 0x83, 0, byte(n >> 8), byte(n)}, e.Value...)
}

var hugeExponent = sync.OnceValue(func() []byte {
	return must(issuer.NewRSAExponent(1024, new(big.Int).SetBit(big.NewInt(15), 40, 1))).Public()
})

func TestWhatIsRefused(t *testing.T) {
	good := certify(authority())
	with := func(change func(*issuer.Template)) []byte {
		a := authority()
		change(&a)
		return certify(a)
	}
	extend := func(e ...[]byte) []byte {
		return with(func(a *issuer.Template) { a.Extensions = append(a.Extensions, e...) })
	}
	many := make([][]byte, 40)
	for i := range many {
		many[i] = issuer.Extension("1.2.3."+string(rune('0'+i%10))+string(rune('0'+i/10)), false, nil)
	}
	for what, tt := range map[string]struct {
		give []byte
		want error
	}{
		"nothing": {nil, certificate.ErrForm}, "trailing": {append(bytes.Clone(good), 0), certificate.ErrForm}, "cut": {good[:len(good)-1], certificate.ErrForm},
		"too large":             {make([]byte, certificate.MaxSize+1), certificate.ErrSize},
		"four gigabytes":        {[]byte{0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}, certificate.ErrForm},
		"indefinite":            {append([]byte{0x30, 0x80}, append(good[4:], 0, 0)...), certificate.ErrForm},
		"an extension twice":    {extend(issuer.Authority()), certificate.ErrExtension},
		"forty extensions":      {extend(many...), certificate.ErrExtension},
		"two algorithms":        {with(func(a *issuer.Template) { a.Inner = unhex("300A06082A8648CE3D040303") }), certificate.ErrAlgorithm},
		"usage that is none":    {with(func(a *issuer.Template) { a.Extensions[1] = issuer.Extension("2.5.29.15", true, []byte{5, 0}) }), certificate.ErrExtension},
		"constraints, trailing": {with(func(a *issuer.Template) { a.Extensions[0] = issuer.Extension("2.5.29.19", true, unhex("30030101FF00")) }), certificate.ErrExtension},
		"negative path": {with(func(a *issuer.Template) {
			a.Extensions[0] = issuer.Extension("2.5.29.19", true, unhex("30060101FF020180"))
		}), certificate.ErrExtension},
		"usage period, no times": {with(func(a *issuer.Template) { a.Extensions[4] = issuer.Extension("2.5.29.16", false, unhex("3003800131")) }), certificate.ErrExtension},
		"document types, no set": {extend(issuer.Extension("2.23.136.1.1.6.2", false, unhex("3003020100"))), certificate.ErrExtension},
		"document types of 1":    {extend(issuer.Extension("2.23.136.1.1.6.2", false, unhex("30050201013100"))), certificate.ErrExtension},
		"uses, no objects":       {extend(issuer.Extension("2.5.29.37", false, unhex("3003020100"))), certificate.ErrExtension},
		"name, no pairs":         {with(func(a *issuer.Template) { a.Subject = unhex("3003310130") }), certificate.ErrForm},
		"serial of 65 bytes":     {with(func(a *issuer.Template) { a.RawSerial = make([]byte, 65) }), certificate.ErrForm},
		"no serial":              {with(func(a *issuer.Template) { a.RawSerial = []byte{} }), certificate.ErrForm},
		"no such day":            {with(func(a *issuer.Template) { a.Edit = edit(hex("261122120000Z"), hex("261131120000Z")) }), certificate.ErrForm},
		"version 1, extensions":  {with(func(a *issuer.Template) { a.Edit = edit("A003020102", "") }), certificate.ErrForm},
		"version 2, extensions":  {with(func(a *issuer.Template) { a.Edit = edit("A003020102", "A003020101") }), certificate.ErrForm},
		"version 4":              {with(func(a *issuer.Template) { a.Edit = edit("A003020102", "A003020103") }), certificate.ErrForm},
		"a name of a million": {with(func(a *issuer.Template) {
			a.Subject = tlv.Append(nil, ber.Sequence, bytes.Repeat(name("x")[2:13], 1000))
		}), certificate.ErrForm},
	} {
		if c, err := certificate.Parse(tt.give); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v; want %v", what, c, err, tt.want)
		}
	}
}

func TestNamesThatAreAlike(t *testing.T) {
	n := func(kind tlv.Tag, parts ...string) certificate.Name {
		return certificate.Name{Raw: issuer.Name(kind, parts...)}
	}
	one := n(ber.PrintableString, "C=XX", "O=Utopia", "CN=CSCA 1")
	for _, other := range []certificate.Name{n(ber.UTF8String, "C=XX", "O=Utopia", "CN=CSCA 1"), n(ber.PrintableString, "C=xx", "O=UTOPIA ", "CN= CSCA   1")} {
		if !one.Equal(other) || one.Key() != other.Key() {
			t.Errorf("%v is not %v", one, other)
		}
	}
	for _, other := range []certificate.Name{
		n(ber.PrintableString, "C=XX", "O=Utopia", "CN=CSCA 2"), n(ber.PrintableString, "C=XX", "CN=Utopia", "O=CSCA 1"),
		n(ber.PrintableString, "C=XX", "O=Utopia"), n(ber.PrintableString, "C=XX", "O=UtopiaCN", "CN=CSCA 1"),
	} {
		if one.Equal(other) {
			t.Errorf("%v is %v", one, other)
		}
	}
	if c := n(ber.PrintableString, "C=XX", "C=YY").Country(); c != "" {
		t.Errorf("of two countries: %s", c)
	}
	if c := n(ber.PrintableString, "C=xx").Country(); c != "XX" {
		t.Errorf("small letters: %s", c)
	}
	// Names go to terminals.
	if s := n(ber.UTF8String, "O=\x1b[2J\r\nÜ\xff").String(); s != "O=\uFFFD[2J\uFFFD\uFFFDÜ\uFFFD" {
		t.Errorf("%q", s)
	}
	if s := n(ber.TeletexString, "O=\xDCt").String(); s != "O=Üt" {
		t.Errorf("%q", s)
	}
	if s := n(ber.BMPString, "O=\x00U\x00t").String(); s != "O=Ut" {
		t.Errorf("%q", s)
	}
}

// A second opinion: OpenSSL makes certificates of every curve, its parameters
// written out, which crypto/x509 does not read, and checks what ours say.
func TestCertificatesOfOpenSSL(t *testing.T) {
	openssl := need.Tool(t, "openssl")
	dir := t.TempDir()
	for _, curve := range []string{"secp384r1", "brainpoolP256r1", "brainpoolP320r1", "brainpoolP512r1"} {
		for _, form := range []string{"named_curve", "explicit"} {
			file := filepath.Join(dir, curve+form)
			run(t, openssl, "ecparam", "-name", curve, "-genkey", "-noout", "-param_enc", form, "-out", file+".key")
			run(t, openssl, "req", "-new", "-x509", "-key", file+".key", "-subj", "/C=XX/O=Utopia/CN=CSCA", "-days", "3650", "-sha512", "-out", file)
			block, _ := pem.Decode(must(os.ReadFile(file)))
			c, err := certificate.Parse(block.Bytes)
			if err != nil || !c.SelfSigned() || c.Subject.Country() != "XX" || !c.CA {
				t.Errorf("%s, %s: %v, %v", curve, form, c, err)
			}
		}
	}
	// What we make odd, OpenSSL reads alike.
	a := authority()
	a.RawSerial = []byte{0xFE, 1}
	file := filepath.Join(dir, "odd")
	if err := os.WriteFile(file, certify(a), 0o600); err != nil {
		t.Fatal(err)
	}
	out := run(t, openssl, "x509", "-inform", "DER", "-in", file, "-noout", "-serial", "-subject", "-fingerprint", "-sha256")
	c := must(certificate.Parse(must(os.ReadFile(file))))
	sum := c.Fingerprint()
	if !strings.Contains(out, "serial=-01FF") || !strings.Contains(strings.ReplaceAll(out, ":", ""), hex(string(sum[:]))) {
		t.Errorf("%s", out)
	}
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", args, out)
	}
	return string(out)
}

// Where crypto/x509 and we read a certificate, both agree. It passes over bytes
// behind what it knows, at every level, and we do not: that all of the proper
// ones are read, FuzzReadsWhatIsWritten shows.
func FuzzParseAgrees(f *testing.F) {
	f.Add(certify(authority()))
	odd := authority()
	odd.RawSerial, odd.NotAfter = []byte{0xFE, 1}, from
	odd.Extensions = append(odd.Extensions, issuer.DocumentTypes("P"), issuer.NameChange(), issuer.ExtUsage("2.23.136.1.1.3"))
	f.Add(certify(odd))
	f.Add(must(issuer.Certify(authority(), must(issuer.NewEC("brainpoolP256r1")))))
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := certificate.Parse(in)
		if err != nil {
			return
		}
		_, _, _, _ = c.String(), c.Subject.Country(), c.Issuer.Key(), c.SelfSigned()
		if std, err := x509.ParseCertificate(in); err == nil {
			agree(t, c, std)
		}
	})
}

// Whatever crypto/x509 writes is read, and as the same.
func FuzzReadsWhatIsWritten(f *testing.F) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1}, "XX", "CSCA", uint16(0x60), true, int8(0), int64(0), int64(1<<31), []byte{1, 2}, []byte{3}, uint8(5), "http://example.org/crl")
	f.Add([]byte{0x80, 0}, "", "Dökument 🙂", uint16(1), false, int8(-1), int64(-1<<31), int64(1<<33), []byte{}, []byte{}, uint8(0), "")
	f.Fuzz(func(t *testing.T, serial []byte, country, cn string, usage uint16, ca bool, path int8, before, after int64, ski, aki []byte, uses uint8, crl string) {
		tt := &x509.Certificate{
			SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{Country: []string{country}, CommonName: cn},
			NotBefore: time.Unix(before, 0), NotAfter: time.Unix(after, 0), KeyUsage: x509.KeyUsage(usage & 0x1FF),
			BasicConstraintsValid: ca, IsCA: ca, MaxPathLen: int(path), MaxPathLenZero: path == 0, SubjectKeyId: ski, AuthorityKeyId: aki,
			CRLDistributionPoints: []string{crl}, ExtKeyUsage: make([]x509.ExtKeyUsage, uses%8),
			Issuer: pkix.Name{CommonName: cn},
		}
		der, err := x509.CreateCertificate(rand.Reader, tt, tt, &private.PublicKey, private)
		if err != nil || len(serial) > 60 || len(der) > certificate.MaxSize {
			return
		}
		c, err := certificate.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		if std, err := x509.ParseCertificate(der); err == nil {
			agree(t, c, std)
			if !c.SelfSigned() || ca && c.MaxPath != std.MaxPathLen || !bytes.Equal(c.SubjectKeyID, std.SubjectKeyId) || !bytes.Equal(c.AuthorityKeyID, std.AuthorityKeyId) {
				t.Errorf("not its own, or path of %d: %+v", c.MaxPath, c.Extensions)
			}
		}
	})
}

func agree(t *testing.T, c *certificate.Certificate, std *x509.Certificate) {
	t.Helper()
	serial := new(big.Int).SetBytes(c.Serial)
	for what, same := range map[string]bool{
		"signed part": bytes.Equal(c.TBS, std.RawTBSCertificate), "issuer": bytes.Equal(c.Issuer.Raw, std.RawIssuer),
		"subject": bytes.Equal(c.Subject.Raw, std.RawSubject), "key": bytes.Equal(c.KeyInfo, std.RawSubjectPublicKeyInfo),
		"serial":     std.SerialNumber.Sign() < 0 || serial.Cmp(std.SerialNumber) == 0,
		"not before": c.NotBefore.Equal(std.NotBefore), "not after": c.NotAfter.Equal(std.NotAfter),
		// An identifier with bytes behind it is none to us.
		"subject key":   c.SubjectKeyID == nil || bytes.Equal(c.SubjectKeyID, std.SubjectKeyId),
		"authority key": c.AuthorityKeyID == nil || bytes.Equal(c.AuthorityKeyID, std.AuthorityKeyId),
		"authority":     c.CA == std.IsCA, "usage": x509.KeyUsage(c.KeyUsage)&0x1FF == std.KeyUsage,
		"uses": len(c.ExtKeyUsage) == len(std.ExtKeyUsage)+len(std.UnknownExtKeyUsage),
	} {
		if !same {
			t.Errorf("%s: %+v, crypto/x509 reads %+v", what, c, std)
		}
	}
	if len(c.UnknownCritical) < len(std.UnhandledCriticalExtensions)-4 { // those of ICAO, issuer's names and usage period are known here
		t.Errorf("unknown critical extensions %v; want %v", c.UnknownCritical, std.UnhandledCriticalExtensions)
	}
}

func BenchmarkParse(b *testing.B) {
	der := certify(authority())
	b.ReportAllocs()
	for b.Loop() {
		c, err := certificate.Parse(der)
		if err != nil {
			b.Fatal(err)
		}
		_ = c.Subject.Key()
	}
}
