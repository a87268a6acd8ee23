package pki

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"time"
	"unicode/utf8"
)

// directoryName is the tag of GeneralName's directoryName (RFC 5280 §4.2.1.6).
const directoryName = 4

// documentExtension puts the document number into the subject alternative
// name, as a directory name with nothing but a common name (RP API).
func documentExtension(number string) (pkix.Extension, error) {
	name, err := asn1.Marshal(nameOf([]attribute{{oidCommonName, number}}).ToRDNSequence())
	if err != nil {
		return pkix.Extension{}, err
	}
	alt, err := asn1.Marshal([]asn1.RawValue{
		{Class: asn1.ClassContextSpecific, Tag: directoryName, IsCompound: true, Bytes: name},
	})
	return pkix.Extension{Id: oidSubjectAltName, Value: alt}, err
}

// readDocument is the inverse of documentExtension, and takes nothing else.
func readDocument(der []byte) (string, error) {
	var names []asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &names); err != nil || len(rest) > 0 || len(names) != 1 ||
		names[0].Class != asn1.ClassContextSpecific || names[0].Tag != directoryName || !names[0].IsCompound {
		return "", errors.New("pki: one directory name expected as alternative name")
	}
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(names[0].Bytes, &rdns); err != nil || len(rest) > 0 ||
		len(rdns) != 1 || len(rdns[0]) != 1 || !rdns[0][0].Type.Equal(oidCommonName) {
		return "", errors.New("pki: one common name expected in the alternative name")
	}
	number, ok := rdns[0][0].Value.(string)
	if !ok || number == "" || !utf8.ValidString(number) {
		return "", errors.New("pki: the document number is no text")
	}
	return number, nil
}

// A directoryAttribute is RFC 5280's Attribute (§4.1.2.4).
type directoryAttribute struct {
	ID     asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// birthExtension writes subjectDirectoryAttributes with dateOfBirth, at noon
// UTC so that no time zone moves the day (RFC 3739 §3.2.2).
func birthExtension(birth time.Time) (pkix.Extension, error) {
	noon := time.Date(birth.Year(), birth.Month(), birth.Day(), 12, 0, 0, 0, time.UTC)
	date, err := asn1.MarshalWithParams(noon, "generalized")
	if err != nil {
		return pkix.Extension{}, err
	}
	der, err := asn1.Marshal([]directoryAttribute{{oidDateOfBirth, []asn1.RawValue{{FullBytes: date}}}})
	return pkix.Extension{Id: oidSubjectDirectory, Value: der}, err
}

// readBirth is the inverse of birthExtension, and takes nothing else.
func readBirth(der []byte) (time.Time, error) {
	var attributes []directoryAttribute
	if rest, err := asn1.Unmarshal(der, &attributes); err != nil || len(rest) > 0 ||
		len(attributes) != 1 || !attributes[0].ID.Equal(oidDateOfBirth) || len(attributes[0].Values) != 1 {
		return time.Time{}, errors.New("pki: one date of birth expected")
	}
	var noon time.Time
	if rest, err := asn1.UnmarshalWithParams(attributes[0].Values[0].FullBytes, &noon, "generalized"); err != nil || len(rest) > 0 {
		return time.Time{}, errors.New("pki: the date of birth is no time")
	}
	noon = noon.UTC()
	return time.Date(noon.Year(), noon.Month(), noon.Day(), 0, 0, 0, 0, time.UTC), nil
}

// statementsExtension writes qcStatements (RFC 3739 §3.2.6), not critical.
func statementsExtension(all []Statement) (pkix.Extension, error) {
	type statement struct {
		ID   asn1.ObjectIdentifier
		Info asn1.RawValue `asn1:"optional"`
	}
	out := make([]statement, len(all))
	for i, s := range all {
		out[i].ID = s.ID
		if s.Info != nil {
			out[i].Info = asn1.RawValue{FullBytes: s.Info}
		}
	}
	der, err := asn1.Marshal(out)
	return pkix.Extension{Id: oidQCStatements, Value: der}, err
}

// qualifiedStatements are those of a qualified certificate for electronic
// signatures with the key in a qualified device (EN 319 412-5 §4, §5).
// Without an address, no disclosure statement is named.
func qualifiedStatements(disclosureURL string) ([]Statement, error) {
	semantics, err := asn1.Marshal(struct{ ID asn1.ObjectIdentifier }{oidSemanticsNatural})
	if err != nil {
		return nil, err
	}
	kind, err := asn1.Marshal([]asn1.ObjectIdentifier{oidQCTypeESign})
	if err != nil {
		return nil, err
	}
	all := []Statement{
		{oidQCSyntaxV2, semantics},
		{oidQCCompliance, nil},
		{oidQCSSCD, nil},
		{oidQCType, kind},
	}
	if disclosureURL == "" {
		return all, nil
	}
	type location struct {
		URL      string `asn1:"ia5"`
		Language string `asn1:"printable"` // ISO 639-1
	}
	disclosure, err := asn1.Marshal([]location{{disclosureURL, "en"}})
	if err != nil {
		return nil, err
	}
	return append(all, Statement{oidQCPDS, disclosure}), nil
}
