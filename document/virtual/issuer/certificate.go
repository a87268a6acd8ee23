package issuer

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Template is a certificate that is to be signed.
type Template struct {
	Serial              int64
	Issuer, Subject     []byte // [Name]
	NotBefore, NotAfter time.Time
	Public              []byte // [Key.Public]
	Extensions          [][]byte
	Algorithm           signature.Algorithm // zero for the signer's usual one

	// What is odd: RawSerial stands for Serial, Inner for the algorithm inside.
	RawSerial, Inner []byte
	// Edit changes what is signed, before it is.
	Edit func(tbs []byte) []byte
}

// Certify signs a certificate (RFC 5280 §4.1).
func Certify(t Template, signer *Key) ([]byte, error) {
	if t.Algorithm.Scheme == "" {
		t.Algorithm = signer.Usual()
	}
	outer := Identifier(t.Algorithm)
	inner, serial := outer, Number(big.NewInt(t.Serial))
	if t.Inner != nil {
		inner = t.Inner
	}
	if t.RawSerial != nil {
		serial = element(ber.Integer, t.RawSerial)
	}
	var extensions []byte
	if len(t.Extensions) > 0 {
		extensions = element(ber.FieldOfOthers+3, element(ber.Sequence, t.Extensions...))
	}
	tbs := element(ber.Sequence, element(ber.FieldOfOthers, []byte{2, 1, 2}), serial, inner, t.Issuer,
		element(ber.Sequence, date(t.NotBefore), date(t.NotAfter)), t.Subject, t.Public, extensions)
	return seal(tbs, outer, t.Algorithm, t.Edit, signer)
}

// seal signs and puts together what is signed, by what, and the signature.
func seal(tbs, outer []byte, a signature.Algorithm, edit func([]byte) []byte, signer *Key) ([]byte, error) {
	if edit != nil {
		tbs = edit(tbs)
	}
	sig, err := signer.Sign(a, tbs)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	return element(ber.Sequence, tbs, outer, bits(sig)), nil
}

// date is Time: UTCTime to 2049, then GeneralizedTime.
func date(t time.Time) []byte {
	t = t.UTC()
	if t.Year() < 2050 {
		return element(ber.UTCTime, []byte(t.Format("060102150405Z")))
	}
	return element(ber.GeneralizedTime, []byte(t.Format("20060102150405Z")))
}

// kinds are the attributes of names.
var kinds = map[string]string{"C": "2.5.4.6", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3"}

// Name is a name of attributes such as "C=XX", in strings of the type given
// (ber.PrintableString as a rule).
func Name(kind tlv.Tag, attributes ...string) []byte {
	var sets []byte
	for _, a := range attributes {
		label, value, _ := strings.Cut(a, "=")
		sets = append(sets, element(ber.Set, element(ber.Sequence, oid(kinds[label]), element(kind, []byte(value))))...)
	}
	return element(ber.Sequence, sets)
}

// Extension is one extension of any kind.
func Extension(name string, critical bool, value []byte) []byte {
	var flag []byte
	if critical {
		flag = []byte{1, 1, 0xFF}
	}
	return element(ber.Sequence, oid(name), flag, element(ber.OctetString, value))
}

// Authority is basicConstraints of an authority that no other may follow.
func Authority() []byte { return Extension("2.5.29.19", true, []byte{0x30, 6, 1, 1, 0xFF, 2, 1, 0}) }

// Usage is keyUsage.
func Usage(uses certificate.KeyUsage) []byte {
	var b [2]byte
	for i := range 9 {
		if uses>>i&1 != 0 {
			b[i/8] |= 0x80 >> (i % 8)
		}
	}
	return Extension("2.5.29.15", true, element(ber.BitString, []byte{0}, b[:1]))
}

// ExtUsage is extKeyUsage.
func ExtUsage(uses ...string) []byte {
	var all []byte
	for _, u := range uses {
		all = append(all, oid(u)...)
	}
	return Extension("2.5.29.37", true, element(ber.Sequence, all))
}

// SubjectKeyID and AuthorityKeyID name a key by its identifier.
func SubjectKeyID(id []byte) []byte {
	return Extension("2.5.29.14", false, element(ber.OctetString, id))
}

// AuthorityKeyID names the signer's key.
func AuthorityKeyID(id []byte) []byte {
	return Extension("2.5.29.35", false, element(ber.Sequence, element(ber.Field, id)))
}

// UsePeriod is privateKeyUsagePeriod.
func UsePeriod(from, until time.Time) []byte {
	general := func(tag tlv.Tag, t time.Time) []byte {
		return element(tag, []byte(t.UTC().Format("20060102150405Z")))
	}
	return Extension("2.5.29.16", false, element(ber.Sequence, general(ber.Field, from), general(ber.Field+1, until)))
}

// DocumentTypes is documentTypeList.
func DocumentTypes(types ...string) []byte {
	var all []byte
	for _, t := range types {
		all = append(all, element(ber.PrintableString, []byte(t))...)
	}
	return Extension("2.23.136.1.1.6.2", false, element(ber.Sequence, []byte{2, 1, 0}, element(ber.Set, all)))
}

// NameChange is icao-mrtd-security-extensions-nameChange.
func NameChange() []byte { return Extension("2.23.136.1.1.6.1", false, null) }

// CRLPoint is cRLDistributionPoints with one address.
func CRLPoint(url string) []byte {
	names := element(ber.FieldOfOthers, element(ber.FieldOfOthers, element(ber.Field+6, []byte(url))))
	return Extension("2.5.29.31", false, element(ber.Sequence, element(ber.Sequence, names)))
}
