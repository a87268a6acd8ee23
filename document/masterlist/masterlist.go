// Package masterlist reads the lists of country signers that states and ICAO
// publish: CMS SignedData of type 2.23.136.1.1.2, made by a master list signer
// whom the state's own country signer certified (ICAO Doc 9303-12 §9).
//
// [Parse] reads, [List.Verify] judges who signed. It is trusted for one reason
// only: the chain of its signer ends at a root that the caller has pinned by its
// fingerprint. What stands on the list, even the signer's own root, is no reason.
package masterlist

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/cms"
)

// Limits of a master list.
const (
	MaxSize         = 15 << 20 // bytes
	maxCertificates = 10_000
	maxChain        = 4  // certificates over the signer's
	maxTries        = 64 // signatures that are looked at to find them
)

var oidMasterList = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 2}

// What is wrong with a master list.
var (
	ErrForm     = errors.New("masterlist: not a master list")
	ErrSigner   = errors.New("masterlist: its signer is not one of master lists")
	ErrUnpinned = errors.New("masterlist: its signer does not come from a pinned root")
	ErrTime     = errors.New("masterlist: signed at a time when its signer was not valid, or that has not come yet")
	ErrWeak     = errors.New("masterlist: an algorithm or key that is too weak")
)

// A List is what a master list says. Nothing in it was verified.
type List struct {
	Signed       time.Time // when it says it was signed; zero if it does not
	Signer       *certificate.Certificate
	Certificates []*certificate.Certificate
	Unread       []error // one for each certificate on it that cannot be read

	data  cms.Signed
	above []*certificate.Certificate // sent along with the signer's
}

// Parse reads a master list.
func Parse(der []byte) (*List, error) {
	if len(der) > MaxSize {
		return nil, fmt.Errorf("%w: over %d bytes", ErrForm, MaxSize)
	}
	data, err := cms.Read(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if !data.Kind.Equal(oidMasterList) {
		return nil, fmt.Errorf("%w: signed data of another type", ErrForm)
	}
	l := &List{Signed: data.SigningTime, data: data}
	if err := l.readSigners(); err != nil {
		return nil, err
	}
	return l, l.readContent()
}

// readSigners finds the signer among the certificates sent along.
func (l *List) readSigners() error {
	for _, der := range l.data.Certificates {
		c, err := certificate.Parse(der)
		if err != nil {
			continue // whom the signature does not name is of no matter
		}
		if !c.Named(l.data.KeyID, l.data.Issuer, l.data.Serial) {
			l.above = append(l.above, c)
			continue
		}
		if l.Signer != nil {
			return fmt.Errorf("%w: two certificates of the signer named", ErrSigner)
		}
		l.Signer = c
	}
	if l.Signer == nil {
		return fmt.Errorf("%w: no certificate of the signer named", ErrSigner)
	}
	return nil
}

// readContent reads CscaMasterList (Doc 9303-12 §9.1).
func (l *List) readContent() error {
	s := ber.String(l.data.Content)
	seq, ok := s.Read(ber.Sequence)
	version, okVersion := seq.Int()
	set, okSet := seq.Read(ber.Set)
	if !ok || !s.Empty() || !okVersion || version != 0 || !okSet || !seq.Empty() {
		return ErrForm
	}
	for !set.Empty() {
		raw, ok := set.ReadRaw(ber.Sequence)
		if !ok || len(l.Certificates)+len(l.Unread) == maxCertificates {
			return ErrForm
		}
		c, err := certificate.Parse(raw)
		if err != nil {
			l.Unread = append(l.Unread, fmt.Errorf("certificate with SHA-256 %x: %w", sha256.Sum256(raw), err))
			continue
		}
		l.Certificates = append(l.Certificates, c)
	}
	return nil
}

// Verify checks the signature, the signer's profile, and that its chain leads, over
// links at most, to a root that pinned knows by its SHA-256; it returns this root.
// Certificates are judged at the time of signing: such a list is imported long after.
// refused tells of each certificate of the chain, which above has issued, whether
// there is a reason against it, such as a revocation; nil if nothing is known. It
// fails with one of the errors above, or one of packages cms and signature.
func (l *List) Verify(pinned func(fingerprint [sha256.Size]byte) bool, refused func(c, above *certificate.Certificate) error, now time.Time) (root *certificate.Certificate, err error) {
	at := l.Signed
	if at.IsZero() {
		at = now
	}
	if at.After(now.Add(24 * time.Hour)) {
		return nil, ErrTime
	}
	c := l.Signer
	if c.CA || !c.HasKeyUsage || c.KeyUsage&certificate.DigitalSignature == 0 || c.KeyUsage&certificate.CertSign != 0 ||
		!slices.Contains(c.ExtKeyUsage, certificate.MasterListSigner) || len(c.UnknownCritical) != 0 {
		return nil, ErrSigner
	}
	key, err := c.Key()
	if err != nil {
		return nil, err
	}
	if key.Weak() || l.data.Algorithm.SHA1() {
		return nil, ErrWeak
	}
	if err := l.data.Verify(key); err != nil {
		return nil, err
	}
	if at.Before(c.NotBefore) || at.After(c.NotAfter) {
		return nil, ErrTime
	}
	k := &climb{slices.Concat(l.above, l.Certificates), pinned, refused, at, maxTries, ErrUnpinned}
	if root := k.up(c, maxChain); root != nil {
		return root, nil
	}
	return nil, k.why
}

// A climb goes from the signer to a pinned root.
type climb struct {
	from    []*certificate.Certificate
	pinned  func([sha256.Size]byte) bool
	refused func(c, above *certificate.Certificate) error
	at      time.Time
	tries   int   // signatures that may still be looked at
	why     error // why none has been found
}

// up finds the root over c; nil if there is none. All that bear the issuer's name
// are tried: a root, and the links that lead from the root before to it.
func (k *climb) up(c *certificate.Certificate, left int) *certificate.Certificate {
	for _, above := range k.from {
		if left == 0 || k.tries == 0 || above.Subject.Country() != c.Subject.Country() || !fits(c, above) {
			continue
		}
		k.tries--
		if step(c, above, k.at) != nil || !k.stands(c, above) {
			continue
		}
		if k.pinned(above.Fingerprint()) {
			if k.stands(above, above) {
				return above
			}
			continue
		}
		if root := k.up(above, left-1); root != nil {
			return root
		}
	}
	return nil
}

// stands reports that nothing is known against a certificate that above has issued.
func (k *climb) stands(c, above *certificate.Certificate) bool {
	if k.refused == nil {
		return true
	}
	err := k.refused(c, above)
	if err != nil {
		k.why = fmt.Errorf("%w: %w", ErrSigner, err)
	}
	return err == nil
}

// fits looks at names and key identifiers before any signature is. Below a country
// signer there are signers, and beside it links, which keep its name or say that it
// changes. There are no other authorities, whatever path lengths say: that of a
// country signer is zero (Doc 9303-12 §7.1), and links are not counted by it.
func fits(c, above *certificate.Certificate) bool {
	if c.CA && !c.SelfIssued() && !c.NameChange {
		return false
	}
	ids := len(c.AuthorityKeyID) == 0 || len(above.SubjectKeyID) == 0 || bytes.Equal(c.AuthorityKeyID, above.SubjectKeyID)
	return ids && c != above && c.Issuer.Equal(above.Subject)
}

// step checks one step of the chain.
func step(c, above *certificate.Certificate, at time.Time) error {
	a, err := c.Algorithm()
	if err != nil {
		return err
	}
	key, err := above.Key()
	if err != nil {
		return err
	}
	switch {
	case a.SHA1() || key.Weak():
		return ErrWeak
	case at.Before(above.NotBefore) || at.After(above.NotAfter):
		return ErrTime
	}
	return c.IssuedBy(above)
}
