package client

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/tunnus-id/tunnus"
)

// The parts of a certificate that tell who its holder is.
const (
	oidSurname      = "2.5.4.4"
	oidSerialNumber = "2.5.4.5"
	oidCountry      = "2.5.4.6"
	oidGivenName    = "2.5.4.42"
	oidCommonName   = "2.5.4.3"
	oidAltName      = "2.5.29.17"
)

// readPerson reads the holder from the subject (ETSI EN 319 412-2 §4.2.4), and
// wants the account in the answer to be the one in the certificate.
func readPerson(cert *x509.Certificate, id *Identity) error {
	parts, err := attributes(cert.Subject.Names)
	if err != nil {
		return err
	}
	code, failed := tunnus.ParseSemanticsID(parts[oidSerialNumber])
	if failed != nil || code.Country() != parts[oidCountry] {
		return refuse(WrongPerson, "certificate names no person")
	}
	if documentNumber(cert) != id.Number {
		return refuse(WrongAccount, "certificate is another account's")
	}
	id.Person, id.Surname, id.GivenNames = code, parts[oidSurname], parts[oidGivenName]
	return nil
}

// attributes refuses a name in which one attribute stands twice: two readers
// could read two people.
func attributes(names []pkix.AttributeTypeAndValue) (map[string]string, error) {
	parts := map[string]string{}
	for _, a := range names {
		name := a.Type.String()
		value, text := a.Value.(string)
		if _, twice := parts[name]; twice || !text {
			return nil, refuse(WrongPerson, "an attribute of the name stands twice or is no text")
		}
		parts[name] = value
	}
	return parts, nil
}

// documentNumber reads the account's number: the common name of the only
// directoryName among the subject's alternative names; "" if there is none.
func documentNumber(cert *x509.Certificate) string {
	const directoryName = 4 // RFC 5280 §4.2.1.6
	for _, e := range cert.Extensions {
		if e.Id.String() != oidAltName {
			continue
		}
		var names []asn1.RawValue
		if rest, err := asn1.Unmarshal(e.Value, &names); err != nil || len(rest) > 0 || len(names) != 1 {
			return ""
		}
		if names[0].Class != asn1.ClassContextSpecific || names[0].Tag != directoryName {
			return ""
		}
		var name pkix.RDNSequence
		if rest, err := asn1.Unmarshal(names[0].Bytes, &name); err != nil || len(rest) > 0 {
			return ""
		}
		var n pkix.Name
		n.FillFromRDNSequence(&name)
		parts, err := attributes(n.Names)
		if err != nil {
			return ""
		}
		return parts[oidCommonName]
	}
	return ""
}
