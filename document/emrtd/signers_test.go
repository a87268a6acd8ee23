package emrtd_test

import (
	"bytes"
	"crypto"
	"errors"
	"math/big"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// fails checks that the error refuses with the code, for the reason, at the check.
func fails(t *testing.T, err error, code tunnus.Code, check string, reason emrtd.Reason) {
	t.Helper()
	var f *emrtd.Failure
	if tunnus.CodeOf(err) != code || !errors.As(err, &f) {
		t.Fatalf("got %v; want %s", err, code)
	}
	for _, c := range f.Checks {
		if c.Name == check && (c.Result != emrtd.Failed || c.Reason != reason) {
			t.Errorf("%s is %s (%s); want %q", check, c.Result, c.Detail, string(reason))
		}
	}
	if f.Result(check) != emrtd.Failed {
		t.Errorf("%s: %+v", check, f.Checks)
	}
}

// Keys and algorithms as states use them are read, whatever form they have.
func TestSignersOfEachKind(t *testing.T) {
	explicit := must(issuer.NewEC("brainpoolP256r1"))
	explicit.Explicit = true
	odd := must(issuer.NewRSAExponent(2048, big.NewInt(38129)))
	for name, tt := range map[string]struct {
		country, signer *issuer.Key
		a               signature.Algorithm
	}{
		"RSA":                          {keyCSCA(), keyRSA(), signature.Algorithm{}},
		"RSA, SHA-512":                 {keyCSCA(), keyRSA(), signature.Algorithm{Scheme: signature.PKCS1, Hash: crypto.SHA512}},
		"RSA with another exponent":    {odd, odd, signature.Algorithm{}},
		"PSS":                          {keyCSCA(), keyRSA(), pss(crypto.SHA256, crypto.SHA256, 32)},
		"PSS with a short salt":        {keyCSCA(), keyRSA(), pss(crypto.SHA512, crypto.SHA512, 20)},
		"P-256":                        {keyP256(), keyP256(), signature.Algorithm{}},
		"P-521":                        {keyP256(), must(issuer.NewEC("secp521r1")), signature.Algorithm{}},
		"brainpoolP384r1":              {keyBP384(), keyBP384(), signature.Algorithm{}},
		"parameters written out":       {explicit, explicit, signature.Algorithm{}},
		"RSA country, brainpool below": {keyCSCA(), must(issuer.NewEC("brainpoolP512r1")), signature.Algorithm{}},
	} {
		s := found(tt.country, tt.signer, nil)
		ev := s.issue(adas(), func(c *issuer.Content) { c.Algorithm = tt.a })
		if v, err := s.judge(ev, now); err != nil || v.Zone().Surname != "LOVE" {
			t.Errorf("%s: %v", name, err)
		}
		ev.SOD[len(ev.SOD)-9] ^= 1
		_, err := s.judge(ev, now)
		if tunnus.CodeOf(err) != tunnus.CodeDocSigBad {
			t.Errorf("%s: with another signature: %v", name, err)
		}
	}
}

// What is too weak is refused, each by the check that is there for it.
func TestAlgorithmPolicy(t *testing.T) {
	sha1 := signature.Algorithm{Scheme: signature.PKCS1, Hash: crypto.SHA1}
	md5 := signature.Algorithm{Scheme: signature.PKCS1, Hash: crypto.MD5}
	p192 := must(issuer.NewEC("secp192r1"))
	plain := func(*issuer.Template, *issuer.Template) {}
	for name, tt := range map[string]struct {
		country, signer *issuer.Key
		change          func(root, leaf *issuer.Template)
		a               signature.Algorithm
		check           string
		reason          emrtd.Reason
	}{
		"signed with SHA-1":          {keyCSCA(), keyRSA(), plain, sha1, emrtd.CheckAlgorithms, emrtd.ReasonSHA1},
		"mask of PSS with SHA-1":     {keyCSCA(), keyRSA(), plain, pss(crypto.SHA1, crypto.SHA1, 20), emrtd.CheckAlgorithms, emrtd.ReasonSHA1},
		"signed with MD5":            {keyCSCA(), keyRSA(), plain, md5, emrtd.CheckSecurityObject, emrtd.ReasonAlgorithm},
		"certified with SHA-1":       {keyCSCA(), keyRSA(), func(_, l *issuer.Template) { l.Algorithm = sha1 }, signature.Algorithm{}, emrtd.CheckAlgorithms, emrtd.ReasonSHA1},
		"certified with MD5":         {keyCSCA(), keyRSA(), func(_, l *issuer.Template) { l.Algorithm = md5 }, signature.Algorithm{}, emrtd.CheckTrust, emrtd.ReasonNotIssued},
		"signer of 1024 bits":        {keyCSCA(), keySmall(), plain, signature.Algorithm{}, emrtd.CheckAlgorithms, emrtd.ReasonWeakKey},
		"signer on a curve of 192":   {keyCSCA(), p192, plain, signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA224}, emrtd.CheckAlgorithms, emrtd.ReasonWeakKey},
		"signature of another curve": {keyCSCA(), keyP256(), func(_, l *issuer.Template) { l.Public = keyBP384().Public() }, signature.Algorithm{}, emrtd.CheckSignature, emrtd.ReasonSignature},
	} {
		t.Run(name, func(t *testing.T) {
			s := found(tt.country, tt.signer, tt.change)
			_, err := s.judge(s.issue(adas(), func(c *issuer.Content) { c.Algorithm = tt.a }), now)
			fails(t, err, tunnus.CodeDocSigBad, tt.check, tt.reason)
		})
	}
	s := found(keyCSCA(), keyRSA(), nil)
	s.hash = crypto.SHA1
	_, err := s.judge(s.issue(adas(), nil), now)
	fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckAlgorithms, emrtd.ReasonSHA1)
	s.hash = crypto.MD5
	_, err = s.judge(s.issue(adas(), nil), now)
	fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckSecurityObject, emrtd.ReasonAlgorithm)
}

// Certificates that are not those of a document signer, though the country signer
// made them.
func TestSignersThatAreNone(t *testing.T) {
	profile := func(extra ...[]byte) func(_, leaf *issuer.Template) {
		return func(_, leaf *issuer.Template) {
			leaf.Extensions = append([][]byte{issuer.AuthorityKeyID(keyCSCA().ID())}, extra...)
		}
	}
	signs := issuer.Usage(certificate.DigitalSignature)
	for name, tt := range map[string]struct {
		change func(root, leaf *issuer.Template)
		check  string
		reason emrtd.Reason
	}{
		"an authority":                 {profile(signs, issuer.Authority()), emrtd.CheckSigner, emrtd.ReasonAuthority},
		"no key usage":                 {profile(), emrtd.CheckSigner, emrtd.ReasonKeyUsage},
		"another key usage":            {profile(issuer.Usage(certificate.CRLSign)), emrtd.CheckSigner, emrtd.ReasonKeyUsage},
		"may sign certificates too":    {profile(issuer.Usage(certificate.DigitalSignature | certificate.CertSign)), emrtd.CheckSigner, emrtd.ReasonKeyUsage},
		"signer of master lists":       {profile(signs, issuer.ExtUsage("2.23.136.1.1.3")), emrtd.CheckSigner, emrtd.ReasonOtherSigner},
		"signer of deviation lists":    {profile(signs, issuer.ExtUsage("2.23.136.1.1.8")), emrtd.CheckSigner, emrtd.ReasonOtherSigner},
		"signer of visible seals":      {profile(signs, issuer.ExtUsage("1.3.6.1.5.5.7.3.1", "2.23.136.1.1.11.1")), emrtd.CheckSigner, emrtd.ReasonOtherSigner},
		"a server":                     {profile(signs, issuer.ExtUsage("1.3.6.1.5.5.7.3.1")), emrtd.CheckSigner, emrtd.ReasonOtherSigner},
		"a client":                     {profile(signs, issuer.ExtUsage("1.3.6.1.5.5.7.3.2")), emrtd.CheckSigner, emrtd.ReasonOtherSigner},
		"unknown critical extension":   {profile(signs, issuer.Extension("1.2.3", true, []byte{5, 0})), emrtd.CheckSigner, emrtd.ReasonExtension},
		"other kinds of documents":     {profile(signs, issuer.DocumentTypes("I", "AC")), emrtd.CheckDocumentType, emrtd.ReasonDocumentType},
		"no kind of document at all":   {profile(signs, issuer.DocumentTypes()), emrtd.CheckDocumentType, emrtd.ReasonDocumentType},
		"another state's":              {func(_, l *issuer.Template) { l.Subject = nameOf("EE", "DS") }, emrtd.CheckCountry, emrtd.ReasonCountry},
		"of no state":                  {func(_, l *issuer.Template) { l.Subject = issuer.Name(0x13, "CN=DS") }, emrtd.CheckCountry, emrtd.ReasonCountry},
		"not yet valid":                {func(_, l *issuer.Template) { l.NotBefore = now.AddDate(0, 0, 2) }, emrtd.CheckValidity, emrtd.ReasonNotYetValid},
		"no longer valid":              {func(_, l *issuer.Template) { l.NotAfter = now.Add(-time.Hour) }, emrtd.CheckValidity, emrtd.ReasonNotValid},
		"country signer from tomorrow": {func(r, _ *issuer.Template) { r.NotBefore = now.AddDate(0, 0, 1) }, emrtd.CheckValidity, emrtd.ReasonNotYetValid},
		"key retired before":           {profile(signs, issuer.UsePeriod(now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1))), emrtd.CheckKeyPeriod, emrtd.ReasonKeyPeriod},
		"key not in use yet":           {profile(signs, issuer.UsePeriod(now.AddDate(0, 0, 1), now.AddDate(1, 0, 0))), emrtd.CheckKeyPeriod, emrtd.ReasonKeyPeriod},
	} {
		t.Run(name, func(t *testing.T) {
			s := found(keyCSCA(), keyRSA(), tt.change)
			_, err := s.judge(s.issue(adas(), nil), now)
			fails(t, err, tunnus.CodeDocSigBad, tt.check, tt.reason)
		})
	}
}

// A document signer's certificate issues no other, nor does an authority below the
// country signer: what a SOD brings along is never a step of a chain.
func TestNoChainsThroughTheSOD(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	below := leafOf(keyP256(), keyRSA())
	below.Issuer, below.Subject = nameOf("XX", "DS"), nameOf("XX", "DS below")
	leaf := must(issuer.Certify(below, keyRSA()))
	under := state{s.country, keyP256(), s.root, leaf, crypto.SHA256}
	_, err := under.judge(under.issue(adas(), func(c *issuer.Content) { c.Certificates = [][]byte{s.leaf} }), now)
	fails(t, err, tunnus.CodeDocSignerUnknown, emrtd.CheckTrust, emrtd.ReasonNoAnchor)

	middle := rootOf(keyRSA())
	middle.Serial, middle.Issuer, middle.Subject = 3, nameOf("XX", "CSCA"), nameOf("XX", "sub")
	sub := must(issuer.Certify(middle, keyCSCA()))
	below.Issuer = nameOf("XX", "sub")
	under.leaf = must(issuer.Certify(below, keyRSA()))
	_, err = under.judge(under.issue(adas(), func(c *issuer.Content) { c.Certificates = [][]byte{sub, s.root} }), now)
	fails(t, err, tunnus.CodeDocSignerUnknown, emrtd.CheckTrust, emrtd.ReasonNoAnchor)
}

// Which certificate signed must be clear, and there must be one.
func TestSignerMustBeNamed(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	_, err := s.judge(s.issue(adas(), func(c *issuer.Content) { c.Certificates = [][]byte{s.leaf} }), now)
	fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckSigner, emrtd.ReasonTwoSigners)
	// The certificate is good, and the security object names another.
	good := s.issue(adas(), nil)
	parsed := must(certificate.Parse(s.leaf))
	byNumber := tlv.Append(nil, 0x30, append(bytes.Clone(parsed.Issuer.Raw), tlv.Append(nil, 0x02, parsed.Serial)...))
	other := tlv.Append(nil, 0x30, append(bytes.Clone(parsed.Issuer.Raw), 2, 1, 99))
	elsewhere := tlv.Append(nil, 0x30, append(nameOf("XX", "Another CSCA"), tlv.Append(nil, 0x02, parsed.Serial)...))
	for name, tt := range map[string]struct {
		sid  []byte
		good bool
	}{
		"serial number":        {byNumber, true},
		"another one":          {other, false},
		"of another issuer":    {elsewhere, false},
		"its key":              {tlv.Append(nil, 0x80, parsed.SubjectKeyID), true},
		"another key":          {tlv.Append(nil, 0x80, keyP256().ID()), false},
		"the key of its issue": {tlv.Append(nil, 0x80, parsed.AuthorityKeyID), false},
	} {
		ev := good
		ev.SOD = naming(good.SOD, byNumber, tt.sid)
		v, err := s.judge(ev, now)
		switch {
		case !tt.good:
			fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckSigner, emrtd.ReasonNoSigner)
		case err != nil || v.Zone().Surname != "LOVE":
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A security object may leave its signer's certificate to what the state publishes,
// which is not looked for: it is not known here, and no forgery. One that brings the
// certificates of others alone is.
func TestSignerThatIsNotBrought(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	good := s.issue(adas(), nil)
	brought := tlv.Append(nil, 0xA0, s.leaf)
	for name, tt := range map[string]struct {
		by     []byte
		code   tunnus.Code
		reason emrtd.Reason
	}{
		"none":                  {nil, tunnus.CodeDocSignerUnknown, emrtd.ReasonNoCertificate},
		"an empty list":         {[]byte{0xA0, 0}, tunnus.CodeDocSignerUnknown, emrtd.ReasonNoCertificate},
		"the country signer's":  {tlv.Append(nil, 0xA0, s.root), tunnus.CodeDocSigBad, emrtd.ReasonNoSigner},
		"one that is not there": {[]byte{0xA0, 2, 0x30, 0}, tunnus.CodeDocSigBad, emrtd.ReasonNoSigner},
	} {
		ev := good
		if ev.SOD = naming(good.SOD, brought, tt.by); bytes.Equal(ev.SOD, good.SOD) {
			t.Fatal("nothing was changed")
		}
		_, err := s.judge(ev, now)
		if fails(t, err, tt.code, emrtd.CheckSigner, tt.reason); t.Failed() {
			t.Fatal(name)
		}
	}
}

// naming puts another name of the signer into a security object: issuer and serial
// number (version 1), or a key identifier (version 3). Neither is signed.
func naming(sod, old, by []byte) []byte {
	if len(sod) == len(old) {
		return by
	}
	s := ber.String(sod)
	whole, _ := s.Next()
	inner := ber.String(whole.Value)
	var out []byte
	for !inner.Empty() {
		e, _ := inner.Next()
		raw := e.Raw
		if bytes.Contains(raw, old) {
			raw = naming(raw, old, by)
		}
		if bytes.HasPrefix(by, []byte{0x80}) && bytes.Equal(raw, []byte{2, 1, 1}) && bytes.HasPrefix(inner, old) {
			raw = []byte{2, 1, 3}
		}
		out = append(out, raw...)
	}
	return tlv.Append(nil, whole.Tag, out)
}

// Serial numbers as states write them: negative, or with zeros in front.
func TestOddSerialNumbers(t *testing.T) {
	for name, raw := range map[string][]byte{"negative": {0xFE, 0x01}, "zeros in front": {0, 0, 5}, "negative, and with a sign": {0xFF, 0xFE, 0x01}} {
		s := found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) { l.RawSerial = raw })
		if _, err := s.judge(s.issue(adas(), nil), now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ev, from := s.issue(adas(), nil), must(certificate.Parse(s.leaf)).Issuer.Raw
		sid := func(serial []byte) []byte {
			return tlv.Append(nil, 0x30, append(bytes.Clone(from), tlv.Append(nil, 2, serial)...))
		}
		ev.SOD = naming(ev.SOD, sid(raw), sid(append([]byte{0}, raw...)))
		if _, err := s.judge(ev, now); err != nil {
			t.Errorf("%s, named with one more: %v", name, err)
		}
	}
}

// Content of other files that states sign is no security object.
func TestContentOfAnotherKind(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	for name, kind := range map[string]string{
		"card security": "0.4.0.127.0.7.3.2.1", "master list": "2.23.136.1.1.2", "deviation list": "2.23.136.1.1.7", "data": "1.2.840.113549.1.7.1",
	} {
		_, err := s.judge(s.issue(adas(), func(c *issuer.Content) { c.Kind = kind }), now)
		if tunnus.CodeOf(err) != tunnus.CodeDocSigBad {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Signed when nobody says when: the key's period cannot be judged, and says so.
func TestNoTimeOfSigning(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) {
		l.Extensions = append(l.Extensions, issuer.UsePeriod(now.AddDate(0, 0, -1), now.AddDate(0, 3, 0)))
	})
	v, err := s.judge(s.issue(adas(), nil), now)
	if err != nil || v.Result(emrtd.CheckKeyPeriod) != emrtd.Successful {
		t.Errorf("in its time: %v", err)
	}
	v, err = s.judge(s.issue(adas(), func(c *issuer.Content) { c.At = time.Time{} }), now)
	if err != nil || v.Result(emrtd.CheckKeyPeriod) != emrtd.NotPerformed {
		t.Errorf("without: %v", err)
	}
}

// Indefinite lengths around the security object are read, counted and told; those
// inside what is signed are not read.
func TestSODWithIndefiniteLengths(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	ev := s.issue(adas(), nil)
	der := must(tlv.Only(ev.SOD, 0x77))
	inside := must(tlv.Only(der, 0x30))
	ev.SOD = tlv.Append(nil, 0x77, append(append([]byte{0x30, 0x80}, inside...), 0, 0))
	v, err := s.judge(ev, now)
	if err != nil || v.Checks()[0].Reason != emrtd.ReasonBER || v.Checks()[0].Result != emrtd.Successful {
		t.Fatalf("%v, %+v", err, v.Checks())
	}
	list := s.list(adas().Groups())
	inner := append(append([]byte{0x30, 0x80}, must(tlv.Only(list, 0x30))...), 0, 0)
	_, err = s.judge(s.issue(adas(), func(c *issuer.Content) { c.Content = inner }), now)
	if tunnus.CodeOf(err) != tunnus.CodeDocSigBad {
		t.Errorf("inside: %v", err)
	}
}

// The time that the signer tells lies in that of both certificates, whatever now is.
func TestSignedOutsideOfValidity(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(root, leaf *issuer.Template)
		at     time.Time
	}{
		"before the signer's":         {nil, now.AddDate(0, 0, -2)},
		"before the country signer's": {func(_, l *issuer.Template) { l.NotBefore = now.AddDate(-1, 0, 0) }, now.AddDate(0, 0, -2)},
		"in the future, behind both":  {nil, now.AddDate(17, 0, 0)},
		"the day after tomorrow":      {nil, now.Add(25 * time.Hour)},
	} {
		s := found(keyCSCA(), keyRSA(), tt.change)
		_, err := s.judge(s.issue(adas(), func(c *issuer.Content) { c.At = tt.at }), now)
		fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckValidity, emrtd.ReasonSignedLate)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}
