package issue

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	zx509 "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3/lint"
	_ "github.com/zmap/zlint/v3/lints/etsi" // rules register themselves
	_ "github.com/zmap/zlint/v3/lints/rfc"
)

// linterName stands in the audit line of each intent.
const linterName = "zlint v3.6.8 RFC3279 RFC5280 ETSI_ESI"

// sources are the rule books that certificates are judged by.
var sources = lint.SourceList{lint.RFC3279, lint.RFC5280, lint.EtsiEsi}

// excluded are the rules of our sources that certificates are not judged by,
// each with its reason.
var excluded = map[string]string{
	"e_qcstatem_qctype_web": "takes each certificate without an extended key usage for one of a web site; " +
		"ours for signatures have none, and their QcType is esign (EN 319 412-5 §4.2.3), which e_qcstatem_qctype_valid checks",
}

// A linter judges drafts. It only reads the rules.
type linter struct{ rules []*lint.CertificateLint }

// Lint judges any certificate of a certificate authority, a draft or one that
// is signed, by the rules that holders' certificates are judged by. The error
// names the rules that are broken, and nothing that the certificate says. It is
// a [pki.Judge], for the services of the CA and its own certificates.
func Lint(cert *x509.Certificate) error {
	l, err := newLinter()
	if err != nil {
		return err
	}
	return l.judge(cert)
}

// newLinter picks the rules of our sources, but for those excluded.
func newLinter() (*linter, error) {
	registry, err := lint.GlobalRegistry().Filter(lint.FilterOptions{
		IncludeSources: sources, ExcludeNames: slices.Sorted(maps.Keys(excluded)),
	})
	if err != nil {
		return nil, fmt.Errorf("issue: linter: %w", err)
	}
	rules := registry.CertificateLints().Lints()
	for _, want := range []lint.LintSource{lint.RFC5280, lint.EtsiEsi} {
		if !slices.ContainsFunc(rules, func(r *lint.CertificateLint) bool { return r.Source == want }) {
			return nil, fmt.Errorf("issue: linter: no rules of %s", want)
		}
	}
	return &linter{rules: rules}, nil
}

// judge returns an error that names each rule that the certificate breaks.
// Warnings refuse too. The error holds names of rules only, nothing that the
// certificate says.
func (l *linter) judge(draft *x509.Certificate) error {
	cert, err := zx509.ParseCertificate(readable(draft))
	if err != nil {
		return errors.New("issue: linter: the certificate cannot be read")
	}
	var broken []string
	for _, r := range l.rules {
		switch res := r.Execute(cert, lint.NewEmptyConfig()); res.Status {
		case lint.Warn, lint.Error, lint.Fatal:
			broken = append(broken, r.Name)
		}
	}
	if len(broken) > 0 {
		return fmt.Errorf("issue: linter: %s", strings.Join(broken, ", "))
	}
	return nil
}

// readable returns the certificate with the large numbers of its policies
// split into small ones. The linter's reader holds 31 bits a component and
// would refuse an arc that is a UUID (2.25.<UUID>); split, each such
// identifier has as many bytes as before, and all other bytes stay the same.
func readable(c *x509.Certificate) []byte {
	der := bytes.Clone(c.Raw)
	for _, p := range c.Policies {
		long, err := p.MarshalBinary()
		if err != nil || !large(long) {
			continue
		}
		short := bytes.Clone(long)
		for i := range short {
			short[i] &^= 0x80 // the mark that the number goes on (X.690 §8.19.2)
		}
		der = bytes.ReplaceAll(der, long, short)
	}
	return der
}

// large reports whether an identifier has a component of more than 31 bits.
func large(oid []byte) bool {
	der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagOID, Bytes: oid})
	if err != nil {
		return true
	}
	var small asn1.ObjectIdentifier
	_, err = asn1.Unmarshal(der, &small)
	return err != nil
}
