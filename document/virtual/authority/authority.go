// Package authority is an invented state that signs passports: the profiles of its
// country signer, document signer, link certificate, revocation list and master
// list (ICAO Doc 9303-12 §7, §9), for keys of every kind. What is signed is made
// by package document/virtual/issuer and can be changed before it is.
package authority

import (
	"crypto"
	"fmt"
	"math/big"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// A Key is how somebody signs.
type Key struct {
	Curve    string // of package document/curve; "" for RSA
	Explicit bool   // the curve's parameters are written out
	Bits     int    // of RSA
	PSS      bool   // of RSA, else PKCS #1 v1.5
	Exponent int64  // of RSA; 0 for 65537
	Hash     crypto.Hash
}

// A State is who signs passports: an invented country with its keys.
type State struct {
	Now               time.Time   // when it was founded, and signs
	Country, Document Key         // kinds of the next two
	CSCA, DS          *issuer.Key // country signer, document signer
	Before            *issuer.Key // the country signer that was before: P-256, always
	Lister            *issuer.Key // signs master lists: P-256
}

// Serial numbers of the state's certificates.
const (
	SerialCSCA     = 1
	SerialSigner   = 2
	serialLink     = 3
	serialLister   = 4
	serialBefore   = 5
	SerialFree     = 6 // nothing of the state's has it
	numberOfCRL    = 7
	masterListKind = "2.23.136.1.1.2"
)

// nameCSCA is the name of the country signer.
func nameCSCA() []byte { return Name("XX", "Country Signing CA Utopia") }

// NameSigner is the name of the document signer.
func NameSigner() []byte { return Name("XX", "Document Signer Utopia") }

// Name is a name of the state's.
func Name(country, common string) []byte {
	return issuer.Name(ber.PrintableString, "C="+country, "O=Utopia", "CN="+common)
}

// Found makes a state's keys, which takes as long as they are large.
func Found(country, document Key, now time.Time) (*State, error) {
	s := &State{Now: now.UTC().Truncate(time.Second), Country: country, Document: document}
	var err error
	for _, k := range []struct {
		to   **issuer.Key
		kind Key
	}{
		{&s.CSCA, country},
		{&s.DS, document},
		{&s.Before, Key{Curve: "secp256r1", Hash: crypto.SHA256}},
		{&s.Lister, Key{Curve: "secp256r1", Hash: crypto.SHA256}},
	} {
		if *k.to, err = k.kind.Make(); err != nil {
			return nil, fmt.Errorf("authority: %w", err)
		}
	}
	return s, nil
}

// Impostor has the state's names and other keys.
func (s *State) Impostor() (*State, error) {
	n := &State{Now: s.Now, Country: s.Country, Document: s.Document}
	var err error
	if n.CSCA, err = s.Country.Make(); err != nil {
		return nil, err
	}
	n.DS, err = s.Document.Make()
	return n, err
}

// Make makes a key.
func (k Key) Make() (key *issuer.Key, err error) {
	switch {
	case k.Curve != "":
		if key, err = issuer.NewEC(k.Curve); err == nil {
			key.Explicit = k.Explicit
		}
	case k.Exponent != 0:
		key, err = issuer.NewRSAExponent(k.Bits, big.NewInt(k.Exponent))
	default:
		key, err = issuer.NewRSA(k.Bits)
	}
	return key, err
}

// Algorithm is how the key signs.
func (k Key) Algorithm() signature.Algorithm {
	switch {
	case k.Curve != "":
		return signature.Algorithm{Scheme: signature.ECDSA, Hash: k.Hash}
	case k.PSS:
		return signature.Algorithm{Scheme: signature.PSS, Hash: k.Hash, Mask: k.Hash, Salt: k.Hash.Size()}
	}
	return signature.Algorithm{Scheme: signature.PKCS1, Hash: k.Hash}
}

// Anchor is the profile of the country signer (Doc 9303-12 §7.1), for its key and
// whoever signs it.
func (s *State) Anchor() issuer.Template {
	id := s.CSCA.ID()
	return issuer.Template{
		Serial: SerialCSCA, Issuer: nameCSCA(), Subject: nameCSCA(), Public: s.CSCA.Public(), Algorithm: s.Country.Algorithm(),
		NotBefore: s.Now.AddDate(0, 0, -1), NotAfter: s.Now.AddDate(16, 0, 0),
		Extensions: [][]byte{
			issuer.Authority(), issuer.Usage(certificate.CertSign | certificate.CRLSign), issuer.SubjectKeyID(id), issuer.AuthorityKeyID(id),
		},
	}
}

// Signer is the profile of the document signer.
func (s *State) Signer() issuer.Template {
	return issuer.Template{
		Serial: SerialSigner, Issuer: nameCSCA(), Subject: NameSigner(), Public: s.DS.Public(), Algorithm: s.Country.Algorithm(),
		NotBefore: s.Now.AddDate(0, 0, -1), NotAfter: s.Now.AddDate(12, 0, 0),
		Extensions: [][]byte{
			issuer.Usage(certificate.DigitalSignature), issuer.SubjectKeyID(s.DS.ID()), issuer.AuthorityKeyID(s.CSCA.ID()),
			issuer.UsePeriod(s.Now.AddDate(0, 0, -1), s.Now.AddDate(0, 3, 0)), issuer.DocumentTypes("P"),
		},
	}
}

// Predecessor is the country signer that was before.
func (s *State) Predecessor() issuer.Template {
	t, id := s.Anchor(), s.Before.ID()
	t.Serial, t.Public, t.Algorithm = serialBefore, s.Before.Public(), s.Before.Usual()
	t.NotBefore, t.NotAfter = s.Now.AddDate(-4, 0, 0), s.Now.AddDate(11, 0, 0)
	t.Extensions = [][]byte{
		issuer.Authority(), issuer.Usage(certificate.CertSign | certificate.CRLSign), issuer.SubjectKeyID(id), issuer.AuthorityKeyID(id),
	}
	return t
}

// Link says, signed by the predecessor, that the country signer follows it
// (Doc 9303-12 §4.2.2).
func (s *State) Link() issuer.Template {
	t := s.Anchor()
	t.Serial, t.Algorithm, t.NotAfter = serialLink, s.Before.Usual(), s.Now.AddDate(11, 0, 0)
	t.Extensions = [][]byte{
		issuer.Authority(), issuer.Usage(certificate.CertSign | certificate.CRLSign), issuer.SubjectKeyID(s.CSCA.ID()), issuer.AuthorityKeyID(s.Before.ID()),
	}
	return t
}

// CRL is a revocation list with nothing in it.
func (s *State) CRL() issuer.CRL {
	return issuer.CRL{
		Issuer: nameCSCA(), This: s.Now.Add(-time.Hour), Next: s.Now.AddDate(0, 3, 0), Number: numberOfCRL,
		KeyID: s.CSCA.ID(), Algorithm: s.Country.Algorithm(),
	}
}

// ListSigner is the profile of the master list signer (Doc 9303-12 §9.2).
func (s *State) ListSigner() issuer.Template {
	return issuer.Template{
		Serial: serialLister, Issuer: nameCSCA(), Subject: Name("XX", "Master List Signer Utopia"), Public: s.Lister.Public(), Algorithm: s.Country.Algorithm(),
		NotBefore: s.Now.AddDate(0, 0, -1), NotAfter: s.Now.AddDate(5, 0, 0),
		Extensions: [][]byte{
			issuer.Usage(certificate.DigitalSignature), issuer.ExtUsage("2.23.136.1.1.3"), issuer.AuthorityKeyID(s.CSCA.ID()), issuer.SubjectKeyID(s.Lister.ID()),
		},
	}
}

// MasterList signs certificates of country signers, of which the first is the
// state's own, by the one with the signer's certificate (Doc 9303-12 §9.1).
func (s *State) MasterList(signer []byte, certs ...[]byte) ([]byte, error) {
	return issuer.Sign(issuer.Content{
		Kind: masterListKind, Content: issuer.MasterList(certs...), Signer: signer, Certificates: certs[:1], At: s.Now,
	}, s.Lister)
}

// Signatory signs with a key and a certificate; list is the hash of data groups.
func (s *State) Signatory(key *issuer.Key, a signature.Algorithm, list crypto.Hash, cert []byte) (virtual.Signatory, error) {
	c, err := certificate.Parse(cert)
	if err != nil {
		return virtual.Signatory{}, err
	}
	return virtual.Signatory{
		Certificate: cert, Issuer: c.Issuer.Raw, Serial: new(big.Int).SetBytes(c.Serial), At: s.Now,
		Hash: a.Hash, Digest: issuer.Digest(a.Hash), List: list, ListDigest: issuer.Digest(list), Algorithm: issuer.Identifier(a),
		Sign: func(message []byte) ([]byte, error) { return key.Sign(a, message) },
	}, nil
}
