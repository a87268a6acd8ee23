package pki

// A Reason says why a certificate is not good, in the words of RFC 5280 §5.3.1.
type Reason string

// The reasons. All but Hold are for ever.
const (
	Unspecified          Reason = "unspecified"
	KeyCompromise        Reason = "keyCompromise"
	AffiliationChanged   Reason = "affiliationChanged"
	Superseded           Reason = "superseded"           // replaced by a newer account
	CessationOfOperation Reason = "cessationOfOperation" // closed, or never activated
	PrivilegeWithdrawn   Reason = "privilegeWithdrawn"
	Hold                 Reason = "certificateHold" // suspended; may be lifted
)

// Code returns the number of the reason in revocation lists and OCSP answers
// (CRLReason, RFC 5280 §5.3.1). What is none of the reasons counts as
// unspecified, 0.
func (r Reason) Code() int {
	switch r {
	case KeyCompromise:
		return 1
	case AffiliationChanged:
		return 3
	case Superseded:
		return 4
	case CessationOfOperation:
		return 5
	case Hold:
		return 6
	case PrivilegeWithdrawn:
		return 9
	}
	return 0
}

// ReasonOf is the inverse of [Reason.Code]. A number that is none of ours is
// [Unspecified]: whatever the reason, the certificate is not good.
func ReasonOf(code int) Reason {
	for _, r := range []Reason{KeyCompromise, AffiliationChanged, Superseded, CessationOfOperation, Hold, PrivilegeWithdrawn} {
		if r.Code() == code {
			return r
		}
	}
	return Unspecified
}

// Final reports whether r is one of the reasons for which a certificate is
// revoked for ever.
func (r Reason) Final() bool {
	return r == Unspecified || r != Hold && r.Code() != 0
}
