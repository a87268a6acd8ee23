package security

import (
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
)

// NewPACE names a way of access; its OID is empty if the standard has none such.
func NewPACE(m Mapping, curve bool, s apdu.Suite, domain int) PACE {
	p := PACE{Mapping: m, Curve: curve, Suite: s, Domain: domain}
	for n, kind := range mappings {
		if kind.mapping == m && kind.curve == curve && (m != ChipAuth || s != apdu.DES3) {
			p.OID = named(oidPACE, n, s)
		}
	}
	return p
}

// NewAuth names a way of chip authentication.
func NewAuth(curve bool, s apdu.Suite) Auth {
	return Auth{OID: named(oidAuth, agreement(curve), s), Curve: curve, Suite: s}
}

// agreement is the number of DH and ECDH.
func agreement(curve bool) int {
	if curve {
		return 2
	}
	return 1
}

// named adds the numbers of agreement and suite; nil if there is no such suite.
func named(prefix asn1.ObjectIdentifier, kind int, s apdu.Suite) asn1.ObjectIdentifier {
	for n, suite := range suites {
		if suite == s {
			return append(slices.Clone(prefix), kind, n)
		}
	}
	return nil
}

// Marshal writes the PACEInfo.
func (p PACE) Marshal() []byte {
	return info(p.OID, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(versionPACE)
		if p.Domain >= 0 {
			b.AddASN1Int64(int64(p.Domain))
		}
	})
}

// Marshal writes the ChipAuthenticationInfo.
func (a Auth) Marshal() []byte {
	return info(a.OID, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(versionAuth)
		addKeyID(b, a.KeyID)
	})
}

// Marshal writes the ChipAuthenticationPublicKeyInfo.
func (k Key) Marshal() []byte {
	return info(append(slices.Clone(oidKey), agreement(k.Curve)), func(b *cryptobyte.Builder) {
		b.AddBytes(k.SPKI)
		addKeyID(b, k.KeyID)
	})
}

func addKeyID(b *cryptobyte.Builder, id []byte) {
	if id == nil {
		return
	}
	b.AddASN1(cbasn1.INTEGER, func(b *cryptobyte.Builder) {
		if id[0]&0x80 != 0 {
			b.AddUint8(0)
		}
		b.AddBytes(id)
	})
}

func info(oid asn1.ObjectIdentifier, rest func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		rest(b)
	})
	return b.BytesOrPanic()
}

// Set writes infos as a SET OF, in the order of DER.
func Set(infos ...[]byte) []byte {
	infos = slices.Clone(infos)
	slices.SortFunc(infos, func(a, b []byte) int { return slices.Compare(a, b) })
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		for _, i := range infos {
			b.AddBytes(i)
		}
	})
	return b.BytesOrPanic()
}
