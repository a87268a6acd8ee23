package idcard

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// maxName bounds a name in a certificate, in characters.
const maxName = 200

// A Person is whom a certificate names.
type Person struct {
	Code           tunnus.PersonCode
	Given, Surname string // as the certificate writes them
	Country        string // of the subject, two letters: who issued the card
}

// String redacts the person, so that no name slips into a log.
func (Person) String() string { return "[person]" }

// GoString redacts the person for %#v.
func (p Person) GoString() string { return p.String() }

// An Issuer is a CA whose cards are taken.
type Issuer struct {
	// Certificate is the one of the CA that signs cards, not of a root above it.
	Certificate *x509.Certificate
	// Countries are the states whose personal codes it may write into a
	// certificate, two letters each; at least one.
	Countries []string
}

// A usage is what a certificate is for.
type usage struct {
	bit  x509.KeyUsage
	name string
	// client demands clientAuth of an extended key usage, if there is one:
	// Luxembourg's cards have none.
	client bool
}

// forLogin and forSigning are the two usages of a card's certificates.
func forLogin() usage {
	return usage{x509.KeyUsageDigitalSignature, "digitalSignature", true}
}

func forSigning() usage {
	return usage{x509.KeyUsageContentCommitment, "nonRepudiation", false}
}

// A finding is a certificate that holds by itself: what is missing is the word
// of its issuer.
type finding struct {
	certificate *x509.Certificate
	issuer      *x509.Certificate
	person      Person
}

// certificate judges one from outside.
func (v *Validator) certificate(der []byte, use usage, now time.Time) (finding, error) {
	c, err := pki.ParseForeign(der)
	if err != nil {
		return finding{}, notAccepted("%w", err)
	}
	if err := v.allowed(c, use); err != nil {
		return finding{}, notAccepted("%w", err)
	}
	issuer, err := v.issuerOf(c, now)
	if err != nil {
		return finding{}, notAccepted("%w", err)
	}
	p, err := personOf(c)
	if err != nil {
		if tunnus.CodeOf(err) == tunnus.CodeEligCountry {
			return finding{}, err
		}
		return finding{}, notAccepted("%w", err)
	}
	if !slices.Contains(issuer.Countries, p.Code.Country()) {
		return finding{}, notAccepted("its issuer does not number people of that country")
	}
	return finding{c, issuer.Certificate, p}, nil
}

// allowed judges usage, key and policies.
func (v *Validator) allowed(c *x509.Certificate, use usage) error {
	switch {
	case c.IsCA:
		return errors.New("it is the one of a CA")
	case c.KeyUsage&use.bit == 0:
		return errors.New("it is not for " + use.name)
	case use.client && len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0 && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth):
		return errors.New("it is not for clientAuth")
	}
	for _, p := range c.Policies {
		for _, arc := range v.disallowed {
			if s := p.String(); s == arc || strings.HasPrefix(s, arc+".") {
				return errors.New("it has the policy " + s)
			}
		}
	}
	return checkKey(c.PublicKey)
}

// issuerOf finds the CA that has signed the certificate; both must be valid now.
func (v *Validator) issuerOf(c *x509.Certificate, now time.Time) (Issuer, error) {
	chains, err := c.Verify(x509.VerifyOptions{
		Roots: v.roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return Issuer{}, errors.New("it, or its issuer, is not valid at this time")
	}
	if err != nil {
		return Issuer{}, errors.New("it does not lead to an issuer that is trusted") // the cause repeats the subject
	}
	for _, chain := range chains {
		for _, i := range v.issuers {
			if len(chain) == 2 && chain[1].Equal(i.Certificate) {
				return i, nil
			}
		}
	}
	return Issuer{}, errors.New("it is the one of an issuer")
}

// Attributes of a subject (X.520, ETSI EN 319 412-2 §4.2.4).
const (
	oidSurname = "2.5.4.4"
	oidSerial  = "2.5.4.5"
	oidCountry = "2.5.4.6"
	oidGiven   = "2.5.4.42"
)

// personOf reads the subject. Its errors repeat nothing of it.
func personOf(c *x509.Certificate) (Person, error) {
	seen := map[string]string{}
	for _, a := range c.Subject.Names {
		name := a.Type.String()
		s, ok := a.Value.(string)
		if _, twice := seen[name]; twice && slices.Contains([]string{oidSurname, oidSerial, oidCountry, oidGiven}, name) || !ok {
			return Person{}, errors.New("its subject says something twice, or not in words")
		}
		seen[name] = s
	}
	p := Person{Given: seen[oidGiven], Surname: seen[oidSurname], Country: seen[oidCountry]}
	var err error
	if p.Code, err = tunnus.ParseSemanticsID(seen[oidSerial]); err != nil {
		return Person{}, err
	}
	if !isCountry(p.Country) || !isName(p.Given) && !isName(p.Surname) || p.Given != "" && !isName(p.Given) || p.Surname != "" && !isName(p.Surname) {
		return Person{}, errors.New("its subject has no name or country that can be read")
	}
	return p, nil
}

func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// isName refuses what would look like something else in a page or a log. What is
// in it besides is the issuer's business.
func isName(s string) bool {
	unseen := func(r rune) bool { return !unicode.IsGraphic(r) || r == utf8.RuneError }
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxName && !strings.ContainsFunc(s, unseen)
}

// sameCard compares a signing certificate with the log-in's as web-eid:1.1
// wants: the same subject, and the same issuer by name and by key.
func sameCard(a, b *x509.Certificate) bool {
	return bytes.Equal(a.RawSubject, b.RawSubject) && bytes.Equal(a.RawIssuer, b.RawIssuer) && bytes.Equal(a.AuthorityKeyId, b.AuthorityKeyId)
}
