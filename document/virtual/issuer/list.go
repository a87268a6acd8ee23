package issuer

import (
	"crypto"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/signature"
)

// A Revocation is one entry of a revocation list.
type Revocation struct {
	Serial int64
	At     time.Time
	Reason int // 0 leaves it out
}

// A CRL is a revocation list that is to be signed.
type CRL struct {
	Issuer     []byte // [Name]
	This, Next time.Time
	Revoked    []Revocation
	Number     int64
	KeyID      []byte
	Extensions [][]byte // besides number and authority key identifier
	Algorithm  signature.Algorithm
	Edit       func(tbs []byte) []byte
}

// Revoke signs a revocation list (RFC 5280 §5.1).
func Revoke(c CRL, signer *Key) ([]byte, error) {
	if c.Algorithm.Scheme == "" {
		c.Algorithm = signer.Usual()
	}
	var next, entries []byte
	if !c.Next.IsZero() {
		next = date(c.Next)
	}
	for _, r := range c.Revoked {
		var reason []byte
		if r.Reason != 0 {
			reason = element(ber.Sequence, Extension("2.5.29.21", false, element(ber.Enumerated, []byte{byte(r.Reason)})))
		}
		entries = append(entries, element(ber.Sequence, Number(big.NewInt(r.Serial)), date(r.At), reason)...)
	}
	if entries != nil {
		entries = element(ber.Sequence, entries)
	}
	extensions := slices.Concat([][]byte{
		AuthorityKeyID(c.KeyID), Extension("2.5.29.20", false, Number(big.NewInt(c.Number))),
	}, c.Extensions)
	outer := Identifier(c.Algorithm)
	tbs := element(ber.Sequence, []byte{2, 1, 1}, outer, c.Issuer, date(c.This), next, entries,
		element(ber.FieldOfOthers, element(ber.Sequence, extensions...)))
	return seal(tbs, outer, c.Algorithm, c.Edit, signer)
}

// A Content is what is to be signed as CMS SignedData.
type Content struct {
	Kind         string // object identifier
	Content      []byte
	Signer       []byte   // certificate of the signer, DER
	Certificates [][]byte // besides the signer's
	At           time.Time
	Algorithm    signature.Algorithm // zero for the signer's usual one
}

// Sign makes ContentInfo with SignedData of one signer, named by its issuer and
// serial number (RFC 5652 §5).
func Sign(c Content, key *Key) ([]byte, error) {
	if c.Algorithm.Scheme == "" {
		c.Algorithm = key.Usual()
	}
	cert, err := certificate.Parse(c.Signer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	attributes := [][]byte{
		element(ber.Sequence, oid("1.2.840.113549.1.9.3"), element(ber.Set, oid(c.Kind))),
		element(ber.Sequence, oid("1.2.840.113549.1.9.4"), element(ber.Set, element(ber.OctetString, sum(c.Algorithm.Hash, c.Content)))),
	}
	if !c.At.IsZero() {
		attributes = append(attributes, element(ber.Sequence, oid("1.2.840.113549.1.9.5"), element(ber.Set, date(c.At))))
	}
	slices.SortFunc(attributes, slices.Compare[[]byte])
	set := element(ber.Set, attributes...)
	sig, err := key.Sign(c.Algorithm, set)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	info := element(ber.Sequence, []byte{2, 1, 1},
		element(ber.Sequence, cert.Issuer.Raw, element(ber.Integer, cert.Serial)),
		Digest(c.Algorithm.Hash), element(ber.FieldOfOthers, attributes...), Identifier(c.Algorithm), element(ber.OctetString, sig))
	data := element(ber.Sequence, []byte{2, 1, 3}, element(ber.Set, Digest(c.Algorithm.Hash)),
		element(ber.Sequence, oid(c.Kind), element(ber.FieldOfOthers, element(ber.OctetString, c.Content))),
		element(ber.FieldOfOthers, append([][]byte{c.Signer}, c.Certificates...)...), element(ber.Set, info))
	return element(ber.Sequence, oid("1.2.840.113549.1.7.2"), element(ber.FieldOfOthers, data)), nil
}

// MasterList is the content of a master list (Doc 9303-12 §9.1).
func MasterList(certs ...[]byte) []byte {
	return element(ber.Sequence, []byte{2, 1, 0}, element(ber.Set, certs...))
}

func sum(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}
