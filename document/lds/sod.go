package lds

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Limits of a security object.
const (
	maxCertificates = 8
	maxAttributes   = 16
	maxGroup        = 16
)

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	// oidSecurityObject is ldsSecurityObject (Doc 9303-10 §4.6.2).
	oidSecurityObject = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
)

// Tags of CMS (RFC 5652 §5) that have no name of their own.
var (
	tag0  = cbasn1.Tag(0).ContextSpecific().Constructed()
	tag1  = cbasn1.Tag(1).ContextSpecific().Constructed()
	tag0p = cbasn1.Tag(0).ContextSpecific()
)

var errSOD = errors.New("lds: SOD is not a signed security object in DER")

// A SecurityObject is the signed list of hashes (Doc 9303-10 §4.6.2.3).
type SecurityObject struct {
	Hash   crypto.Hash
	Groups map[int][]byte // data group number to hash of the whole file
}

// Has reports whether the data group is listed.
func (o SecurityObject) Has(n int) bool { _, ok := o.Groups[n]; return ok }

// A Signed is the content of EF.SOD: a security object and its one signature
// (CMS SignedData, RFC 5652). Nothing in it has been verified.
type Signed struct {
	Object  SecurityObject
	Content []byte // what Object was read from: the signed octets

	Signer
	Certificates [][]byte // DER; which of them signed follows from the Signer
}

// A Signer is the one SignerInfo of a security object (RFC 5652 §5.3).
type Signer struct {
	Issuer        []byte   // DER of the issuer's name; nil if KeyID identifies the signer
	Serial        *big.Int // with Issuer
	KeyID         []byte   // subject key identifier; nil if Issuer and Serial do
	Hash          crypto.Hash
	Attributes    []byte // signed attributes as a DER SET: what the signature covers
	ContentType   asn1.ObjectIdentifier
	MessageDigest []byte
	SigningTime   time.Time // zero if it is not told
	Algorithm     Algorithm
	Signature     []byte
}

// ReadSOD reads the file EF.SOD. Its content type must be ldsSecurityObject:
// what a country's signers make for other ends (master lists, card security)
// is not accepted.
func ReadSOD(file []byte) (Signed, error) {
	content, err := SOD.Open(file)
	if err != nil {
		return Signed{}, err
	}
	s := cryptobyte.String(content)
	var info, wrapped, data cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !s.Empty() ||
		!info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData) ||
		!info.ReadASN1(&wrapped, tag0) || !info.Empty() ||
		!wrapped.ReadASN1(&data, cbasn1.SEQUENCE) || !wrapped.Empty() {
		return Signed{}, errSOD
	}
	return readSignedData(data)
}

func readSignedData(data cryptobyte.String) (Signed, error) {
	var d Signed
	var version int
	var digests, encapsulated, wrapped, signers, signer, certificates cryptobyte.String
	var kind asn1.ObjectIdentifier
	var has bool
	if !data.ReadASN1Integer(&version) || version < 1 || version > 5 ||
		!data.ReadASN1(&digests, cbasn1.SET) ||
		!data.ReadASN1(&encapsulated, cbasn1.SEQUENCE) ||
		!encapsulated.ReadASN1ObjectIdentifier(&kind) ||
		!encapsulated.ReadASN1(&wrapped, tag0) || !encapsulated.Empty() ||
		!wrapped.ReadASN1Bytes(&d.Content, cbasn1.OCTET_STRING) || !wrapped.Empty() ||
		!data.ReadOptionalASN1(&certificates, &has, tag0) ||
		!data.SkipOptionalASN1(tag1) || // revocation lists of the signer's own choosing
		!data.ReadASN1(&signers, cbasn1.SET) || !data.Empty() {
		return Signed{}, errSOD
	}
	if !kind.Equal(oidSecurityObject) {
		return Signed{}, errors.New("lds: SOD holds something else than a security object")
	}
	if !signers.ReadASN1(&signer, cbasn1.SEQUENCE) {
		return Signed{}, errors.New("lds: SOD is signed by nobody")
	}
	if !signers.Empty() {
		return Signed{}, errors.New("lds: SOD has more than one signer")
	}
	for !certificates.Empty() {
		var cert cryptobyte.String
		if len(d.Certificates) == maxCertificates || !certificates.ReadASN1Element(&cert, cbasn1.SEQUENCE) {
			return Signed{}, errSOD
		}
		d.Certificates = append(d.Certificates, cert)
	}
	var err error
	if d.Signer, err = readSigner(signer); err != nil {
		return Signed{}, err
	}
	d.Object, err = readSecurityObject(d.Content)
	return d, err
}

func readSigner(s cryptobyte.String) (Signer, error) {
	var r Signer
	var version int
	var sid, attributes cryptobyte.String
	if !s.ReadASN1Integer(&version) {
		return Signer{}, errSOD
	}
	if s.PeekASN1Tag(tag0p) {
		if version != 3 || !s.ReadASN1Bytes(&r.KeyID, tag0p) || len(r.KeyID) == 0 {
			return Signer{}, errSOD
		}
	} else {
		var issuer cryptobyte.String
		r.Serial = new(big.Int)
		if version != 1 || !s.ReadASN1(&sid, cbasn1.SEQUENCE) ||
			!sid.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
			!sid.ReadASN1Integer(r.Serial) || !sid.Empty() {
			return Signer{}, errSOD
		}
		r.Issuer = issuer
	}
	var err error
	if r.Hash, err = readHash(&s); err != nil {
		return Signer{}, err
	}
	if !s.ReadASN1Element(&attributes, tag0) {
		return Signer{}, errors.New("lds: SOD has no signed attributes")
	}
	if err := r.readAttributes(attributes); err != nil {
		return Signer{}, err
	}
	if r.Algorithm, err = readAlgorithm(&s, r.Hash); err != nil {
		return Signer{}, err
	}
	if !s.ReadASN1Bytes(&r.Signature, cbasn1.OCTET_STRING) || !s.SkipOptionalASN1(tag1) || !s.Empty() {
		return Signer{}, errSOD
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
		return errSOD
	}
	seen := map[string]bool{}
	for !set.Empty() {
		var attribute, values cryptobyte.String
		var kind asn1.ObjectIdentifier
		if len(seen) == maxAttributes || !set.ReadASN1(&attribute, cbasn1.SEQUENCE) ||
			!attribute.ReadASN1ObjectIdentifier(&kind) ||
			!attribute.ReadASN1(&values, cbasn1.SET) || !attribute.Empty() {
			return errSOD
		}
		if seen[kind.String()] {
			return errors.New("lds: SOD has a signed attribute twice")
		}
		seen[kind.String()] = true
		if !r.readAttribute(kind, &values) {
			return errSOD
		}
	}
	if r.ContentType == nil || r.MessageDigest == nil {
		return errors.New("lds: SOD lacks a signed attribute")
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

// readSecurityObject reads the list of hashes (Doc 9303-10 §4.6.2.3).
func readSecurityObject(content []byte) (SecurityObject, error) {
	s := cryptobyte.String(content)
	var seq, list cryptobyte.String
	var version int
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(&version) || version < 0 || version > 1 {
		return SecurityObject{}, errSOD
	}
	o := SecurityObject{Groups: map[int][]byte{}}
	var err error
	if o.Hash, err = readHash(&seq); err != nil {
		return SecurityObject{}, err
	}
	if !seq.ReadASN1(&list, cbasn1.SEQUENCE) {
		return SecurityObject{}, errSOD
	}
	// ldsVersionInfo follows in version 1 only; nothing depends on it.
	if version == 1 && !seq.SkipOptionalASN1(cbasn1.SEQUENCE) || !seq.Empty() {
		return SecurityObject{}, errSOD
	}
	for !list.Empty() {
		var entry cryptobyte.String
		var number int
		var hash []byte
		if !list.ReadASN1(&entry, cbasn1.SEQUENCE) || !entry.ReadASN1Integer(&number) ||
			!entry.ReadASN1Bytes(&hash, cbasn1.OCTET_STRING) || !entry.Empty() {
			return SecurityObject{}, errSOD
		}
		switch {
		case number < 1 || number > maxGroup:
			return SecurityObject{}, errors.New("lds: SOD lists a data group that does not exist")
		case o.Has(number):
			return SecurityObject{}, fmt.Errorf("lds: SOD lists data group %d twice", number)
		case len(hash) != o.Hash.Size():
			return SecurityObject{}, fmt.Errorf("lds: SOD: hash of data group %d has another length", number)
		}
		o.Groups[number] = hash
	}
	return o, nil
}
