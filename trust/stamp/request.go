package stamp

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// MaxRequest bounds a request, in bytes.
const MaxRequest = 4 << 10

// maxNonce bounds a request's nonce, in bits.
const maxNonce = 512

// A Failure is the reason for which no time-stamp is made (PKIFailureInfo, RFC
// 3161 §2.4.2). It is an error, and the number of a bit.
type Failure int

// The failures.
const (
	BadAlgorithm        Failure = 0  // an imprint by a hash that is not taken
	BadRequest          Failure = 2  // read, and not to be answered: another version
	BadDataFormat       Failure = 5  // cannot be read, or the imprint has not its hash's size
	TimeNotAvailable    Failure = 14 // the clock tells no time that the authority may vouch for
	UnacceptedPolicy    Failure = 15
	UnacceptedExtension Failure = 16
	SystemFailure       Failure = 25
)

// Error implements error.
func (f Failure) Error() string {
	names := map[Failure]string{
		BadAlgorithm: "badAlg", BadRequest: "badRequest", BadDataFormat: "badDataFormat", TimeNotAvailable: "timeNotAvailable",
		UnacceptedPolicy: "unacceptedPolicy", UnacceptedExtension: "unacceptedExtension", SystemFailure: "systemFailure",
	}
	if n, ok := names[f]; ok {
		return "stamp: " + n
	}
	return fmt.Sprintf("stamp: failure %d", int(f))
}

// encode returns the refusal as a TimeStampResp: rejection (2) and the bit.
func (f Failure) encode() ([]byte, error) {
	bits := make([]byte, int(f)/8+1)
	bits[int(f)/8] = 0x80 >> (int(f) % 8)
	return build(inside(der.SEQUENCE, inside(der.SEQUENCE, number(2), func(b *cryptobyte.Builder) {
		b.AddASN1(der.BIT_STRING, func(b *cryptobyte.Builder) { // DER: no zero bits behind the last one
			b.AddUint8(uint8(7 - int(f)%8))
			b.AddBytes(bits)
		})
	})))
}

// A Request asks for the time-stamp of a digest.
type Request struct {
	Hash         crypto.Hash // SHA-256, SHA-384 or SHA-512
	Digest       []byte
	Policy       string   // dotted; "" leaves it to the authority
	Nonce        *big.Int // nil if there is none
	Certificates bool     // whether the token shall hold its certificates (certReq)
}

// ParseRequest reads a TimeStampReq. It fails with a [Failure], wrapped.
func ParseRequest(b []byte) (Request, error) {
	in := cryptobyte.String(b)
	var q, imprint, algorithm cryptobyte.String
	var version int
	if len(b) > MaxRequest || !in.ReadASN1(&q, der.SEQUENCE) || !in.Empty() || !q.ReadASN1Integer(&version) {
		return Request{}, fmt.Errorf("%w: request", BadDataFormat)
	}
	if version != 1 {
		return Request{}, fmt.Errorf("%w: version %d", BadRequest, version)
	}
	var out Request
	if !q.ReadASN1(&imprint, der.SEQUENCE) || !imprint.ReadASN1(&algorithm, der.SEQUENCE) ||
		!imprint.ReadASN1Bytes(&out.Digest, der.OCTET_STRING) || !imprint.Empty() {
		return Request{}, fmt.Errorf("%w: imprint", BadDataFormat)
	}
	var err error
	if out.Hash, err = readHash(algorithm); err != nil {
		return Request{}, err
	}
	if len(out.Digest) != out.Hash.Size() {
		return Request{}, fmt.Errorf("%w: an imprint of %d bytes", BadDataFormat, len(out.Digest))
	}
	return out, out.readOptional(&q)
}

// readHash reads an AlgorithmIdentifier's inside. Parameters are absent or NULL.
func readHash(algorithm cryptobyte.String) (crypto.Hash, error) {
	var id, parameters cryptobyte.String
	var there bool
	if !algorithm.ReadASN1(&id, der.OBJECT_IDENTIFIER) || !algorithm.ReadOptionalASN1(&parameters, &there, der.NULL) ||
		!parameters.Empty() || !algorithm.Empty() {
		return 0, fmt.Errorf("%w: hash", BadDataFormat)
	}
	name, err := dotted(id)
	if err != nil {
		return 0, err
	}
	h, ok := imprints[name]
	if !ok {
		return 0, fmt.Errorf("%w: hash %s", BadAlgorithm, name)
	}
	return h, nil
}

// dotted writes an identifier's content, of numbers of any size.
func dotted(content []byte) (string, error) {
	var id x509.OID
	if err := id.UnmarshalBinary(bytes.Clone(content)); err != nil {
		return "", fmt.Errorf("%w: identifier", BadDataFormat)
	}
	return id.String(), nil
}

// readOptional reads what stands behind the imprint.
func (r *Request) readOptional(q *cryptobyte.String) error {
	var policy, extensions cryptobyte.String
	var there bool
	if !q.ReadOptionalASN1(&policy, &there, der.OBJECT_IDENTIFIER) {
		return fmt.Errorf("%w: policy", BadDataFormat)
	}
	if there {
		var err error
		if r.Policy, err = dotted(policy); err != nil {
			return err
		}
	}
	if q.PeekASN1Tag(der.INTEGER) {
		r.Nonce = new(big.Int)
		if !q.ReadASN1Integer(r.Nonce) || r.Nonce.BitLen() > maxNonce {
			return fmt.Errorf("%w: nonce", BadDataFormat)
		}
	}
	if q.PeekASN1Tag(der.BOOLEAN) && !q.ReadASN1Boolean(&r.Certificates) {
		return fmt.Errorf("%w: certReq", BadDataFormat)
	}
	if !q.ReadOptionalASN1(&extensions, &there, wrap(0)) || !q.Empty() {
		return fmt.Errorf("%w: request", BadDataFormat)
	}
	if there { // RFC 3161 §2.4.1: none is known, none may be ignored
		return fmt.Errorf("%w: none is taken", UnacceptedExtension)
	}
	return nil
}

// Encode writes a TimeStampReq. It fails if the digest has not its hash's size.
func (r Request) Encode() ([]byte, error) {
	imprint, err := imprintOf(r.Hash, r.Digest)
	if err != nil {
		return nil, err
	}
	policy, err := encodePolicy(r.Policy)
	if err != nil {
		return nil, err
	}
	return build(inside(der.SEQUENCE, number(1), raw(imprint), raw(policy), func(b *cryptobyte.Builder) {
		if r.Nonce != nil {
			b.AddASN1BigInt(r.Nonce)
		}
		if r.Certificates {
			b.AddASN1Boolean(true)
		}
	}))
}

// imprintOf writes a MessageImprint.
func imprintOf(h crypto.Hash, digest []byte) ([]byte, error) {
	if sum(h, nil) == nil || len(digest) != h.Size() {
		return nil, fmt.Errorf("%w: a digest by SHA-256, SHA-384 or SHA-512 expected", BadAlgorithm)
	}
	return build(inside(der.SEQUENCE, algorithm(h), octets(digest)))
}

// encodePolicy writes an identifier; nothing for "".
func encodePolicy(policy string) ([]byte, error) {
	if policy == "" {
		return nil, nil
	}
	id, err := x509.ParseOID(policy)
	if err != nil {
		return nil, fmt.Errorf("stamp: %q is no policy", policy)
	}
	content, err := id.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("stamp: %w", err)
	}
	return asn1.Marshal(asn1.RawValue{Tag: asn1.TagOID, Bytes: content})
}
