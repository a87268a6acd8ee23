package lds

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/cms"
	"github.com/tunnus-id/tunnus/document/signature"
)

// maxGroup is the highest number of a data group.
const maxGroup = 16

var (
	// oidSecurityObject is ldsSecurityObject (Doc 9303-10 §4.6.2).
	oidSecurityObject = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
	// oidCardSecurity is id-SecurityObject (Doc 9303-10 §3.11.4).
	oidCardSecurity = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}
)

var errSOD = errors.New("lds: SOD is not a signed security object in DER")

// A SecurityObject is the signed list of hashes (Doc 9303-10 §4.6.2.3).
type SecurityObject struct {
	Hash   crypto.Hash
	Groups map[int][]byte // data group number to hash of the whole file
}

// Has reports whether the data group is listed.
func (o SecurityObject) Has(n int) bool { _, ok := o.Groups[n]; return ok }

// A Signed is the content of EF.SOD: a security object and its one signature.
// Nothing in it has been verified.
type Signed struct {
	Object SecurityObject // read from the content
	cms.Signed
}

// ReadSOD reads the file EF.SOD. Its content type must be ldsSecurityObject:
// what a country's signers make for other ends (master lists, card security)
// is not accepted. Indefinite lengths are counted and SHA-1 is read: what they
// are worth is judged by package emrtd.
func ReadSOD(file []byte) (Signed, error) {
	content, err := SOD.Open(file)
	if err != nil {
		return Signed{}, err
	}
	d, err := cms.Read(content)
	switch {
	case err != nil:
		return Signed{}, fmt.Errorf("lds: SOD: %w", err)
	case !d.Kind.Equal(oidSecurityObject):
		return Signed{}, errors.New("lds: SOD holds something else than a security object")
	}
	o, err := readSecurityObject(d.Content)
	return Signed{o, d}, err
}

// ReadCardSecurity reads the file EF.CardSecurity (Doc 9303-10 §3.11.4), whose
// signed octets are SecurityInfos (package chip/security). Its content type must
// be id-SecurityObject: a security object of data groups is not accepted.
func ReadCardSecurity(file []byte) (cms.Signed, error) {
	if _, err := CardSecurity.Open(file); err != nil {
		return cms.Signed{}, err
	}
	d, err := cms.Read(file)
	if err == nil && !(d.Kind.Equal(oidCardSecurity) && d.ContentType.Equal(oidCardSecurity)) {
		err = errors.New("another kind of content")
	}
	if err != nil {
		return cms.Signed{}, fmt.Errorf("lds: EF.CardSecurity: %w", err)
	}
	return d, nil
}

// readSecurityObject reads the list of hashes (Doc 9303-10 §4.6.2.3).
func readSecurityObject(content []byte) (SecurityObject, error) {
	s := cryptobyte.String(content)
	var seq, digest, list cryptobyte.String
	var version int
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(&version) || version < 0 || version > 1 {
		return SecurityObject{}, errSOD
	}
	o := SecurityObject{Groups: map[int][]byte{}}
	var err error
	if !seq.ReadASN1Element(&digest, cbasn1.SEQUENCE) {
		return SecurityObject{}, errSOD
	}
	if o.Hash, err = signature.ParseHash(digest); err != nil {
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
