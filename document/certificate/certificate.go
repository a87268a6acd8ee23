package certificate

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// Limits of a certificate.
const (
	MaxSize       = 16 << 10 // bytes
	maxExtensions = 32
	maxSerial     = 64 // bytes: issued ones have more than the 20 of RFC 5280 §4.1.2.2
)

// version3 is the only version that has extensions (RFC 5280 §4.1.2.1).
const version3 = 2

// What is wrong with a certificate.
var (
	ErrForm      = errors.New("certificate: not one of X.509")
	ErrSize      = errors.New("certificate: too large")
	ErrAlgorithm = errors.New("certificate: two signature algorithms in one certificate")
	ErrExtension = errors.New("certificate: an extension cannot be read, or is there twice")
	ErrIssuer    = errors.New("certificate: its issuer has another name")
	ErrAuthority = errors.New("certificate: its issuer is no certificate authority")
)

// A Certificate is what an X.509 certificate says. Nothing in it was verified,
// and the caller must not change it.
type Certificate struct {
	Raw       []byte // all of it, as it was given
	TBS       []byte // what is signed
	Serial    []byte // content of the INTEGER as it was written: may be negative, or have zeros in front
	Issuer    Name
	Subject   Name
	NotBefore time.Time
	NotAfter  time.Time
	KeyInfo   []byte // SubjectPublicKeyInfo, DER
	Extensions

	algorithm []byte // AlgorithmIdentifier
	signature []byte
}

// Signed takes apart what X.509 signs, SIGNED{ToBeSigned} (RFC 5280 §4.1, §5.1), with
// nothing behind it: what is signed and the AlgorithmIdentifier, as they were written,
// and the octets of the signature.
func Signed(der []byte) (tbs, algorithm, value []byte, ok bool) {
	s := ber.String(der)
	seq, ok := s.Read(ber.Sequence)
	if !ok || !s.Empty() {
		return nil, nil, nil, false
	}
	tbs, okTBS := seq.ReadRaw(ber.Sequence)
	algorithm, okAlgorithm := seq.ReadRaw(ber.Sequence)
	value, okValue := seq.Bits()
	return tbs, algorithm, value, okTBS && okAlgorithm && okValue && seq.Empty()
}

// Parse reads one certificate and nothing behind it.
func Parse(der []byte) (*Certificate, error) {
	if len(der) > MaxSize {
		return nil, ErrSize
	}
	tbs, algorithm, sig, ok := Signed(der)
	if !ok {
		return nil, ErrForm
	}
	c := &Certificate{Raw: der, TBS: tbs, algorithm: algorithm, signature: sig}
	if err := c.readTBS(); err != nil {
		return nil, err
	}
	return c, nil
}

// readTBS reads TBSCertificate (RFC 5280 §4.1).
func (c *Certificate) readTBS() error {
	s := ber.String(c.TBS)
	s, _ = s.Read(ber.Sequence)
	version := 0
	field, has, ok := s.Optional(ber.FieldOfOthers)
	if has {
		version, ok = field.Int()
		ok = ok && version <= version3 && field.Empty()
	}
	serial, okSerial := s.Read(ber.Integer)
	inner, okInner := s.ReadRaw(ber.Sequence)
	if !ok || !okSerial || !okInner || len(serial) == 0 || len(serial) > maxSerial {
		return ErrForm
	}
	c.Serial = serial
	if !signature.Same(inner, c.algorithm) {
		return ErrAlgorithm
	}
	var okIssuer, okSubject, okTimes, okKey bool
	c.Issuer.Raw, okIssuer = s.ReadRaw(ber.Sequence)
	times, okValidity := s.Read(ber.Sequence)
	c.Subject.Raw, okSubject = s.ReadRaw(ber.Sequence)
	c.KeyInfo, okKey = s.ReadRaw(ber.Sequence)
	if c.NotBefore, okTimes = times.Time(); okTimes {
		c.NotAfter, okTimes = times.Time()
	}
	if !okIssuer || !okValidity || !okSubject || !okKey || !okTimes || !times.Empty() || !c.Issuer.Valid() || !c.Subject.Valid() {
		return ErrForm
	}
	for _, unique := range []tlv.Tag{1, 2} { // identifiers of issuer and subject: of no use
		if _, _, ok := s.Optional(ber.Field + unique); !ok {
			return ErrForm
		}
	}
	list, has, ok := s.Optional(ber.FieldOfOthers + 3)
	if !ok || !s.Empty() || has && version != version3 { // others pass over them
		return ErrForm
	}
	if !has {
		return nil
	}
	return c.Extensions.read(list)
}

// Key parses the public key. It fails with an error of package signature.
func (c *Certificate) Key() (signature.Key, error) { return signature.ParseKey(c.KeyInfo) }

// Algorithm is the algorithm with which the certificate is signed. It fails with
// an error of package signature for one that is not known.
func (c *Certificate) Algorithm() (signature.Algorithm, error) {
	return signature.ParseAlgorithm(c.algorithm, 0)
}

// SelfIssued reports whether issuer and subject are the same.
func (c *Certificate) SelfIssued() bool { return c.Issuer.Equal(c.Subject) }

// SelfSigned reports whether the certificate is signed by its own key.
func (c *Certificate) SelfSigned() bool { return c.SelfIssued() && c.CheckSignature(c) == nil }

// CheckSignature checks that the certificate is signed by the signer's key,
// whatever the signer may do with it. It fails with an error of package signature.
func (c *Certificate) CheckSignature(signer *Certificate) error {
	a, err := c.Algorithm()
	if err != nil {
		return err
	}
	key, err := signer.Key()
	if err != nil {
		return err
	}
	return key.Verify(a, c.TBS, c.signature)
}

// IssuedBy checks that the certificate names the authority as its issuer and is
// signed by it, and that it is one. Whether it is trusted, valid, and of what
// strength, is for the caller. It fails with [ErrIssuer], [ErrAuthority] or an
// error of package signature.
func (c *Certificate) IssuedBy(authority *Certificate) error {
	if !c.Issuer.Equal(authority.Subject) {
		return ErrIssuer
	}
	if !authority.MaySign(CertSign) {
		return ErrAuthority
	}
	return c.CheckSignature(authority)
}

// Fingerprint is the SHA-256 of the whole certificate. It names one that is trusted;
// for one that is not, see [Certificate.Signed].
func (c *Certificate) Fingerprint() [sha256.Size]byte { return sha256.Sum256(c.Raw) }

// Signed is the SHA-256 of what the issuer has signed (TBSCertificate). Unlike
// [Certificate.Fingerprint] it cannot be changed without him: the algorithm and the
// signature behind can be written in other ways that are read and verify alike.
func (c *Certificate) Signed() [sha256.Size]byte { return sha256.Sum256(c.TBS) }

// KeyDigest is the SHA-256 of SubjectPublicKeyInfo, which is signed too.
func (c *Certificate) KeyDigest() [sha256.Size]byte { return sha256.Sum256(c.KeyInfo) }

// SameSerial reports whether two serial numbers are the same, written with or
// without zeros in front.
func SameSerial(a, b []byte) bool { return bytes.Equal(SerialKey(a), SerialKey(b)) }

// SerialKey is the serial number without zeros in front.
func SerialKey(serial []byte) []byte { return bytes.TrimLeft(serial, "\x00") }

// Named reports whether this is the signer whom signed data name: by the identifier of
// his key, or if that is nil by his issuer and serial number (RFC 5652 §5.3).
func (c *Certificate) Named(keyID, issuer, serial []byte) bool {
	if keyID != nil {
		return bytes.Equal(keyID, c.SubjectKeyID)
	}
	return c.Issuer.Equal(Name{Raw: issuer}) && SameSerial(serial, c.Serial)
}

// String names the subject and, where somebody else issued it, the issuer.
func (c *Certificate) String() string {
	if c.SelfIssued() {
		return c.Subject.String()
	}
	return fmt.Sprintf("%v (issued by %v)", c.Subject, c.Issuer)
}
