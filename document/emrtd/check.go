package emrtd

import (
	"errors"
	"fmt"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/lds"
)

// A Result says how one check went, in the words of BSI TR-03135.
type Result string

// The results. Only a list without Failed makes a [Verified].
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
	CheckPresence       = "presence"              // the files that must be listed and there are, no others
	CheckHashes         = "hashes"                // each file is the one that was signed
	CheckData           = "data"                  // code line and portrait can be read
	CheckCountry        = "country"               // issuing state of code line and signers agree
	CheckValidity       = "validity"              // both certificates were and are valid
	CheckActiveAuth     = "active-authentication" // the chip answered our challenge
	CheckChipAuth       = "chip-authentication"   // not built yet: never successful
)

// A Check is the outcome of one check. Detail holds words of the system, never
// a holder's data.
type Check struct {
	Name   string
	Result Result
	Detail string
}

// A Failure lists the outcome of every check of a document that was refused. It
// stands in the chain of the error that [Verify] returns (errors.As).
type Failure struct {
	Checks []Check
}

// Error names the first check that failed.
func (f *Failure) Error() string {
	for _, c := range f.Checks {
		if c.Result == Failed {
			return fmt.Sprintf("emrtd: %s: %s", c.Name, c.Detail)
		}
	}
	return "emrtd: refused"
}

// Result tells how the named check went; a check that is not in the list was
// not performed.
func (f *Failure) Result(name string) Result {
	for _, c := range f.Checks {
		if c.Name == name {
			return c.Result
		}
	}
	return NotPerformed
}

// refuse is the error of a document whose named check failed first, because of
// cause.
func refuse(name string, cause error, checks []Check) error {
	f := &Failure{Checks: checks}
	switch {
	case errors.Is(cause, errNoAnchor):
		return tunnus.Fail(tunnus.CodeDocSignerUnknown, f)
	case name == CheckPresence, name == CheckHashes:
		return tunnus.Fail(tunnus.CodeHashMismatch, f)
	case name == CheckData:
		return lds.Broken(f)
	case name == CheckActiveAuth:
		return tunnus.Fail(tunnus.CodeDocClone, f)
	}
	return tunnus.Fail(tunnus.CodeDocSigBad, f)
}
