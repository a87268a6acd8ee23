package stamp

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Identifiers. All are read-only.
var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // ESSCertID, SHA-1 (RFC 2634)
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035
	oidExtKeyUsage   = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
)

// imprints are the hashes that a time-stamp may be about, by identifier.
var imprints = map[string]crypto.Hash{
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// signings are the signature algorithms of tokens that are read, by their
// identifier and the digest's. Those that name their digest stand with it.
var signings = map[string]map[crypto.Hash]x509.SignatureAlgorithm{
	"1.2.840.113549.1.1.1":  {crypto.SHA256: x509.SHA256WithRSA, crypto.SHA384: x509.SHA384WithRSA, crypto.SHA512: x509.SHA512WithRSA},
	"1.2.840.113549.1.1.11": {crypto.SHA256: x509.SHA256WithRSA},
	"1.2.840.113549.1.1.12": {crypto.SHA384: x509.SHA384WithRSA},
	"1.2.840.113549.1.1.13": {crypto.SHA512: x509.SHA512WithRSA},
	"1.2.840.10045.4.3.2":   {crypto.SHA256: x509.ECDSAWithSHA256},
	"1.2.840.10045.4.3.3":   {crypto.SHA384: x509.ECDSAWithSHA384},
	"1.2.840.10045.4.3.4":   {crypto.SHA512: x509.ECDSAWithSHA512},
}

func oidOf(h crypto.Hash) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, map[crypto.Hash]int{crypto.SHA256: 1, crypto.SHA384: 2, crypto.SHA512: 3}[h]}
}

// sum digests with one of the imprints' hashes; nil for another.
func sum(h crypto.Hash, b []byte) []byte {
	switch h {
	case crypto.SHA256:
		s := sha256.Sum256(b)
		return s[:]
	case crypto.SHA384:
		s := sha512.Sum384(b)
		return s[:]
	case crypto.SHA512:
		s := sha512.Sum512(b)
		return s[:]
	}
	return nil
}

// tag is [n] IMPLICIT of something primitive; wrap is [n] of something constructed.
func tag(n uint8) der.Tag  { return der.Tag(n).ContextSpecific() }
func wrap(n uint8) der.Tag { return tag(n).Constructed() }

// all adds one value that holds what each part adds.
func all(b *cryptobyte.Builder, t der.Tag, parts ...cryptobyte.BuilderContinuation) {
	b.AddASN1(t, func(b *cryptobyte.Builder) {
		for _, p := range parts {
			p(b)
		}
	})
}

// The parts that all is given.

func oid(id asn1.ObjectIdentifier) cryptobyte.BuilderContinuation {
	return func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(id) }
}

func raw(v []byte) cryptobyte.BuilderContinuation {
	return func(b *cryptobyte.Builder) { b.AddBytes(v) }
}

func number(n int64) cryptobyte.BuilderContinuation {
	return func(b *cryptobyte.Builder) { b.AddASN1Int64(n) }
}

func octets(v []byte) cryptobyte.BuilderContinuation {
	return func(b *cryptobyte.Builder) { b.AddASN1OctetString(v) }
}

func inside(t der.Tag, parts ...cryptobyte.BuilderContinuation) cryptobyte.BuilderContinuation {
	return func(b *cryptobyte.Builder) { all(b, t, parts...) }
}

// algorithm is an AlgorithmIdentifier of a hash, without parameters (RFC 5754 §2).
func algorithm(h crypto.Hash) cryptobyte.BuilderContinuation {
	return inside(der.SEQUENCE, oid(oidOf(h)))
}

// sorted returns the contents of a SET OF in the order of DER (X.690 §11.6).
func sorted(elements ...[]byte) []byte {
	slices.SortFunc(elements, bytes.Compare)
	return slices.Concat(elements...)
}

// build returns what one part adds.
func build(p cryptobyte.BuilderContinuation) ([]byte, error) {
	var b cryptobyte.Builder
	p(&b)
	return b.Bytes()
}
