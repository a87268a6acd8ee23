package emrtd

import (
	"errors"
	"fmt"
	"slices"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/lds"
)

// A Result says how one check went, in the words of BSI TR-03135.
type Result string

// The results.
const (
	Successful   Result = "successful"
	Failed       Result = "failed"
	NotPerformed Result = "not-performed" // what it needs was not there or not well
	NotSupported Result = "not-supported" // the document offers nothing to check
)

// The names of the checks, in the order in which they are made.
const (
	CheckSecurityObject = "security-object"       // EF.SOD is a security object, signed once
	CheckSigner         = "signer"                // the document signer's certificate is one
	CheckTrust          = "trust"                 // a trusted country signer issued it
	CheckSignature      = "signature"             // it signed this security object
	CheckAlgorithms     = "algorithms"            // keys and digests are strong enough
	CheckRevocation     = "revocation"            // neither signer is revoked
	CheckDefects        = "defects"               // nothing is known that speaks against this signer's documents
	CheckPresence       = "presence"              // the files that must be listed and there are, no others
	CheckHashes         = "hashes"                // each file is the one that was signed
	CheckData           = "data"                  // code line and portrait can be read
	CheckCountry        = "country"               // issuing state of code line and signers agree
	CheckDocumentType   = "document-type"         // the signer may sign documents of this kind
	CheckDetails        = "details"               // data groups 11 and 12 do not contradict the code line
	CheckValidity       = "validity"              // both certificates were and are valid
	CheckKeyPeriod      = "key-usage-period"      // signed while the signer's key was to be used
	CheckExpiry         = "expiry"                // the document is; marks only
	CheckCOM            = "com"                   // EF.COM lists what was signed; marks only
	CheckCodeLine       = "code-line"             // the printed code line is that of the chip
	CheckAccess         = "access"                // PACE where the chip offers it; marks only
	CheckDowngrade      = "downgrade"             // what the chip offered openly is what was signed; marks only
	CheckCardSecurity   = "card-security"         // EF.CardSecurity is signed, and says the same; marks only
	CheckActiveAuth     = "active-authentication" // the chip answered our challenge
	CheckChipAuth       = "chip-authentication"   // the chip has the private key to data group 14
)

// marks are the checks whose failure does not make a document false. A [Verified]
// may have them: what they are worth is for the caller to decide.
var marks = []string{CheckExpiry, CheckCOM, CheckAccess, CheckDowngrade, CheckCardSecurity}

// A Check is the outcome of one check. Detail is the reason in words of the
// system, never a holder's data. A check that was successful has a reason if
// there is something to know about it.
type Check struct {
	Name   string
	Result Result
	Reason Reason
	Detail string
}

// result tells how the named check went; one that is not in the list was not
// performed.
func result(checks []Check, name string) Result {
	for _, c := range checks {
		if c.Name == name {
			return c.Result
		}
	}
	return NotPerformed
}

// A Failure lists the outcome of every check of a document that was refused. It
// stands in the chain of the error that [Verify] returns (errors.As).
type Failure struct {
	Checks []Check
}

// Error names the first check that refused the document.
func (f *Failure) Error() string {
	if c, ok := refusing(f.Checks); ok {
		return fmt.Sprintf("emrtd: %s: %s", c.Name, c.Detail)
	}
	return "emrtd: refused"
}

// Result tells how the named check went; a check that is not in the list was
// not performed.
func (f *Failure) Result(name string) Result { return result(f.Checks, name) }

// refusing is the first failure that makes a document false.
func refusing(checks []Check) (Check, bool) {
	for _, c := range checks {
		if c.Result == Failed && !slices.Contains(marks, c.Name) {
			return c, true
		}
	}
	return Check{}, false
}

// refuse is the error of a document that the check refused because of cause.
func refuse(c Check, cause error, checks []Check) error {
	f, proof := &Failure{Checks: checks}, c.Name == CheckActiveAuth || c.Name == CheckChipAuth
	switch {
	case errors.Is(cause, ReasonNoAnchor), errors.Is(cause, ReasonNoCertificate):
		return tunnus.Fail(tunnus.CodeDocSignerUnknown, f)
	case c.Name == CheckPresence, c.Name == CheckHashes, c.Name == CheckCodeLine:
		return tunnus.Fail(tunnus.CodeHashMismatch, f)
	case c.Name == CheckData, c.Name == CheckDetails:
		return lds.Broken(f)
	case proof && (errors.Is(cause, ReasonUnreadable) || errors.Is(cause, ReasonWeakKey)):
		return lds.Broken(f) // a key that the state signed, and we cannot use, is no sign of a copy
	case proof:
		return tunnus.Fail(tunnus.CodeDocClone, f)
	}
	return tunnus.Fail(tunnus.CodeDocSigBad, f)
}
