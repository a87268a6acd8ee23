package pki

import (
	"encoding/asn1"

	"github.com/tunnus-id/tunnus"
)

// Identifiers of Smart-ID, asserted in sandboxes only (see [Scheme.Compatible]).
const (
	policySmartIDQualified = "1.3.6.1.4.1.10015.17.2"
	policySmartIDAdvanced  = "1.3.6.1.4.1.10015.17.1"
)

// usageSmartIDLogin is the extended key usage that its clients want in log-in certificates.
var usageSmartIDLogin = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62306, 5, 7, 0}

// compatible turns a profile into that which unmodified clients accept: their
// policies in place of ours, and not beside them, since some read only the
// first; their usage; and for qualified signatures the statements that they
// look for, true of nothing in a sandbox.
func compatible(p *Profile) error {
	own := policySmartIDAdvanced
	if p.Level == tunnus.Qualified {
		own = policySmartIDQualified
	}
	p.Name = "compatible-" + p.Name
	if p.Purpose == Login {
		p.Usages = []asn1.ObjectIdentifier{usageSmartIDLogin}
	}
	switch {
	case p.Level == tunnus.Advanced:
		p.Policies = []string{own, policyNCP}
	case p.Purpose == Login:
		p.Policies = []string{own, policyNCPPlus}
	default:
		p.Policies = []string{own, policyQCPnQSCD}
		var err error
		if p.Statements, err = qualifiedStatements(""); err != nil {
			return err
		}
	}
	return nil
}
