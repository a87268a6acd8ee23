package pki

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Holder is what a certificate says; it is proved if [Scheme.Verify] returned it.
type Holder struct {
	Subject   Subject
	Document  string // document number
	Purpose   Purpose
	Level     tunnus.Level
	PublicKey *rsa.PublicKey
	From, To  time.Time
}

// What is wrong with a certificate. [Scheme.Verify] returns one of these, wrapped.
var (
	ErrChain   = errors.New("pki: the certificate does not lead to a trusted root, or is not valid at this time")
	ErrProfile = errors.New("pki: the certificate is none of the scheme's profiles")
	ErrSubject = errors.New("pki: the certificate's person cannot be read")
)

// Verify judges a holder's certificate: its chain from a trusted root through
// an issuing CA at the time given, that it is exactly one of the scheme's
// profiles, and the person in it. Whether it was revoked is not seen here.
func (s Scheme) Verify(cert *x509.Certificate, issuing, roots []*x509.Certificate, now time.Time) (Holder, error) {
	if err := verifyChain(cert, issuing, roots, now); err != nil {
		return Holder{}, fmt.Errorf("%w: %w", ErrChain, err)
	}
	return s.Read(cert)
}

// Read does the part of [Scheme.Verify] that needs no chain: profile and
// person. What it returns is what the certificate says, not what is proved;
// the CA reads its own drafts with it before it signs.
func (s Scheme) Read(cert *x509.Certificate) (Holder, error) {
	p, err := s.profileOf(cert)
	if err != nil {
		return Holder{}, err
	}
	h := Holder{Purpose: p.Purpose, Level: p.Level, From: cert.NotBefore, To: cert.NotAfter}
	h.PublicKey, _ = cert.PublicKey.(*rsa.PublicKey) // profileOf has seen that it is one
	if h.Subject, h.Document, err = readPerson(cert); err != nil {
		return Holder{}, fmt.Errorf("%w: %w", ErrSubject, err)
	}
	if err := checkDocument(h.Document, h.Subject.Code, p.Level); err != nil {
		return Holder{}, fmt.Errorf("%w: %w", ErrSubject, err)
	}
	return h, nil
}

// verifyChain wants two tiers: a root, and an issuing CA below it.
func verifyChain(cert *x509.Certificate, issuing, roots []*x509.Certificate, now time.Time) error {
	anchors, middle := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range roots {
		anchors.AddCert(c)
	}
	for _, c := range issuing {
		middle.AddCert(c)
	}
	chains, err := cert.Verify(x509.VerifyOptions{
		Roots: anchors, Intermediates: middle, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // profileOf compares usages exactly
	})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(chains, func(c []*x509.Certificate) bool { return len(c) == 3 }) {
		return errors.New("no chain of leaf, issuing CA and root")
	}
	return nil
}

// profileOf finds the profile by its policies, and then wants all of it.
func (s Scheme) profileOf(cert *x509.Certificate) (Profile, error) {
	all, err := s.Profiles()
	if err != nil {
		return Profile{}, err
	}
	refusal := fmt.Errorf("%w: its policies are not ours", ErrProfile)
	for _, p := range all {
		if !samePolicies(cert.Policies, p.Policies) {
			continue
		}
		err := p.matches(cert)
		if err == nil {
			return p, nil
		}
		refusal = fmt.Errorf("%w: %s: %w", ErrProfile, p.Name, err) // another profile may have the same policies
	}
	return Profile{}, refusal
}

func (p Profile) matches(cert *x509.Certificate) error {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() != p.KeyBits {
		return fmt.Errorf("the key is not RSA of %d bits", p.KeyBits)
	}
	if cert.SignatureAlgorithm != Signing {
		return errors.New("signature algorithm")
	}
	if _, to := p.Validity(cert.NotBefore.Add(backdate)); cert.NotAfter.After(to) {
		return errors.New("it is valid for too long")
	}
	if cert.IsCA || !cert.BasicConstraintsValid {
		return errors.New("basic constraints")
	}
	if cert.KeyUsage != p.KeyUsage {
		return errors.New("key usage")
	}
	if len(cert.ExtKeyUsage) > 0 || !slices.EqualFunc(cert.UnknownExtKeyUsage, p.Usages, asn1.ObjectIdentifier.Equal) {
		return errors.New("extended key usage")
	}
	want := pkix.Extension{}
	if len(p.Statements) > 0 {
		var err error
		if want, err = statementsExtension(p.Statements); err != nil {
			return err
		}
	}
	if !bytes.Equal(extension(cert, oidQCStatements), want.Value) {
		return errors.New("qcStatements")
	}
	return nil
}

func samePolicies(got []x509.OID, want []string) bool {
	return slices.EqualFunc(got, want, func(g x509.OID, w string) bool { return g.String() == w })
}

// readPerson reads subject, birth and document number, and wants that they agree.
func readPerson(cert *x509.Certificate) (Subject, string, error) {
	parts := map[string]string{}
	for _, a := range cert.Subject.Names {
		id := a.Type.String()
		v, ok := a.Value.(string)
		if _, twice := parts[id]; twice || !ok {
			return Subject{}, "", errors.New("an attribute stands twice or is no text")
		}
		parts[id] = v
	}
	code, err := tunnus.ParseSemanticsID(parts[oidSerialNumber.String()])
	if err != nil {
		return Subject{}, "", err
	}
	if parts[oidCountry.String()] != code.Country() {
		return Subject{}, "", errors.New("country and personal code differ")
	}
	birth, err := readBirth(extension(cert, oidSubjectDirectory))
	if err != nil {
		return Subject{}, "", err
	}
	s := Subject{Code: code, Surname: parts[oidSurname.String()], GivenNames: parts[oidGivenName.String()], Birth: birth}
	if err := s.check(); err != nil {
		return Subject{}, "", err
	}
	number, err := readDocument(extension(cert, oidSubjectAltName))
	return s, number, err
}

// extension returns the value of one extension; nil if it is not there.
// crypto/x509 refuses certificates in which one stands twice.
func extension(cert *x509.Certificate, id asn1.ObjectIdentifier) []byte {
	for _, e := range cert.Extensions {
		if e.Id.Equal(id) {
			return e.Value
		}
	}
	return nil
}
