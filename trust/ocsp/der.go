package ocsp

import (
	"crypto"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Identifiers, as the content of their DER.
const (
	oidBasic         = "\x2b\x06\x01\x05\x05\x07\x30\x01\x01" // id-pkix-ocsp-basic
	oidNonce         = "\x2b\x06\x01\x05\x05\x07\x30\x01\x02" // id-pkix-ocsp-nonce
	oidArchiveCutoff = "\x2b\x06\x01\x05\x05\x07\x30\x01\x06" // id-pkix-ocsp-archive-cutoff
)

// hashes that issuers are named by. Others are read, and are nobody's.
var hashes = map[string]crypto.Hash{
	"\x2b\x0e\x03\x02\x1a":                 crypto.SHA1,
	"\x60\x86\x48\x01\x65\x03\x04\x02\x01": crypto.SHA256,
	"\x60\x86\x48\x01\x65\x03\x04\x02\x02": crypto.SHA384,
	"\x60\x86\x48\x01\x65\x03\x04\x02\x03": crypto.SHA512,
}

// explicit is the tag [n] EXPLICIT.
func explicit(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

// maxExtensions is how many extensions are read in one place.
const maxExtensions = 16

// readExtensions reads the optional [n] EXPLICIT Extensions, and returns the
// values of those that are known, by identifier. One that stands twice is
// refused; so is, if strict, a critical one that is not known.
func readExtensions(in *cryptobyte.String, n uint8, strict bool, known []string) (map[string][]byte, error) {
	var wrapped, list cryptobyte.String
	var there bool
	if !in.ReadOptionalASN1(&wrapped, &there, explicit(n)) {
		return nil, fmt.Errorf("%w: extensions", ErrFormat)
	}
	if !there {
		return nil, nil
	}
	if !wrapped.ReadASN1(&list, asn1.SEQUENCE) || !wrapped.Empty() {
		return nil, fmt.Errorf("%w: extensions", ErrFormat)
	}
	seen := map[string][]byte{}
	for !list.Empty() {
		var one, oid, value cryptobyte.String
		critical := false
		if !list.ReadASN1(&one, asn1.SEQUENCE) || !one.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
			one.PeekASN1Tag(asn1.BOOLEAN) && !one.ReadASN1Boolean(&critical) ||
			!one.ReadASN1(&value, asn1.OCTET_STRING) || !one.Empty() {
			return nil, fmt.Errorf("%w: extension", ErrFormat)
		}
		if _, twice := seen[string(oid)]; twice || len(seen) == maxExtensions {
			return nil, fmt.Errorf("%w: an extension twice, or too many", ErrFormat)
		}
		seen[string(oid)] = value
		if critical && strict && !slices.Contains(known, string(oid)) {
			return nil, fmt.Errorf("%w: a critical extension that is not known", ErrFormat)
		}
	}
	return seen, nil
}

// readNonce reads extensions of which the nonce is the one that is known.
func readNonce(in *cryptobyte.String, n uint8, strict bool) ([]byte, error) {
	seen, err := readExtensions(in, n, strict, []string{oidNonce})
	if err != nil {
		return nil, err
	}
	value, there := seen[oidNonce]
	if !there {
		return nil, nil
	}
	v, nonce := cryptobyte.String(value), []byte(nil)
	if !v.ReadASN1Bytes(&nonce, asn1.OCTET_STRING) || !v.Empty() || len(nonce) == 0 || len(nonce) > MaxNonce {
		return nil, fmt.Errorf("%w: a nonce of 1 to %d bytes expected", ErrFormat, MaxNonce)
	}
	return nonce, nil
}

// addNonce writes the nonce as an extension, not critical.
func addNonce(b *cryptobyte.Builder, nonce []byte) {
	addExtension(b, oidNonce, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
}

func addExtension(b *cryptobyte.Builder, oid string, value cryptobyte.BuilderContinuation) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(oid)) })
		b.AddASN1(asn1.OCTET_STRING, value)
	})
}
