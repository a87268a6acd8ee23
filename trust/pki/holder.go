package pki

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus"
)

// A Subject is the person in a certificate, as the register has them.
type Subject struct {
	Code       tunnus.PersonCode
	Surname    string    // written as it shall stand in the certificate
	GivenNames string    // empty for people with one name
	Birth      time.Time // date of birth; time of day is ignored
}

// An Order is all that differs between two certificates of one profile.
type Order struct {
	Subject   Subject
	Document  string // the account's document number, "PNOXX-199002140017-7K3Q-Q"
	PublicKey *rsa.PublicKey
	Serial    *big.Int // from [NewSerial]
	From      time.Time
	To        time.Time // last second of validity; [Profile.Validity] proposes both
}

// backdate lets relying parties whose clock is behind accept a new certificate.
const backdate = 5 * time.Minute

// Validity returns the first and the last second of a certificate made now.
func (p Profile) Validity(now time.Time) (from, to time.Time) {
	from = now.UTC().Truncate(time.Second).Add(-backdate)
	return from, from.AddDate(p.Years, 0, 0).Add(-time.Second)
}

// Template turns an order into what [x509.CreateCertificate] takes, with the
// scheme's addresses. It refuses what the profile does not allow; it does not
// judge whether the person may have the certificate.
func (s Scheme) Template(p Profile, o Order) (*x509.Certificate, error) {
	if err := o.check(p); err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		PublicKey:             o.PublicKey,
		SignatureAlgorithm:    Signing,
		SerialNumber:          o.Serial,
		Subject:               o.Subject.name(),
		NotBefore:             o.From,
		NotAfter:              o.To,
		KeyUsage:              p.KeyUsage,
		BasicConstraintsValid: true,
		SubjectKeyId:          KeyID(x509.MarshalPKCS1PublicKey(o.PublicKey)),
	}
	if err := addIdentifiers(t, p); err != nil {
		return nil, err
	}
	if err := addExtensions(t, p, o); err != nil {
		return nil, err
	}
	s.addURLs(t)
	return t, nil
}

// addIdentifiers sets the policies and the extended key usages.
func addIdentifiers(t *x509.Certificate, p Profile) error {
	t.UnknownExtKeyUsage = slices.Clone(p.Usages)
	for _, id := range p.Policies {
		oid, err := policyOID(id)
		if err != nil {
			return err
		}
		t.Policies = append(t.Policies, oid)
	}
	return nil
}

// addExtensions sets those that crypto/x509 does not write itself.
func addExtensions(t *x509.Certificate, p Profile, o Order) error {
	alt, err := documentExtension(o.Document)
	if err != nil {
		return err
	}
	born, err := birthExtension(o.Subject.Birth)
	if err != nil {
		return err
	}
	t.ExtraExtensions = append(t.ExtraExtensions, alt, born)
	if len(p.Statements) == 0 {
		return nil
	}
	qc, err := statementsExtension(p.Statements)
	if err != nil {
		return err
	}
	t.ExtraExtensions = append(t.ExtraExtensions, qc)
	return nil
}

// addURLs points to the services that exist.
func (s Scheme) addURLs(t *x509.Certificate) {
	if s.IssuerURL != "" {
		t.IssuingCertificateURL = []string{s.IssuerURL}
	}
	if s.OCSPURL != "" {
		t.OCSPServer = []string{s.OCSPURL}
	}
	if s.CRLURL != "" {
		t.CRLDistributionPoints = []string{s.CRLURL}
	}
}

// check refuses an order that contradicts itself or its profile.
func (o Order) check(p Profile) error {
	if o.PublicKey == nil || o.PublicKey.N == nil || o.PublicKey.N.BitLen() != p.KeyBits {
		return fmt.Errorf("pki: a modulus of %d bits expected", p.KeyBits)
	}
	if o.Serial == nil || o.Serial.Sign() <= 0 || o.Serial.BitLen() > 128 {
		return errors.New("pki: a serial number of 1 to 128 bits expected")
	}
	if !o.To.After(o.From) {
		return errors.New("pki: the certificate would end before it begins")
	}
	if err := o.Subject.check(); err != nil {
		return err
	}
	return checkDocument(o.Document, o.Subject.Code, p.Level)
}

func (s Subject) check() error {
	if s.Code.IsZero() {
		return errors.New("pki: a personal code is missing")
	}
	if s.Birth.IsZero() {
		return errors.New("pki: a date of birth is missing")
	}
	if told, ok := s.Code.BirthDate(); ok && told.Format(time.DateOnly) != s.Birth.Format(time.DateOnly) {
		return errors.New("pki: personal code and date of birth differ")
	}
	if s.Surname == "" {
		return errors.New("pki: a surname is missing")
	}
	for _, n := range []string{s.Surname, s.GivenNames} {
		if !utf8.ValidString(n) || utf8.RuneCountInString(n) > 64 || strings.TrimSpace(n) != n ||
			strings.ContainsFunc(n, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return errors.New("pki: a name of up to 64 printable characters expected")
		}
	}
	return nil
}

// checkDocument wants "PNOXX-<code>-<4 characters>-Q", or -NQ for a level below QUALIFIED.
func checkDocument(doc string, code tunnus.PersonCode, l tunnus.Level) error {
	rest, ok := strings.CutPrefix(doc, code.SemanticsID()+"-")
	mark, suffix, sep := strings.Cut(rest, "-")
	want := "NQ"
	if l == tunnus.Qualified {
		want = "Q"
	}
	if !ok || !sep || len(mark) != 4 || suffix != want || strings.Trim(mark, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return errors.New("pki: the document number does not fit person and level")
	}
	return nil
}

// maxCommonName is RFC 5280's upper bound ub-common-name, in characters.
const maxCommonName = 64

// name writes C, CN, SN, GN and serialNumber, as relying parties read them
// (RP API; EN 319 412-2 §4.2.4). The personal code stands in serialNumber only.
func (s Subject) name() pkix.Name {
	common := s.Surname
	if s.GivenNames != "" {
		common += "," + s.GivenNames
	}
	if r := []rune(common); len(r) > maxCommonName {
		common = string(r[:maxCommonName]) // SN and GN still have it whole
	}
	set := []attribute{
		{oidCountry, s.Code.Country()},
		{oidCommonName, common},
		{oidSurname, s.Surname},
		{oidGivenName, s.GivenNames},
		{oidSerialNumber, s.Code.SemanticsID()},
	}
	return nameOf(set)
}

// An attribute is one part of a distinguished name.
type attribute struct {
	id    asn1.ObjectIdentifier
	value string
}

// nameOf keeps the order of the attributes and leaves out empty ones.
func nameOf(set []attribute) pkix.Name {
	var n pkix.Name
	for _, a := range set {
		if a.value != "" {
			n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: a.id, Value: a.value})
		}
	}
	return n
}

// KeyID is a key identifier: the first 160 bits of SHA-256 over the subject
// public key's bits (RFC 7093 §2, method 1).
func KeyID(keyBits []byte) []byte {
	sum := sha256.Sum256(keyBits)
	return sum[:20]
}
