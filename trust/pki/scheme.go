package pki

import (
	"cmp"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus"
)

// A Purpose says what a holder's key is for. Each holder has one key for each.
type Purpose string

// The purposes.
const (
	Login     Purpose = "login"
	Signature Purpose = "signature"
)

// Valid reports whether p is one of the purposes.
func (p Purpose) Valid() bool { return p == Login || p == Signature }

// A Scheme is what one identity scheme says about its certificates. It comes
// from the scheme file; [Sandbox] is the one for trying things out.
type Scheme struct {
	// Name is the scheme's name, such as "tunnus-demo". It stands in the names of the CAs.
	Name string
	// Country and Organisation name who runs the CA (two letters; legal name).
	Country, Organisation string
	// IssuerURL, OCSPURL and CRLURL say where the issuing CA's certificate, its
	// OCSP responder and its revocation list are found. Empty means that the
	// service does not exist, and the certificate does not point to it.
	IssuerURL, OCSPURL, CRLURL string
	// RootURL and RootCRLURL say the same of the root's certificate and its
	// revocation list, in the issuing CA's certificate.
	RootURL, RootCRLURL string
	// Policies are the scheme's own; the zero value has ours.
	Policies Policies
	// Compliance holds the claims of conformity; the zero value claims nothing.
	Compliance Compliance
	// Compatible gives certificates the policies, the usage and the statements
	// that unmodified clients of Smart-ID look for. They are not ours to
	// assert, so it is for sandboxes only: country XX, a name that ends in
	// "-demo" (doc/adr/0006).
	Compatible bool
}

// Policies are a scheme's own certificate policies, dotted. Where one is empty, ours
// stands in its place.
type Policies struct {
	LoginQualified, SignatureQualified, LoginAdvanced, SignatureAdvanced string
}

// Compliance is the leave to state conformity with EU rules in certificates
// (security ruling A4). Without a Basis nothing is stated.
type Compliance struct {
	// Basis names the certificate, the supervisor or the report that the claim rests on.
	Basis string
	// DisclosureURL is the https address of the PKI disclosure statement in
	// English (EN 319 412-5 §4.3.4). Needed with a Basis.
	DisclosureURL string
}

// Sandbox is the scheme of a sandbox: invented state, nothing claimed, no services named.
func Sandbox() Scheme {
	return Scheme{Name: "tunnus-demo", Country: "XX", Organisation: "tunnus sandbox"}
}

// A Profile is one kind of holder's certificate, as data.
type Profile struct {
	Name       string // "login-qualified"; stands in audit lines
	Purpose    Purpose
	Level      tunnus.Level
	KeyBits    int // exact size of the RSA modulus
	Years      int // validity
	KeyUsage   x509.KeyUsage
	Usages     []asn1.ObjectIdentifier // extended key usages
	Policies   []string                // dotted
	Statements []Statement
}

// A Statement is one entry of the qcStatements extension (RFC 3739 §3.2.6).
type Statement struct {
	ID   asn1.ObjectIdentifier
	Info []byte // DER of statementInfo; nil if there is none
}

const (
	holderKeyBits = 6144 // K(2): two halves of 3072 bits, never shorter
	holderYears   = 3
)

// Validate reports every fault of the scheme at once.
func (s Scheme) Validate() error {
	var errs []error
	for _, v := range []struct {
		bad bool
		why string
	}{
		{s.Name == "" || len(s.Name) > 32, "name: 1 to 32 characters expected"},
		{len(s.Country) != 2 || s.Country != strings.ToUpper(s.Country), "country: two capital letters expected"},
		{s.Organisation == "" || len(s.Organisation) > 64, "organisation: 1 to 64 characters expected"},
		{s.Compliance.Basis == "" && s.Compliance.DisclosureURL != "", "compliance: a disclosure statement without a basis"},
		{s.Compatible && !s.sandbox(), "compatible: identifiers of others, in sandboxes only (country XX, a name that ends in -demo)"},
		{s.Compatible && s.Compliance.Basis != "", "compatible: contradicts a basis of compliance"},
		{s.Compliance.Basis != "" && !strings.HasPrefix(s.Compliance.DisclosureURL, "https://"), "compliance: the https address of a disclosure statement is missing"},
	} {
		if v.bad {
			errs = append(errs, errors.New("pki: scheme "+v.why))
		}
	}
	return errors.Join(errs...)
}

// sandbox reports whether the scheme's certificates say of themselves that they
// are worth nothing: their issuers are of the state XX, which cannot be, and
// have a name that tells a demonstration.
func (s Scheme) sandbox() bool { return s.Country == "XX" && strings.HasSuffix(s.Name, "-demo") }

// Profiles returns the four kinds of holders' certificates.
func (s Scheme) Profiles() ([]Profile, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	all := []Profile{
		{Name: "login-qualified", Purpose: Login, Level: tunnus.Qualified, Policies: []string{cmp.Or(s.Policies.LoginQualified, PolicyLoginQualified)}},
		{Name: "login-advanced", Purpose: Login, Level: tunnus.Advanced, Policies: []string{cmp.Or(s.Policies.LoginAdvanced, PolicyLoginAdvanced)}},
		{Name: "signature-qualified", Purpose: Signature, Level: tunnus.Qualified, Policies: []string{cmp.Or(s.Policies.SignatureQualified, PolicySignatureQualified)}},
		{Name: "signature-advanced", Purpose: Signature, Level: tunnus.Advanced, Policies: []string{cmp.Or(s.Policies.SignatureAdvanced, PolicySignatureAdvanced)}},
	}
	for i := range all {
		p := &all[i]
		p.KeyBits, p.Years = holderKeyBits, holderYears
		if p.Purpose == Login {
			p.KeyUsage, p.Usages = x509.KeyUsageDigitalSignature, []asn1.ObjectIdentifier{UsageLogin}
		} else {
			p.KeyUsage = x509.KeyUsageContentCommitment
		}
		if s.Compatible {
			if err := compatible(p); err != nil {
				return nil, err
			}
		}
		if s.Compliance.Basis == "" {
			continue
		}
		if err := s.claim(p); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// claim adds what only a scheme with a basis may state (A4).
func (s Scheme) claim(p *Profile) error {
	switch {
	case p.Level == tunnus.Advanced:
		p.Policies = append(p.Policies, policyNCP)
	case p.Purpose == Login:
		p.Policies = append(p.Policies, policyNCPPlus)
	default:
		p.Policies = append(p.Policies, policyQCPnQSCD)
		statements, err := qualifiedStatements(s.Compliance.DisclosureURL)
		if err != nil {
			return err
		}
		p.Statements = statements
	}
	return nil
}

// Pick returns the profile for a purpose and a level.
func Pick(all []Profile, p Purpose, l tunnus.Level) (Profile, error) {
	i := slices.IndexFunc(all, func(q Profile) bool { return q.Purpose == p && q.Level == l })
	if i < 0 {
		return Profile{}, fmt.Errorf("pki: no profile for purpose %q and level %q", p, l)
	}
	return all[i], nil
}
