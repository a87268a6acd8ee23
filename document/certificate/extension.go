package certificate

import (
	"bytes"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// KeyUsage is a set of uses (RFC 5280 §4.2.1.3).
type KeyUsage uint16

// The uses that matter here.
const (
	DigitalSignature KeyUsage = 1 << 0
	CertSign         KeyUsage = 1 << 5
	CRLSign          KeyUsage = 1 << 6
)

// MasterListSigner is the extended key usage of who signs master lists (Doc 9303-12
// §9). A document signer has none.
var MasterListSigner = ber.NewOID("2.23.136.1.1.3")

// Extensions are what the extensions say (RFC 5280 §4.2, Doc 9303-12 §7.1.1).
// What is not there has its zero value.
type Extensions struct {
	SubjectKeyID   []byte
	AuthorityKeyID []byte

	KeyUsage    KeyUsage
	HasKeyUsage bool

	HasBasicConstraints bool
	CA                  bool
	MaxPath             int // how many authorities may follow; -1 if it is not said. Below a country signer none does, whatever it says

	ExtKeyUsage []ber.OID

	// The private key signs from UseFrom to UseUntil (privateKeyUsagePeriod); a
	// zero time is no bound.
	UseFrom, UseUntil time.Time

	// DocumentTypes are the document codes that the signer signs, such as "P";
	// HasDocumentTypes tells an empty list from none (Doc 9303-12 §7.1.1.6).
	DocumentTypes    []string
	HasDocumentTypes bool

	NameChange bool     // a link from the name before (Doc 9303-12 §7.1.1.4)
	CRLs       []string // where revocation lists are published

	// UnknownCritical are critical extensions that nobody here understands: who
	// meets one must not rely on the certificate.
	UnknownCritical []ber.OID
}

// maxList is how many names or uses one extension may list.
const maxList = 64

// readers read the extensions that are known; nil for those that are known and
// say nothing that is needed (policies, other names of subject and issuer,
// where more is told of the issuer). An extension that only helps to find
// something is taken for absent if it cannot be read.
var readers = map[ber.OID]func(*Extensions, ber.String) bool{
	ber.NewOID("2.5.29.14"):         (*Extensions).readSubjectKeyID,
	ber.NewOID("2.5.29.35"):         (*Extensions).readAuthorityKeyID,
	ber.NewOID("2.5.29.15"):         (*Extensions).readKeyUsage,
	ber.NewOID("2.5.29.19"):         (*Extensions).readBasicConstraints,
	ber.NewOID("2.5.29.37"):         (*Extensions).readExtKeyUsage,
	ber.NewOID("2.5.29.16"):         (*Extensions).readUsePeriod,
	ber.NewOID("2.5.29.31"):         (*Extensions).readCRLs,
	ber.NewOID("2.23.136.1.1.6.2"):  (*Extensions).readDocumentTypes,
	ber.NewOID("2.23.136.1.1.6.1"):  (*Extensions).readNameChange,
	ber.NewOID("2.5.29.17"):         nil,
	ber.NewOID("2.5.29.18"):         nil,
	ber.NewOID("2.5.29.32"):         nil,
	ber.NewOID("1.3.6.1.5.5.7.1.1"): nil,
}

// read reads the list of extensions.
func (x *Extensions) read(list ber.String) error {
	seq, ok := list.Read(ber.Sequence)
	if !ok || !list.Empty() {
		return ErrForm
	}
	x.MaxPath = -1
	seen := make([][]byte, 0, 16)
	for !seq.Empty() {
		one, ok := seq.Read(ber.Sequence)
		name, okName := one.RawOID()
		if !ok || !okName || len(seen) == maxExtensions {
			return ErrExtension
		}
		for _, other := range seen {
			if bytes.Equal(name, other) {
				return ErrExtension
			}
		}
		seen = append(seen, name)
		critical := false
		if one.Has(ber.Boolean) {
			critical, ok = one.Bool()
		}
		value, okValue := one.Read(ber.OctetString)
		if !ok || !okValue || !one.Empty() {
			return ErrExtension
		}
		switch reader, known := readers[ber.OID(name)]; {
		case known && reader != nil && !reader(x, value):
			return ErrExtension
		case !known && critical:
			x.UnknownCritical = append(x.UnknownCritical, ber.OID(name))
		}
	}
	return nil
}

// MaySign reports whether the certificate is an authority's that may sign
// certificates ([CertSign]) or revocation lists ([CRLSign]). Old country signers
// have no key usage; what they must say is that they are an authority.
func (x *Extensions) MaySign(use KeyUsage) bool {
	return x.CA && (!x.HasKeyUsage || x.KeyUsage&use != 0) && len(x.UnknownCritical) == 0
}

func (x *Extensions) readSubjectKeyID(s ber.String) bool {
	if id, ok := s.Read(ber.OctetString); ok && s.Empty() {
		x.SubjectKeyID = id
	}
	return true
}

func (x *Extensions) readAuthorityKeyID(s ber.String) bool {
	if seq, ok := s.Read(ber.Sequence); ok && s.Empty() {
		id, _, _ := seq.Optional(ber.Field)
		x.AuthorityKeyID = id
	}
	return true
}

func (x *Extensions) readKeyUsage(s ber.String) bool {
	bits, ok := s.Bits()
	if !ok || !s.Empty() {
		return false
	}
	x.HasKeyUsage = true
	for i := range min(16, 8*len(bits)) {
		if bits[i/8]>>(7-i%8)&1 != 0 {
			x.KeyUsage |= 1 << i
		}
	}
	return true
}

func (x *Extensions) readBasicConstraints(s ber.String) bool {
	seq, ok := s.Read(ber.Sequence)
	if !ok || !s.Empty() {
		return false
	}
	x.HasBasicConstraints = true
	if seq.Has(ber.Boolean) {
		if x.CA, ok = seq.Bool(); !ok {
			return false
		}
	}
	if !seq.Empty() {
		x.MaxPath, ok = seq.Int()
	}
	return ok && seq.Empty()
}

func (x *Extensions) readExtKeyUsage(s ber.String) bool {
	seq, ok := s.Read(ber.Sequence)
	if !ok || !s.Empty() {
		return false
	}
	for !seq.Empty() {
		use, ok := seq.OID()
		if !ok || len(x.ExtKeyUsage) == maxList {
			return false
		}
		x.ExtKeyUsage = append(x.ExtKeyUsage, use)
	}
	return true
}

// readUsePeriod reads PrivateKeyUsagePeriod: two times, each in a field of its own.
func (x *Extensions) readUsePeriod(s ber.String) bool {
	seq, ok := s.Read(ber.Sequence)
	if !ok || !s.Empty() {
		return false
	}
	for i, at := range []*time.Time{&x.UseFrom, &x.UseUntil} {
		if field := ber.Field + tlv.Tag(i); seq.Has(field) {
			if *at, ok = seq.TimeIn(field); !ok {
				return false
			}
		}
	}
	return seq.Empty()
}

// readDocumentTypes reads DocumentTypeListSyntax.
func (x *Extensions) readDocumentTypes(s ber.String) bool {
	seq, ok := s.Read(ber.Sequence)
	version, okVersion := seq.Int()
	set, okSet := seq.Read(ber.Set)
	if !ok || !s.Empty() || !okVersion || version != 0 || !okSet || !seq.Empty() {
		return false
	}
	x.HasDocumentTypes = true
	for !set.Empty() {
		one, ok := set.Next()
		if !ok || len(x.DocumentTypes) == maxList {
			return false
		}
		x.DocumentTypes = append(x.DocumentTypes, text(one))
	}
	return true
}

func (x *Extensions) readNameChange(ber.String) bool {
	x.NameChange = true
	return true
}

// readCRLs reads the addresses of CRLDistributionPoints (RFC 5280 §4.2.1.13).
func (x *Extensions) readCRLs(s ber.String) bool {
	points, ok := s.Read(ber.Sequence)
	for ok && !points.Empty() && len(x.CRLs) < maxList {
		var point, field, names ber.String
		if point, ok = points.Read(ber.Sequence); !ok {
			break
		}
		field, _, _ = point.Optional(ber.FieldOfOthers)
		names, _, _ = field.Optional(ber.FieldOfOthers)
		for !names.Empty() && len(x.CRLs) < maxList {
			e, okName := names.Next()
			if !okName {
				break
			}
			if e.Tag == ber.Field+6 { // uniformResourceIdentifier
				x.CRLs = append(x.CRLs, string(e.Value))
			}
		}
	}
	return true
}
