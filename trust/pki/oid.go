package pki

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
)

// PolicyArc is the arc of our own policies: 2.25 with the UUID as one number
// (ITU-T X.667 §7; see the package comment).
const PolicyArc = "2.25.266816010026293548762936999948953729287"

// Our own policies, dotted.
const (
	PolicyLoginQualified     = PolicyArc + ".1.1"
	PolicySignatureQualified = PolicyArc + ".1.2"
	PolicyLoginAdvanced      = PolicyArc + ".1.3"
	PolicySignatureAdvanced  = PolicyArc + ".1.4"
)

// Policies of ETSI, named in a certificate only by the scheme's leave (rule A4).
const (
	policyNCP      = "0.4.0.2042.1.1"   // EN 319 411-1 §5.3
	policyNCPPlus  = "0.4.0.2042.1.2"   // the same, key in a secure device
	policyQCPnQSCD = "0.4.0.194112.1.2" // EN 319 411-2 §5.3, natural person, key in a qualified device
	policyAny      = "2.5.29.32.0"      // RFC 5280 §4.2.1.4, for the issuing CA
)

// UsageLogin is the extended key usage of log-in keys: the same UUID in seven
// pieces of at most 24 bits.
var UsageLogin = asn1.ObjectIdentifier{1, 2, 840, 113556, 1, 8000, 2554, 51386, 58611, 9752, 17786, 33773, 433499, 1718535, 2, 1}

// PolicyStamp is the policy of our time-stamps, dotted: below the arc of
// [UsageLogin], since readers hold 31 bits a component here too.
const PolicyStamp = "1.2.840.113556.1.8000.2554.51386.58611.9752.17786.33773.433499.1718535.3.1"

// Identifiers of others. All are read-only.
var (
	oidCommonName   = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSurname      = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidSerialNumber = asn1.ObjectIdentifier{2, 5, 4, 5}
	oidCountry      = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidOrganisation = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidGivenName    = asn1.ObjectIdentifier{2, 5, 4, 42}

	oidSubjectDirectory = asn1.ObjectIdentifier{2, 5, 29, 9}
	oidSubjectAltName   = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidQCStatements     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}
	oidDateOfBirth      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 9, 1}  // RFC 3739 §3.2.2
	oidQCSyntaxV2       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 11, 2} // RFC 3739 §3.2.6.1
	oidSemanticsNatural = asn1.ObjectIdentifier{0, 4, 0, 194121, 1, 1}      // EN 319 412-1 §5.1
	oidQCCompliance     = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}        // EN 319 412-5 §4.2.1
	oidQCSSCD           = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 4}        // §4.2.2
	oidQCPDS            = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 5}        // §4.3.4
	oidQCType           = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6}        // §4.2.3
	oidQCTypeESign      = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6, 1}
)

// policyOID reads a dotted policy; its components may be of any size.
func policyOID(s string) (x509.OID, error) {
	o, err := x509.ParseOID(s)
	if err != nil {
		return x509.OID{}, fmt.Errorf("pki: %q is no object identifier", s)
	}
	return o, nil
}
