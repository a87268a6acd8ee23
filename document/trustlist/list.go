package trustlist

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/crl"
)

// A List is one version. Nothing changes it, and it may be used from many
// goroutines. The zero value trusts nobody.
type List struct {
	Version    int
	Made       time.Time
	Pins       [][sha256.Size]byte // roots whose master lists are believed
	Sources    []Source
	Anchors    []Anchor // by country and fingerprint
	CRLs       []*crl.CRL
	Exceptions []Exception
	Defects    []Defect

	byKeyID  map[string][]int // places in Anchors
	byName   map[string][]int // by the subject's [certificate.Name.Key]
	crlsOf   map[string][]*crl.CRL
	bySigner map[string][]Defect // by [Defect.Signer]
	byKey    map[string]Defect   // by [Defect.Key]
}

// A Source is a master list that was imported.
type Source struct {
	Name   string // such as "masterlist:XX"
	Signed time.Time
	Digest [sha256.Size]byte // of the file
	Count  int               // certificates on it
}

// An Anchor is a country signer that is trusted.
type Anchor struct {
	*certificate.Certificate
	Link    bool     // verifies under another anchor, and is trusted for that
	Sources []string // names of master lists, [Pinned] or [Filed]; sorted

	country string // of the subject, once it is on a list
}

// Pinned is the source of anchors that an operator has pinned one by one.
const Pinned = "pinned"

// Of makes a list of anchors in DER, each trusted as it is. One that could not
// sign document signers is an error.
func Of(certs ...[]byte) (*List, error) {
	l := &List{Version: 1}
	for i, der := range certs {
		c, err := certificate.Parse(der)
		if err == nil {
			err = fit(c)
		}
		if err != nil {
			return nil, fmt.Errorf("trustlist: certificate %d: %w", i, err)
		}
		l.Anchors = append(l.Anchors, Anchor{Certificate: c, Link: !c.SelfIssued(), Sources: []string{Pinned}})
	}
	l.index()
	return l, nil
}

// Why a certificate cannot be an anchor.
var (
	ErrAuthority = errors.New("trustlist: not a country signer")
	ErrWeak      = errors.New("trustlist: a key or an algorithm that is too weak")
)

// fit checks that the certificate is a country signer's (Doc 9303-12 §7.1): an
// authority, of a country, with a key that is strong enough.
func fit(c *certificate.Certificate) error {
	if !c.MaySign(certificate.CertSign) || c.Subject.Country() == "" {
		return ErrAuthority
	}
	key, err := c.Key()
	if err != nil {
		return err
	}
	if key.Weak() {
		return ErrWeak
	}
	return nil
}

// index sorts the list and makes its indexes.
func (l *List) index() {
	for i, a := range l.Anchors {
		l.Anchors[i].country = a.Subject.Country()
	}
	slices.SortFunc(l.Anchors, func(a, b Anchor) int {
		return cmp.Or(cmp.Compare(a.country, b.country), bytes.Compare(a.Raw, b.Raw))
	})
	slices.SortFunc(l.CRLs, func(a, b *crl.CRL) int {
		return cmp.Or(cmp.Compare(a.Issuer.Country(), b.Issuer.Country()), bytes.Compare(a.Raw, b.Raw))
	})
	l.byKeyID, l.byName = make(map[string][]int, len(l.Anchors)), make(map[string][]int, len(l.Anchors))
	for i, a := range l.Anchors {
		if id := string(a.SubjectKeyID); id != "" {
			l.byKeyID[id] = append(l.byKeyID[id], i)
		}
		name := a.Subject.Key()
		l.byName[name] = append(l.byName[name], i)
	}
	l.crlsOf, l.bySigner, l.byKey = map[string][]*crl.CRL{}, map[string][]Defect{}, map[string]Defect{}
	for _, c := range l.CRLs {
		name := c.Issuer.Key()
		l.crlsOf[name] = append(l.crlsOf[name], c)
	}
	for _, d := range l.Defects {
		if len(d.Key) > 0 {
			l.byKey[string(d.Key)] = d
			continue
		}
		l.bySigner[string(d.Signer)] = append(l.bySigner[string(d.Signer)], d)
	}
}

// Issuers returns the anchors that may have signed the certificate: those whose
// key it names and those of its issuer's name that do not say what theirs is, else
// all of that name. Several may share a key identifier, and an impostor may give
// himself one: only [certificate.Certificate.IssuedBy] decides.
func (l *List) Issuers(c *certificate.Certificate) []Anchor {
	named := l.byKeyID[string(c.AuthorityKeyID)]
	of := l.Named(c.Issuer)
	if len(named) == 0 {
		return of
	}
	anchors := make([]Anchor, 0, len(named)+1)
	for _, p := range named {
		anchors = append(anchors, l.Anchors[p])
	}
	for _, a := range of {
		if len(a.SubjectKeyID) == 0 {
			anchors = append(anchors, a)
		}
	}
	return anchors
}

// Named returns the anchors of a name: generations, with their links.
func (l *List) Named(name certificate.Name) []Anchor {
	places := l.byName[name.Key()]
	anchors := make([]Anchor, len(places))
	for i, p := range places {
		anchors[i] = l.Anchors[p]
	}
	return anchors
}

// SameKey returns the anchors of the certificate's country and key: a country
// signer's key may have several, signed by itself, by the one before, or renewed. They
// need not be of one name: states write theirs in another order, or change it.
func (l *List) SameKey(c *certificate.Certificate) (same []Anchor) {
	for _, a := range l.Country(c.Subject.Country()) {
		if sameKey(a.Certificate, c) {
			same = append(same, a)
		}
	}
	return same
}

// sameKey reports whether two certificates are of one key, which may be written in
// several ways.
func sameKey(a, b *certificate.Certificate) bool {
	if bytes.Equal(a.KeyInfo, b.KeyInfo) {
		return true
	}
	// Whatever the form, a point or an exponent stands last: reading keys takes longer.
	if a.KeyInfo[len(a.KeyInfo)-1] != b.KeyInfo[len(b.KeyInfo)-1] {
		return false
	}
	one, err := a.Key()
	if err != nil {
		return false
	}
	other, err := b.Key()
	return err == nil && one.Equal(other)
}

// Country returns the anchors of a country, by its two letters in capitals.
func (l *List) Country(country string) []Anchor {
	of := func(a Anchor, country string) int { return cmp.Compare(a.country, country) }
	from, _ := slices.BinarySearchFunc(l.Anchors, country, of)
	to := from
	for to < len(l.Anchors) && of(l.Anchors[to], country) == 0 {
		to++
	}
	return slices.Clip(l.Anchors[from:to])
}

// Pinned reports whether the master lists of the root of that fingerprint are believed.
func (l *List) Pinned(fingerprint [sha256.Size]byte) bool {
	return slices.Contains(l.Pins, fingerprint)
}
