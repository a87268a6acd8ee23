// Package crl reads the revocation lists of country signers (ICAO Doc 9303-12
// §7.3, RFC 5280 §5), with the same tolerance as package certificate.
//
// A list must be whole: one that says it covers part of the certificates, or only
// what has changed, is refused ([ErrPartial]), since whoever is not on it would
// pass for good. [Parse] believes nothing; [CRL.IssuedBy] checks who signed.
package crl

import (
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/signature"
)

// Limits of a list.
const (
	MaxSize       = 8 << 20 // bytes
	maxEntries    = 1 << 17
	maxExtensions = 16
)

// What is wrong with a list.
var (
	ErrForm      = errors.New("crl: not a revocation list")
	ErrSize      = errors.New("crl: too large")
	ErrPartial   = errors.New("crl: covers a part only")
	ErrExtension = errors.New("crl: a critical extension that is not known here")
	ErrIssuer    = errors.New("crl: its issuer is another, or may not sign revocation lists")
)

// A CRL is what a revocation list says. Nothing in it was verified.
type CRL struct {
	Raw            []byte
	Issuer         certificate.Name
	This, Next     time.Time // zero Next: it is not said
	AuthorityKeyID []byte

	tbs, algorithm, signature []byte
	entries                   map[string]Entry // by [certificate.SerialKey]
}

// An Entry tells when a certificate was revoked.
type Entry struct {
	At     time.Time
	Reason int // RFC 5280 §5.3.1; 0 is unspecified
}

// Parse reads one list and nothing behind it.
func Parse(der []byte) (*CRL, error) {
	if len(der) > MaxSize {
		return nil, ErrSize
	}
	tbs, algorithm, sig, ok := certificate.Signed(der)
	if !ok {
		return nil, ErrForm
	}
	l := &CRL{Raw: der, tbs: tbs, algorithm: algorithm, signature: sig}
	return l, l.readTBS()
}

// readTBS reads TBSCertList (RFC 5280 §5.1.2).
func (l *CRL) readTBS() error {
	s := ber.String(l.tbs)
	s, _ = s.Read(ber.Sequence)
	if s.Has(ber.Integer) {
		if v, ok := s.Int(); !ok || v > 1 {
			return ErrForm
		}
	}
	inner, okInner := s.ReadRaw(ber.Sequence)
	issuer, okIssuer := s.ReadRaw(ber.Sequence)
	l.Issuer.Raw = issuer
	var ok bool
	if l.This, ok = s.Time(); !ok || !okInner || !okIssuer || !l.Issuer.Valid() || !signature.Same(inner, l.algorithm) {
		return ErrForm
	}
	if s.Has(ber.UTCTime) || s.Has(ber.GeneralizedTime) {
		if l.Next, ok = s.Time(); !ok {
			return ErrForm
		}
	}
	entries, _, ok := s.Optional(ber.Sequence)
	if !ok {
		return ErrForm
	}
	if err := l.readEntries(entries); err != nil {
		return err
	}
	extensions, has, ok := s.Optional(ber.FieldOfOthers)
	if !ok || !s.Empty() {
		return ErrForm
	}
	if !has {
		return nil
	}
	list, ok := extensions.Read(ber.Sequence)
	if !ok || !extensions.Empty() {
		return ErrForm
	}
	return walk(list, l.readExtension)
}

func (l *CRL) readEntries(s ber.String) error {
	l.entries = map[string]Entry{}
	for !s.Empty() {
		one, ok := s.Read(ber.Sequence)
		serial, okSerial := one.Read(ber.Integer)
		at, okTime := one.Time()
		if !ok || !okSerial || !okTime || len(serial) == 0 || len(l.entries) == maxEntries {
			return ErrForm
		}
		e := Entry{At: at}
		if !one.Empty() {
			extensions, ok := one.Read(ber.Sequence)
			if !ok || !one.Empty() {
				return ErrForm
			}
			if err := walk(extensions, e.readExtension); err != nil {
				return err
			}
		}
		// Of two entries of one certificate, the first revocation counts.
		key := string(certificate.SerialKey(serial))
		if before, twice := l.entries[key]; !twice || at.Before(before.At) {
			l.entries[key] = e
		}
	}
	return nil
}

// walk goes over extensions; do tells which it knows.
func walk(s ber.String, do func(name ber.OID, value ber.String) (known bool, err error)) error {
	for n := 0; !s.Empty(); n++ {
		one, ok := s.Read(ber.Sequence)
		name, okName := one.OID()
		if !ok || !okName || n == maxExtensions {
			return ErrForm
		}
		critical := false
		if one.Has(ber.Boolean) {
			critical, ok = one.Bool()
		}
		value, okValue := one.Read(ber.OctetString)
		if !ok || !okValue || !one.Empty() {
			return ErrForm
		}
		known, err := do(name, value)
		if err != nil {
			return err
		}
		if critical && !known {
			return fmt.Errorf("%w: %v", ErrExtension, name)
		}
	}
	return nil
}

var (
	oidReason      = ber.NewOID("2.5.29.21")
	oidIssuer      = ber.NewOID("2.5.29.29") // of an entry: a list of several issuers
	oidNumber      = ber.NewOID("2.5.29.20")
	oidKeyID       = ber.NewOID("2.5.29.35")
	oidDelta       = ber.NewOID("2.5.29.27")
	oidIssuingPart = ber.NewOID("2.5.29.28")
)

// removed is the reason of who is taken off again, in lists of changes.
const removed = 8

func (e *Entry) readExtension(name ber.OID, value ber.String) (known bool, err error) {
	switch name {
	case oidIssuer:
		return false, ErrPartial
	case oidReason:
		reason, ok := value.Read(ber.Enumerated)
		if !ok || len(reason) != 1 || !value.Empty() {
			return false, ErrForm
		}
		if e.Reason = int(reason[0]); e.Reason == removed {
			return false, ErrPartial
		}
		return true, nil
	}
	return false, nil
}

func (l *CRL) readExtension(name ber.OID, value ber.String) (known bool, err error) {
	switch name {
	case oidDelta, oidIssuingPart:
		return false, ErrPartial
	case oidKeyID:
		if seq, ok := value.Read(ber.Sequence); ok {
			l.AuthorityKeyID, _, _ = seq.Optional(ber.Field)
		}
		return true, nil
	}
	return name == oidNumber, nil
}

// Find tells whether and when the certificate of that serial number was revoked.
func (l *CRL) Find(serial []byte) (Entry, bool) {
	e, ok := l.entries[string(certificate.SerialKey(serial))]
	return e, ok
}

// Includes reports whether the list names all that another of its issuer names.
func (l *CRL) Includes(other *CRL) bool {
	for serial := range other.entries {
		if _, found := l.entries[serial]; !found {
			return false
		}
	}
	return true
}

// Len is how many certificates are revoked.
func (l *CRL) Len() int { return len(l.entries) }

// Algorithm is the algorithm with which the list is signed. It fails with an
// error of package signature for one that is not known.
func (l *CRL) Algorithm() (signature.Algorithm, error) {
	return signature.ParseAlgorithm(l.algorithm, 0)
}

// IssuedBy checks that the list names the authority as its issuer and is signed
// by it, and that it may sign lists. It fails with [ErrIssuer] or an error of
// package signature.
func (l *CRL) IssuedBy(authority *certificate.Certificate) error {
	if !l.Issuer.Equal(authority.Subject) || !authority.MaySign(certificate.CRLSign) {
		return ErrIssuer
	}
	a, err := l.Algorithm()
	if err != nil {
		return err
	}
	key, err := authority.Key()
	if err != nil {
		return err
	}
	return key.Verify(a, l.tbs, l.signature)
}
