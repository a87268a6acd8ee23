// Package pades checks signed PDF documents, off line: CMS signatures with or
// without a time-stamp that name the signer's certificate, as PAdES demands of its
// levels B-B and B-T (ETSI EN 319 142-1 §6.3), under either of the names by which
// documents announce them (ETSI.CAdES.detached, adbe.pkcs7.detached).
//
// It reads no PDF. A document is taken if there is one signature in it that covers
// every byte of the file but the signature itself: then it does not matter what a
// reader makes of the bytes, for all of them are what was signed. A
// document that was signed and then added to, or signed twice, is refused.
// The library that writes such signatures for the tests (digitorus/pdfsign) verifies
// too, but takes roots from the system and does not look whether the whole file is
// covered; and what it writes is not announced as PAdES.
//
// The package opens no file, asks nobody, and does not know the time of day.
package pades

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/digitorus/pkcs7"

	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

// MaxSize bounds a document, in bytes.
const MaxSize = 64 << 20

// maxSignature bounds the signature in it.
const maxSignature = 256 << 10

// Trust is what a document is judged by.
type Trust struct {
	Roots []*x509.Certificate // for signers and time-stamps alike
	Now   time.Time
}

// A Report says what was found, all of it proved. Only [Verify] makes one.
type Report struct {
	Signer  *x509.Certificate
	Stamped time.Time // zero if there is no time-stamp
	Checked []string  // what was checked, in plain words, in order
}

// ErrIndeterminate says that nothing is wrong, but that it cannot be known any more
// whether it was right: the time-stamp's authority has ended since (EN 319 102-1).
var ErrIndeterminate = errors.New("pades: it cannot be known any more whether this signature is good")

// skew is how much clocks may differ.
const skew = 2 * time.Minute

// Verify judges a document. On a failure the report holds only what had been
// checked by then.
func Verify(pdf []byte, t Trust) (Report, error) {
	var r Report
	signed, der, err := split(pdf)
	if err != nil {
		return r, err
	}
	r.note("document: %d bytes, one signature over all of them but itself", len(pdf))
	s, err := parse(der, signed)
	if err != nil {
		return r, err
	}
	r.note("signature: by %s, RSA with %s, and names its own certificate", s.cert.Subject.CommonName, s.hash)
	at := t.Now
	if s.token != nil {
		by, err := s.stamped(t)
		if err != nil {
			return r, err
		}
		at = by.Time
		r.note("time-stamp: this signature existed at %s UTC, says %s", at.UTC().Format(time.DateTime), by.Authority.Subject.CommonName)
	} else {
		r.note("time: no time-stamp, so only the signer says when this was; judged as of now")
	}
	top, err := s.chain(t.Roots, at)
	if err != nil {
		return r, err
	}
	r.note("certificate: for signatures (nonRepudiation), valid then, under %s, which is trusted; whether it was revoked is not seen here", top.Subject.CommonName)
	r.Signer = s.cert
	if s.token != nil {
		r.Stamped = at
	}
	return r, nil
}

func (r *Report) note(format string, args ...any) {
	r.Checked = append(r.Checked, fmt.Sprintf(format, args...))
}

// rangeOf is what ISO 32000-1 §12.8.1 lets stand behind /ByteRange.
var rangeOf = regexp.MustCompile(`^\s*\[\s*(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]`)

// split returns what is signed and the signature (DER, without what fills it up).
func split(pdf []byte) (signed, der []byte, err error) {
	if len(pdf) > MaxSize || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		return nil, nil, errors.New("pades: this is no PDF document, or a very large one")
	}
	const name = "/ByteRange"
	if bytes.Count(pdf, []byte(name)) != 1 {
		return nil, nil, fmt.Errorf("pades: %d signatures in the document, one is understood", bytes.Count(pdf, []byte(name)))
	}
	m := rangeOf.FindSubmatch(pdf[bytes.Index(pdf, []byte(name))+len(name):])
	if m == nil {
		return nil, nil, errors.New("pades: what the signature covers cannot be read")
	}
	var at [4]int
	for i := range at {
		at[i], _ = strconv.Atoi(string(m[i+1])) // at most nine digits
	}
	end := at[0] + at[1]
	if at[0] != 0 || at[2] <= end+1 || at[2]+at[3] != len(pdf) || at[2]-end > maxSignature {
		return nil, nil, errors.New("pades: the signature does not cover the whole document")
	}
	gap := pdf[end:at[2]]
	if gap[0] != '<' || gap[len(gap)-1] != '>' || !bytes.HasSuffix(bytes.TrimRight(pdf[:end], " \r\n"), []byte("/Contents")) {
		return nil, nil, errors.New("pades: something other than the signature is not covered by it")
	}
	raw, err := hex.DecodeString(string(gap[1 : len(gap)-1]))
	if err != nil {
		return nil, nil, errors.New("pades: the signature is not hexadecimal")
	}
	var whole asn1.RawValue
	rest, err := asn1.Unmarshal(raw, &whole)
	if err != nil || len(bytes.Trim(rest, "\x00")) > 0 {
		return nil, nil, errors.New("pades: the signature is not DER, or more stands behind it")
	}
	return append(bytes.Clone(pdf[:end]), pdf[at[2]:]...), whole.FullBytes, nil
}

// A signature is CMS as read, its value verified.
type signature struct {
	cert  *x509.Certificate
	more  []*x509.Certificate
	hash  crypto.Hash
	value []byte
	token []byte // nil if there is no time-stamp
}

var (
	oidData        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidContentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidSigningCert = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035
	oidStampToken  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14} // RFC 3161 appendix A
)

// digests are those that are taken, by object identifier.
func digests(id asn1.ObjectIdentifier) (crypto.Hash, bool) {
	switch id.String() {
	case "2.16.840.1.101.3.4.2.1":
		return crypto.SHA256, true
	case "2.16.840.1.101.3.4.2.2":
		return crypto.SHA384, true
	case "2.16.840.1.101.3.4.2.3":
		return crypto.SHA512, true
	}
	return 0, false
}

func sum(h crypto.Hash, b []byte) []byte {
	w := sha512.New()
	switch h {
	case crypto.SHA256:
		w = sha256.New()
	case crypto.SHA384:
		w = sha512.New384()
	}
	w.Write(b)
	return w.Sum(nil)
}

// parse reads CMS and verifies the value of its one signature (EN 319 142-1 §6.3).
func parse(der, signed []byte) (*signature, error) {
	p7, err := pkcs7.Parse(der)
	if err != nil || len(p7.Signers) != 1 || len(p7.Content) > 0 {
		return nil, errors.New("pades: the signature is not detached CMS with one signer")
	}
	for _, c := range p7.Certificates {
		if err := pki.CheckForeign(c); err != nil {
			return nil, fmt.Errorf("pades: %w", err)
		}
	}
	who := p7.Signers[0]
	s := &signature{cert: p7.GetOnlySigner(), more: p7.Certificates, value: who.EncryptedDigest}
	var known bool
	if s.hash, known = digests(who.DigestAlgorithm.Algorithm); !known || s.cert == nil {
		return nil, errors.New("pades: the digest algorithm is weak or not known, or the signer's certificate is missing")
	}
	if key, ok := s.cert.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() < 2048 || key.N.BitLen() > 8192 {
		return nil, errors.New("pades: the signer's key is not RSA of 2048 to 8192 bits")
	}
	var kind asn1.ObjectIdentifier
	if err := p7.UnmarshalSignedAttribute(oidContentType, &kind); err != nil || !kind.Equal(oidData) {
		return nil, errors.New("pades: the signature is not about data")
	}
	p7.Content = signed
	// Digest of the document, and signature over the attributes. A time is given
	// so that the library does not read the clock; without roots it judges no chain.
	if err := p7.VerifyWithOpts(x509.VerifyOptions{CurrentTime: s.cert.NotBefore}); err != nil {
		return nil, errors.New("pades: the signature is not one of the signer's key over this document")
	}
	if err := s.names(p7); err != nil {
		return nil, err
	}
	for _, a := range who.UnauthenticatedAttributes {
		if !a.Type.Equal(oidStampToken) {
			continue
		}
		if s.token != nil {
			return nil, errors.New("pades: two time-stamps")
		}
		s.token = a.Value.Bytes
	}
	return s, nil
}

// names demands that the signed attributes name the signer's certificate.
func (s *signature) names(p7 *pkcs7.PKCS7) error {
	var list struct {
		Certs []asn1.RawValue
		Rest  asn1.RawValue `asn1:"optional"`
	}
	bad := errors.New("pades: the signature does not name the signer's certificate")
	if err := p7.UnmarshalSignedAttribute(oidSigningCert, &list); err != nil || len(list.Certs) == 0 {
		return bad
	}
	hash, in := crypto.SHA256, list.Certs[0].Bytes // ESSCertIDv2, SHA-256 if it names no hash
	var first asn1.RawValue
	rest, err := asn1.Unmarshal(in, &first)
	if err == nil && first.Tag == asn1.TagSequence {
		var id asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(first.Bytes, &id); err != nil {
			return bad
		}
		known := false
		if hash, known = digests(id); !known {
			return bad
		}
		_, err = asn1.Unmarshal(rest, &first)
	}
	if err != nil || first.Tag != asn1.TagOctetString || !bytes.Equal(first.Bytes, sum(hash, s.cert.Raw)) {
		return bad
	}
	return nil
}

// stamped judges the time-stamp: it must be over this signature's value.
func (s *signature) stamped(t Trust) (stamp.Stamp, error) {
	for _, h := range []crypto.Hash{crypto.SHA512, crypto.SHA384, crypto.SHA256} {
		got, err := stamp.VerifyAsOf(s.token, sum(h, s.value), t.Roots, t.Now)
		if errors.Is(err, stamp.ErrImprint) {
			continue
		}
		if err == nil && got.Time.After(t.Now.Add(skew)) {
			err = errors.New("it is of the future")
		}
		if errors.Is(err, stamp.ErrEnded) {
			return stamp.Stamp{}, fmt.Errorf("%w: the certificate of its time-stamp's authority has ended, and no later time-stamp protects it", ErrIndeterminate)
		}
		if err != nil {
			return stamp.Stamp{}, fmt.Errorf("pades: the time-stamp: %w", err)
		}
		return got, nil
	}
	return stamp.Stamp{}, errors.New("pades: the time-stamp is over something else than this signature")
}

// chain leads the signer to a root, at a time.
func (s *signature) chain(roots []*x509.Certificate, at time.Time) (*x509.Certificate, error) {
	anchors, middle := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range roots {
		anchors.AddCert(c)
	}
	for _, c := range s.more {
		middle.AddCert(c)
	}
	chains, err := s.cert.Verify(x509.VerifyOptions{
		Roots: anchors, Intermediates: middle, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, fmt.Errorf("pades: the signer's certificate does not lead to a root that is trusted, at %s: %w", at.UTC().Format(time.DateTime), err)
	}
	if s.cert.KeyUsage&x509.KeyUsageContentCommitment == 0 || s.cert.IsCA || len(chains[0]) < 2 {
		return nil, errors.New("pades: the signer's certificate is not one for signatures (key usage nonRepudiation)")
	}
	return chains[0][len(chains[0])-1], nil
}
