// Package cms reads signed data as states write them: the security object and card
// security of a chip, master lists (CMS SignedData, RFC 5652 §5; Doc 9303-10
// §4.6.2.2, Doc 9303-12 §9).
//
// [Read] wants what Doc 9303 wants: one signer, with signed attributes, whose type
// and digest each occur once. What was read is judged by nobody: [Signed.Verify]
// does, under a key that the caller has found and trusts. Certificates come as
// they are, and revocation lists of the signer's own choosing are passed over.
package cms

import (
	"crypto"
	"crypto/subtle"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/signature"
)

// Limits of signed data.
const (
	maxCertificates = 8
	maxAttributes   = 16
)

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
)

// Tags of CMS (RFC 5652 §5) that have no name of their own.
var (
	tag0  = cbasn1.Tag(0).ContextSpecific().Constructed()
	tag1  = cbasn1.Tag(1).ContextSpecific().Constructed()
	tag0p = cbasn1.Tag(0).ContextSpecific()
)

// What is wrong with signed data.
var (
	ErrForm      = errors.New("cms: not signed data in DER")
	ErrSigners   = errors.New("cms: not signed by exactly one")
	ErrAttribute = errors.New("cms: signed attributes are missing, or one is there twice")
	ErrContent   = errors.New("cms: signed attributes are about another content")
)

// A Signed is signed data with its one signature. Nothing in it has been verified.
type Signed struct {
	Kind    asn1.ObjectIdentifier // what the content is
	Content []byte                // the signed octets

	Signer
	Certificates [][]byte // DER; which of them signed follows from the Signer

	// Indefinite counts the lengths that were indefinite, which DER does not allow.
	Indefinite int
}

// A Signer is the one SignerInfo (RFC 5652 §5.3).
type Signer struct {
	Issuer        []byte // DER of the issuer's name; nil if KeyID identifies the signer
	Serial        []byte // with Issuer: content of the INTEGER as it was written, see [certificate.SameSerial]
	KeyID         []byte // subject key identifier; nil if Issuer and Serial do
	Hash          crypto.Hash
	Attributes    []byte // signed attributes as a DER SET: what the signature covers
	ContentType   asn1.ObjectIdentifier
	MessageDigest []byte
	SigningTime   time.Time // zero if it is not told
	Algorithm     signature.Algorithm
	Signature     []byte
}

// Read reads ContentInfo with SignedData. Indefinite lengths around the content are
// read and counted; all else must be DER. It fails with one of the errors above,
// or one of package signature for an algorithm that is not accepted.
func Read(file []byte) (Signed, error) {
	der, indefinite, err := ber.Definite(file)
	if err != nil {
		return Signed{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	s := cryptobyte.String(der)
	var info, wrapped, data cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !s.Empty() ||
		!info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData) ||
		!info.ReadASN1(&wrapped, tag0) || !info.Empty() ||
		!wrapped.ReadASN1(&data, cbasn1.SEQUENCE) || !wrapped.Empty() {
		return Signed{}, ErrForm
	}
	d, err := readSignedData(data)
	d.Indefinite = indefinite
	return d, err
}

func readSignedData(data cryptobyte.String) (Signed, error) {
	var d Signed
	var version int
	var digests, encapsulated, wrapped, signers, signer, certificates cryptobyte.String
	var has bool
	if !data.ReadASN1Integer(&version) || version < 1 || version > 5 ||
		!data.ReadASN1(&digests, cbasn1.SET) ||
		!data.ReadASN1(&encapsulated, cbasn1.SEQUENCE) ||
		!encapsulated.ReadASN1ObjectIdentifier(&d.Kind) ||
		!encapsulated.ReadASN1(&wrapped, tag0) || !encapsulated.Empty() ||
		!wrapped.ReadASN1Bytes(&d.Content, cbasn1.OCTET_STRING) || !wrapped.Empty() ||
		!data.ReadOptionalASN1(&certificates, &has, tag0) ||
		!data.SkipOptionalASN1(tag1) || // revocation lists of the signer's own choosing
		!data.ReadASN1(&signers, cbasn1.SET) || !data.Empty() {
		return Signed{}, ErrForm
	}
	if !signers.ReadASN1(&signer, cbasn1.SEQUENCE) || !signers.Empty() {
		return Signed{}, ErrSigners
	}
	for !certificates.Empty() {
		var cert cryptobyte.String
		if len(d.Certificates) == maxCertificates || !certificates.ReadASN1Element(&cert, cbasn1.SEQUENCE) {
			return Signed{}, ErrForm
		}
		d.Certificates = append(d.Certificates, cert)
	}
	var err error
	d.Signer, err = readSigner(signer)
	return d, err
}

func readSigner(s cryptobyte.String) (Signer, error) {
	var r Signer
	var version int
	var sid, digest, attributes, algorithm cryptobyte.String
	if !s.ReadASN1Integer(&version) {
		return Signer{}, ErrForm
	}
	if s.PeekASN1Tag(tag0p) {
		if version != 3 || !s.ReadASN1Bytes(&r.KeyID, tag0p) || len(r.KeyID) == 0 {
			return Signer{}, ErrForm
		}
	} else {
		var issuer, serial cryptobyte.String
		if version != 1 || !s.ReadASN1(&sid, cbasn1.SEQUENCE) ||
			!sid.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
			!sid.ReadASN1(&serial, cbasn1.INTEGER) || len(serial) == 0 || !sid.Empty() {
			return Signer{}, ErrForm
		}
		// Issued serial numbers are negative, or have zeros in front, and the signer
		// is named as his certificate has it.
		r.Issuer, r.Serial = issuer, serial
	}
	if !s.ReadASN1Element(&digest, cbasn1.SEQUENCE) {
		return Signer{}, ErrForm
	}
	var err error
	if r.Hash, err = signature.ParseHash(digest); err != nil {
		return Signer{}, err
	}
	if !s.ReadASN1Element(&attributes, tag0) {
		return Signer{}, ErrAttribute
	}
	if err := r.readAttributes(attributes); err != nil {
		return Signer{}, err
	}
	if !s.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) {
		return Signer{}, ErrForm
	}
	if r.Algorithm, err = signature.ParseAlgorithm(algorithm, r.Hash); err != nil {
		return Signer{}, err
	}
	if !s.ReadASN1Bytes(&r.Signature, cbasn1.OCTET_STRING) || !s.SkipOptionalASN1(tag1) || !s.Empty() {
		return Signer{}, ErrForm
	}
	return r, nil
}

// readAttributes reads the signed attributes; each type may occur once, with one
// value (RFC 5652 §11).
func (r *Signer) readAttributes(element cryptobyte.String) error {
	// The signature covers them as a SET, not under their tag in SignerInfo
	// (RFC 5652 §5.4).
	r.Attributes = append([]byte{byte(cbasn1.SET)}, element[1:]...)
	var set cryptobyte.String
	if !element.ReadASN1(&set, tag0) {
		return ErrForm
	}
	seen := map[string]bool{}
	for !set.Empty() {
		var attribute, values cryptobyte.String
		var kind asn1.ObjectIdentifier
		if len(seen) == maxAttributes || !set.ReadASN1(&attribute, cbasn1.SEQUENCE) ||
			!attribute.ReadASN1ObjectIdentifier(&kind) ||
			!attribute.ReadASN1(&values, cbasn1.SET) || !attribute.Empty() {
			return ErrForm
		}
		if seen[kind.String()] {
			return ErrAttribute
		}
		seen[kind.String()] = true
		if !r.readAttribute(kind, &values) {
			return ErrForm
		}
	}
	if r.ContentType == nil || r.MessageDigest == nil {
		return ErrAttribute
	}
	return nil
}

func (r *Signer) readAttribute(kind asn1.ObjectIdentifier, values *cryptobyte.String) bool {
	ok := true
	switch {
	case kind.Equal(oidContentType):
		ok = values.ReadASN1ObjectIdentifier(&r.ContentType)
	case kind.Equal(oidMessageDigest):
		ok = values.ReadASN1Bytes(&r.MessageDigest, cbasn1.OCTET_STRING)
	case kind.Equal(oidSigningTime):
		if values.PeekASN1Tag(cbasn1.UTCTime) {
			ok = values.ReadASN1UTCTime(&r.SigningTime)
		} else {
			ok = values.ReadASN1GeneralizedTime(&r.SigningTime)
		}
	default:
		return true // signed too, and of no meaning here
	}
	return ok && values.Empty()
}

// Verify checks that the signature is the key's and about this content (RFC 5652
// §5.4). It fails with [ErrContent] or [signature.ErrSignature].
func (s Signed) Verify(key signature.Key) error {
	d := s.Hash.New()
	d.Write(s.Content)
	if !s.ContentType.Equal(s.Kind) || subtle.ConstantTimeCompare(d.Sum(nil), s.MessageDigest) != 1 {
		return ErrContent
	}
	return key.Verify(s.Algorithm, s.Attributes, s.Signature)
}
