// Package security reads the SecurityInfos of a chip: which protocols it speaks,
// in EF.CardAccess before access is granted and in data group 14, where they are
// signed (ICAO Doc 9303-11 §9.2).
//
// [Read] takes what the standard says of an info it knows, and keeps each whole
// as it was written, so that the two files can be compared ([Infos.Without]).
// Infos of protocols that are not known are kept and say nothing; what data group 14
// says of active authentication is for package lds. Nothing here judges whether the
// file is genuine.
package security

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
)

// Limits of what is read.
const (
	MaxSize  = 16 << 10 // bytes of a set
	MaxInfos = 64       // infos of a set; chips have about ten
)

// ErrInfos is what is no SET OF SecurityInfo, or has an info that breaks the form
// of its protocol.
var ErrInfos = errors.New("security: no set of SecurityInfos")

// A Mapping is how PACE turns the nonce into a generator.
type Mapping string

// The mappings (Doc 9303-11 §4.4.3.5).
const (
	Generic    Mapping = "gm"
	Integrated Mapping = "im"
	ChipAuth   Mapping = "cam" // generic, and proves the chip's own key
)

// PACE is a PACEInfo: one way of access that the chip offers.
type PACE struct {
	OID     asn1.ObjectIdentifier
	Mapping Mapping
	Curve   bool // ECDH, else DH
	Suite   apdu.Suite
	Domain  int // number of the domain parameters; -1 if not told
}

// Auth is a ChipAuthenticationInfo.
type Auth struct {
	OID   asn1.ObjectIdentifier
	Curve bool
	Suite apdu.Suite
	KeyID []byte // as the chip wrote the number; nil if not told
}

// Key is a ChipAuthenticationPublicKeyInfo. What SPKI says is not looked into
// here (package domain).
type Key struct {
	Curve bool
	SPKI  []byte // SubjectPublicKeyInfo
	KeyID []byte
}

// Infos are the SecurityInfos of one file. What is not said is empty.
type Infos struct {
	PACE         []PACE
	Auth         []Auth
	Keys         []Key
	TerminalAuth bool // TerminalAuthenticationInfo: fingerprints are guarded

	raw [][]byte
}

var (
	oidPACE     = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 4}
	oidAuth     = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 3}
	oidKey      = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 1}
	oidTerminal = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 2}
)

// Versions of the protocols (Doc 9303-11 §9.2).
const (
	versionPACE = 2
	versionAuth = 1
)

// suites are the last numbers of identifiers of PACE and chip authentication.
var suites = map[int]apdu.Suite{1: apdu.DES3, 2: apdu.AES128, 3: apdu.AES192, 4: apdu.AES256}

// mappings are the numbers between, by what they map and agree with.
var mappings = map[int]struct {
	mapping Mapping
	curve   bool
}{1: {Generic, false}, 2: {Generic, true}, 3: {Integrated, false}, 4: {Integrated, true}, 6: {ChipAuth, true}}

// Read reads the content of EF.CardAccess, or what data group 14 has inside its
// tag.
func Read(set []byte) (Infos, error) {
	if len(set) > MaxSize {
		return Infos{}, ErrInfos
	}
	s, infos := cryptobyte.String(set), cryptobyte.String(nil)
	if !s.ReadASN1(&infos, cbasn1.SET) || !s.Empty() {
		return Infos{}, ErrInfos
	}
	var all Infos
	for !infos.Empty() {
		var raw, info cryptobyte.String
		var oid asn1.ObjectIdentifier
		if len(all.raw) == MaxInfos || !infos.ReadASN1Element(&raw, cbasn1.SEQUENCE) {
			return Infos{}, ErrInfos
		}
		all.raw = append(all.raw, raw)
		if body := raw; !body.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&oid) {
			return Infos{}, ErrInfos
		}
		if err := all.take(oid, info); err != nil {
			return Infos{}, fmt.Errorf("%w: %s", err, oid)
		}
	}
	return all, nil
}

// take reads what follows the identifier.
func (i *Infos) take(oid asn1.ObjectIdentifier, s cryptobyte.String) error {
	switch {
	case below(oid, oidPACE) && len(oid) == len(oidPACE)+2:
		return i.takePACE(oid, s)
	case below(oid, oidAuth) && len(oid) == len(oidAuth)+2:
		return i.takeAuth(oid, s)
	case below(oid, oidKey) && len(oid) == len(oidKey)+1:
		return i.takeKey(oid, s)
	case oid.Equal(oidTerminal):
		i.TerminalAuth = true // its version and file do not matter: it is not spoken here
	}
	return nil
}

func below(oid, prefix asn1.ObjectIdentifier) bool {
	return len(oid) > len(prefix) && oid[:len(prefix)].Equal(prefix)
}

// takePACE reads PACEInfo {protocol, version, parameterId OPTIONAL}.
func (i *Infos) takePACE(oid asn1.ObjectIdentifier, s cryptobyte.String) error {
	kind, ok := mappings[oid[len(oid)-2]]
	suite, known := suites[oid[len(oid)-1]]
	p := PACE{OID: oid, Mapping: kind.mapping, Curve: kind.curve, Suite: suite, Domain: -1}
	var version int
	if !s.ReadASN1Integer(&version) {
		return ErrInfos
	}
	if !s.Empty() && (!s.ReadASN1Integer(&p.Domain) || p.Domain < 0 || !s.Empty()) {
		return ErrInfos
	}
	if ok && known && version == versionPACE && (p.Mapping != ChipAuth || suite != apdu.DES3) {
		i.PACE = append(i.PACE, p)
	}
	return nil
}

// takeAuth reads ChipAuthenticationInfo {protocol, version, keyId OPTIONAL}.
func (i *Infos) takeAuth(oid asn1.ObjectIdentifier, s cryptobyte.String) error {
	var version int
	if !s.ReadASN1Integer(&version) {
		return ErrInfos
	}
	id, err := keyID(s)
	if err != nil {
		return err
	}
	agreement := oid[len(oid)-2]
	if suite, ok := suites[oid[len(oid)-1]]; ok && version == versionAuth && (agreement == 1 || agreement == 2) {
		i.Auth = append(i.Auth, Auth{OID: oid, Curve: agreement == 2, Suite: suite, KeyID: id})
	}
	return nil
}

// takeKey reads ChipAuthenticationPublicKeyInfo {protocol, key, keyId OPTIONAL}.
func (i *Infos) takeKey(oid asn1.ObjectIdentifier, s cryptobyte.String) error {
	var spki cryptobyte.String
	if !s.ReadASN1Element(&spki, cbasn1.SEQUENCE) {
		return ErrInfos
	}
	id, err := keyID(s)
	if err != nil {
		return err
	}
	if agreement := oid[len(oid)-1]; agreement == 1 || agreement == 2 {
		i.Keys = append(i.Keys, Key{Curve: agreement == 2, SPKI: spki, KeyID: id})
	}
	return nil
}

// keyID reads the number that ends an info, if there is one.
func keyID(s cryptobyte.String) ([]byte, error) {
	if s.Empty() {
		return nil, nil
	}
	var id []byte
	if !s.ReadASN1Integer(&id) || !s.Empty() || len(id) > maxKeyID {
		return nil, ErrInfos
	}
	return id, nil
}

// maxKeyID is the longest number of a key, in bytes.
const maxKeyID = 16

// Without counts the infos of i that o does not have. What EF.CardAccess offers
// must be in data group 14 too (Doc 9303-11 §9.2.11): an info that is not was
// put there by somebody in between.
func (i Infos) Without(o Infos) int {
	n := 0
	for _, r := range i.raw {
		if !slices.ContainsFunc(o.raw, func(b []byte) bool { return bytes.Equal(b, r) }) {
			n++
		}
	}
	return n
}

// Changed reports whether what a chip offered openly is not what its signed infos
// say of access: an info that is not signed, or a way of PACE that was kept back.
// Somebody between chip and reader may have wanted a weaker one.
func Changed(offered, signed Infos) bool {
	return offered.Without(signed) > 0 || slices.ContainsFunc(signed.PACE, func(p PACE) bool {
		return !slices.ContainsFunc(offered.PACE, func(o PACE) bool { return bytes.Equal(o.Marshal(), p.Marshal()) })
	})
}

// Len is the number of infos, known or not.
func (i Infos) Len() int { return len(i.raw) }
