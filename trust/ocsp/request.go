package ocsp

import (
	"crypto"
	"crypto/sha1" // names of issuers in questions (RFC 6960 §4.1.1); nothing rests on it
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Limits of a question.
const (
	MaxRequest = 16 << 10 // bytes
	MaxAsked   = 16       // certificates
	MaxNonce   = 128      // bytes (RFC 9654 §2.1)
)

// maxSerial is the longest serial number that is read, in bits (RFC 5280
// §4.1.2.2: 20 octets, the first bit zero).
const maxSerial = 159

// ErrFormat means that a message is not what RFC 6960 describes, or is over a limit.
var ErrFormat = errors.New("ocsp: not a message of RFC 6960")

// A CertID names a certificate by its issuer's name, key and its serial number
// (RFC 6960 §4.1.1).
type CertID struct {
	Hash     crypto.Hash // of the next two; 0 if it is one that is not known here
	NameHash []byte
	KeyHash  []byte
	Serial   *big.Int
	Raw      []byte // DER; answered byte for byte
}

// A Request is a question about one certificate or several.
type Request struct {
	IDs    []CertID // 1 to [MaxAsked]
	Nonce  []byte   // 1 to [MaxNonce] bytes; nil if there is none
	Signed bool     // it bears a signature, which is not looked at
}

// ParseRequest reads a question. It fails with [ErrFormat] for all that is not
// strict DER, another version than 1, over a limit, or asks for an extension
// that is critical and not known here. A signature is taken note of and not
// verified: anybody may ask.
func ParseRequest(der []byte) (Request, error) {
	if len(der) > MaxRequest {
		return Request{}, fmt.Errorf("%w: more than %d bytes", ErrFormat, MaxRequest)
	}
	in := cryptobyte.String(der)
	var outer, tbs, signature, list cryptobyte.String
	var q Request
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!outer.ReadOptionalASN1(&signature, &q.Signed, explicit(0)) || !outer.Empty() {
		return Request{}, fmt.Errorf("%w: request", ErrFormat)
	}
	version, requestor := 0, false
	var name cryptobyte.String
	if !tbs.ReadOptionalASN1Integer(&version, explicit(0), 0) || version != 0 {
		return Request{}, fmt.Errorf("%w: version", ErrFormat)
	}
	if !tbs.ReadOptionalASN1(&name, &requestor, explicit(1)) || !tbs.ReadASN1(&list, asn1.SEQUENCE) {
		return Request{}, fmt.Errorf("%w: list", ErrFormat)
	}
	var err error
	if q.IDs, err = readAsked(list); err != nil {
		return Request{}, err
	}
	if q.Nonce, err = readNonce(&tbs, 2, true); err != nil {
		return Request{}, err
	}
	if !tbs.Empty() {
		return Request{}, fmt.Errorf("%w: something behind the request", ErrFormat)
	}
	return q, nil
}

func readAsked(list cryptobyte.String) ([]CertID, error) {
	var out []CertID
	for !list.Empty() {
		var one cryptobyte.String
		if len(out) == MaxAsked {
			return nil, fmt.Errorf("%w: more than %d certificates", ErrFormat, MaxAsked)
		}
		if !list.ReadASN1(&one, asn1.SEQUENCE) {
			return nil, fmt.Errorf("%w: question", ErrFormat)
		}
		id, err := readCertID(&one)
		if err != nil {
			return nil, err
		}
		if _, err := readExtensions(&one, 0, true, nil); err != nil { // none is known for a single question
			return nil, err
		}
		if !one.Empty() {
			return nil, fmt.Errorf("%w: something behind a question", ErrFormat)
		}
		out = append(out, id)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: nothing is asked", ErrFormat)
	}
	return out, nil
}

// ParseCertID reads a [CertID.Raw] again. It fails with [ErrFormat].
func ParseCertID(der []byte) (CertID, error) {
	in := cryptobyte.String(der)
	id, err := readCertID(&in)
	if err == nil && !in.Empty() {
		err = fmt.Errorf("%w: something behind a certificate id", ErrFormat)
	}
	if err != nil {
		return CertID{}, err
	}
	return id, nil
}

func readCertID(in *cryptobyte.String) (CertID, error) {
	var raw, id, algorithm, parameters cryptobyte.String
	var oid cryptobyte.String
	out := CertID{Serial: new(big.Int)}
	if !in.ReadASN1Element(&raw, asn1.SEQUENCE) {
		return CertID{}, fmt.Errorf("%w: certificate id", ErrFormat)
	}
	out.Raw = raw
	var tag asn1.Tag
	if !raw.ReadASN1(&id, asn1.SEQUENCE) || !id.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
		!algorithm.Empty() && !algorithm.ReadAnyASN1(&parameters, &tag) || !algorithm.Empty() ||
		!id.ReadASN1Bytes(&out.NameHash, asn1.OCTET_STRING) || !id.ReadASN1Bytes(&out.KeyHash, asn1.OCTET_STRING) ||
		!id.ReadASN1Integer(out.Serial) || !id.Empty() {
		return CertID{}, fmt.Errorf("%w: certificate id", ErrFormat)
	}
	if out.Serial.BitLen() > maxSerial {
		return CertID{}, fmt.Errorf("%w: serial number", ErrFormat)
	}
	out.Hash = hashes[string(oid)]
	return out, nil
}

// Of reports whether issuer is the one that the id names. An id under a hash
// that is not known here is nobody's.
func (id CertID) Of(issuer *x509.Certificate) bool {
	name, key, ok := issuerHashes(id.Hash, issuer)
	return ok && subtle.ConstantTimeCompare(name, id.NameHash) == 1 && subtle.ConstantTimeCompare(key, id.KeyHash) == 1
}

// issuerHashes digests name and key of a CA. The key is the content of its
// BIT STRING (RFC 6960 §4.1.1).
func issuerHashes(h crypto.Hash, issuer *x509.Certificate) (name, key []byte, ok bool) {
	bits, err := keyBits(issuer)
	if err != nil {
		return nil, nil, false
	}
	if name, ok = sum(h, issuer.RawSubject); !ok {
		return nil, nil, false
	}
	key, _ = sum(h, bits)
	return name, key, true
}

// sum digests with one of the hashes that issuers are named by.
func sum(h crypto.Hash, b []byte) ([]byte, bool) {
	switch h {
	case crypto.SHA1:
		s := sha1.Sum(b)
		return s[:], true
	case crypto.SHA256:
		s := sha256.Sum256(b)
		return s[:], true
	case crypto.SHA384:
		s := sha512.Sum384(b)
		return s[:], true
	case crypto.SHA512:
		s := sha512.Sum512(b)
		return s[:], true
	}
	return nil, false
}

// keyBits takes the key out of a certificate's SubjectPublicKeyInfo.
func keyBits(c *x509.Certificate) ([]byte, error) {
	spki := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	var inner, algorithm cryptobyte.String
	var bits []byte
	if !spki.ReadASN1(&inner, asn1.SEQUENCE) || !inner.ReadASN1(&algorithm, asn1.SEQUENCE) || !inner.ReadASN1BitStringAsBytes(&bits) {
		return nil, errors.New("ocsp: the issuer's key cannot be read")
	}
	return bits, nil
}

// NewRequest asks about one certificate of an issuer. The hash is SHA-1, which
// every responder knows, or SHA-256. A nonce has 1 to [MaxNonce] bytes, best 32
// random ones; nil asks for any fresh answer.
func NewRequest(cert, issuer *x509.Certificate, h crypto.Hash, nonce []byte) ([]byte, error) {
	id, err := newCertID(cert, issuer, h)
	if err != nil {
		return nil, err
	}
	if nonce != nil && (len(nonce) == 0 || len(nonce) > MaxNonce) {
		return nil, fmt.Errorf("ocsp: a nonce of 1 to %d bytes expected", MaxNonce)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(id) })
			})
			if nonce != nil {
				b.AddASN1(explicit(2), func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addNonce(b, nonce) })
				})
			}
		})
	})
	return b.Bytes()
}

// newCertID names a certificate, as DER.
func newCertID(cert, issuer *x509.Certificate, h crypto.Hash) ([]byte, error) {
	name, key, ok := issuerHashes(h, issuer)
	if !ok {
		return nil, errors.New("ocsp: hash or issuer that cannot be asked with")
	}
	var oid []byte
	for o, known := range hashes {
		if known == h {
			oid = []byte(o)
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(name)
		b.AddASN1OctetString(key)
		b.AddASN1BigInt(cert.SerialNumber)
	})
	return b.Bytes()
}
