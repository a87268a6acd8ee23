package scheme

import (
	"math/big"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// policy is one of our own policies.
type policy struct {
	key     string
	purpose pki.Purpose
	level   tunnus.Level
	oid     string
}

func (c Certificates) policies() []policy {
	return []policy{
		{"login_qualified", pki.Login, tunnus.Qualified, c.LoginQualified},
		{"signature_qualified", pki.Signature, tunnus.Qualified, c.SignatureQualified},
		{"login_advanced", pki.Login, tunnus.Advanced, c.LoginAdvanced},
		{"signature_advanced", pki.Signature, tunnus.Advanced, c.SignatureAdvanced},
	}
}

// oidFault tells why an identifier is none below 2.25.<uuid> (ITU-T X.667 §7),
// "" if it is one: a UUID has 128 bits, and is not a small number.
func oidFault(oid string) string {
	if oid == "" {
		return "" // told as missing
	}
	parts := strings.Split(oid, ".")
	if len(parts) < 4 {
		return "not below 2.25.<uuid>"
	}
	uuid, ok := new(big.Int).SetString(parts[2], 10)
	if !ok || uuid.BitLen() > 128 || uuid.BitLen() < 64 {
		return "the third number is no UUID of 128 bits"
	}
	for _, p := range parts[3:] {
		if len(p) > 1 && p[0] == '0' {
			return "a number that begins with 0"
		}
	}
	return ""
}

// Claims is the leave to state conformity, for [pki.Scheme].
func (c Certificates) Claims() pki.Compliance {
	if c.Compliance.Kind == "" {
		return pki.Compliance{}
	}
	return pki.Compliance{Basis: c.Compliance.Kind + ": " + c.Compliance.Name, DisclosureURL: c.Compliance.Disclosure}
}

// Policies are the scheme's own, for [pki.Scheme].
func (c Certificates) Policies() pki.Policies {
	return pki.Policies{
		LoginQualified: c.LoginQualified, SignatureQualified: c.SignatureQualified,
		LoginAdvanced: c.LoginAdvanced, SignatureAdvanced: c.SignatureAdvanced,
	}
}
