package trustlist

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/crl"
	"github.com/tunnus-id/tunnus/document/masterlist"
)

// Filed is the source of links that came one by one.
const Filed = "file"

// Why something is not taken.
var (
	ErrUnknown  = errors.New("trustlist: neither a master list, a certificate, a revocation list nor rules")
	ErrUnpinned = errors.New("trustlist: a country signer that signed itself, and is not pinned")
	ErrOlder    = errors.New("trustlist: older than what is on the list")
	ErrNoParent = errors.New("trustlist: a link that no anchor signed")
	ErrRenamed  = errors.New("trustlist: a link to another name, or country, that does not say that the name has changed")
	ErrUnused   = errors.New("trustlist: a pin that no file needed")
	ErrNotThere = errors.New("trustlist: neither a pin, nor an anchor that was pinned or came by a file of its own, nor a source")
	ErrFuture   = errors.New("trustlist: of a time that has not come yet")
	ErrRevoked  = errors.New("trustlist: revoked by its issuer")
	ErrDistrust = errors.New("trustlist: a key that the rules say is out of hand")
)

// A Draft is the next version of a list in the making. It is for one goroutine.
type Draft struct {
	// LeftOut tells what came with a file that was taken, and is not on the list.
	LeftOut []Left

	base    *List
	now     time.Time
	pins    map[[sha256.Size]byte]need // those offered, and what they were needed for
	anchors map[[sha256.Size]byte]Anchor
	sources map[string]Source
	crls    []*crl.CRL
	lists   []*masterlist.List // that were taken
	rules   Rules
	dropped map[[sha256.Size]byte]bool
}

// A need is what a pin was needed for.
type need struct{ list, anchor bool }

// A Left is something that was left out, and why.
type Left struct {
	What string
	Why  error
}

// NewDraft begins the version after base, which may be the zero List. pins are
// fingerprints of roots, whose master lists are believed from now on, and of
// country signers that come alone. One who was pinned for himself has no say
// about others later: for his lists he must be pinned again.
func NewDraft(base *List, now time.Time, pins ...[sha256.Size]byte) *Draft {
	d := &Draft{
		base: base, now: now.UTC().Truncate(time.Second), pins: map[[sha256.Size]byte]need{},
		anchors: map[[sha256.Size]byte]Anchor{}, sources: map[string]Source{},
		crls: slices.Clone(base.CRLs), rules: Rules{base.Exceptions, base.Defects},
		dropped: map[[sha256.Size]byte]bool{},
	}
	for _, p := range pins {
		d.pins[p] = need{}
	}
	for _, a := range base.Anchors {
		a.Sources = slices.Clone(a.Sources)
		d.anchors[a.Fingerprint()] = a
	}
	for _, s := range base.Sources {
		d.sources[s.Name] = s
	}
	return d
}

// publishes reports whether the master lists of a root are believed.
func (d *Draft) publishes(sum [sha256.Size]byte) bool {
	if n, offered := d.pins[sum]; offered {
		n.list = true
		d.pins[sum] = n
		return true
	}
	return d.base.Pinned(sum)
}

// pinned reports whether a country signer that comes alone is believed.
func (d *Draft) pinned(sum [sha256.Size]byte) bool {
	if n, offered := d.pins[sum]; offered {
		n.anchor = true
		d.pins[sum] = n
		return true
	}
	return slices.Contains(d.anchors[sum].Sources, Pinned)
}

// Add takes a file: a master list, a certificate, a revocation list (each in DER or
// PEM, of which there may be several), or rules in JSON. It returns what the file
// was taken for. After an error the draft is of no use.
func (d *Draft) Add(file []byte) (kind string, err error) {
	text := bytes.TrimSpace(file)
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		d.rules, err = ParseRules(text)
		return "rules", err
	case bytes.HasPrefix(file, []byte{0x30}) || !bytes.Contains(text, []byte("-----BEGIN ")):
		return d.addDER(file)
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if kind, err = d.addDER(block.Bytes); err != nil {
			return kind, err
		}
	}
	if kind == "" {
		err = ErrUnknown
	}
	return kind, err
}

func (d *Draft) addDER(der []byte) (kind string, err error) {
	list, err := masterlist.Parse(der)
	if err == nil {
		return "master list", d.addMasterList(list, sha256.Sum256(der))
	}
	c, errCertificate := certificate.Parse(der)
	if errCertificate == nil {
		return "certificate", d.addCertificate(c)
	}
	revoked, errCRL := crl.Parse(der)
	if errCRL == nil {
		d.crls = append(d.crls, revoked)
		return "revocation list", nil
	}
	return "", fmt.Errorf("%w: %w; %w; %w", ErrUnknown, err, errCertificate, errCRL)
}

// addMasterList takes the place of what the same publisher's list brought before.
// Who was revoked is known once all files are there: see [Draft.Finish].
func (d *Draft) addMasterList(list *masterlist.List, digest [sha256.Size]byte) error {
	root, err := list.Verify(d.publishes, nil, d.now)
	if err != nil {
		return err
	}
	s := Source{Name: "masterlist:" + root.Subject.Country(), Signed: list.Signed, Digest: digest, Count: len(list.Certificates) + len(list.Unread)}
	before, ok := d.sources[s.Name]
	silent := s.Signed.IsZero() && s.Digest != before.Digest // nobody can say which of two is newer
	if ok && (silent || s.Signed.Before(before.Signed)) {
		return fmt.Errorf("%w: master list signed %s, the one on the list %s", ErrOlder, day(s.Signed), day(before.Signed))
	}
	if !named(s.Name) {
		return masterlist.ErrSigner
	}
	d.sources[s.Name] = s
	d.lists = append(d.lists, list)
	d.forget(s.Name)
	for _, why := range list.Unread {
		d.LeftOut = append(d.LeftOut, Left{"on the master list of " + root.Subject.Country(), why})
	}
	for _, c := range list.Certificates {
		if err := fit(c); err != nil {
			d.LeftOut = append(d.LeftOut, Left{c.String(), err})
			continue
		}
		d.from(c, s.Name)
	}
	return nil
}

// addCertificate takes a country signer that is pinned, or a link.
func (d *Draft) addCertificate(c *certificate.Certificate) error {
	if err := fit(c); err != nil {
		return err
	}
	switch {
	case d.pinned(c.Fingerprint()):
		d.from(c, Pinned)
	case c.SelfSigned():
		return ErrUnpinned
	default:
		d.from(c, Filed)
	}
	return nil
}

// from notes that a certificate comes from a source.
func (d *Draft) from(c *certificate.Certificate, source string) {
	sum := c.Fingerprint()
	a, ok := d.anchors[sum]
	if !ok {
		a = Anchor{Certificate: c}
	}
	if !slices.Contains(a.Sources, source) {
		a.Sources = append(a.Sources, source)
		slices.Sort(a.Sources)
	}
	d.anchors[sum] = a
}

// Drop takes off an anchor that was pinned or came by a file of its own, or the pin
// of a root, whose lists are not believed any more; what they have brought goes
// with [Draft.DropSource]. It fails with [ErrNotThere].
func (d *Draft) Drop(sum [sha256.Size]byte) error {
	a := d.anchors[sum]
	own := func(name string) bool { return name == Pinned || name == Filed }
	if !d.base.Pinned(sum) && !slices.ContainsFunc(a.Sources, own) {
		return ErrNotThere
	}
	if a.Certificate != nil {
		a.Sources = slices.DeleteFunc(a.Sources, own)
		d.anchors[sum] = a
	}
	d.dropped[sum] = true
	return nil
}

// DropSource takes off what a publisher's master lists have brought, such as
// "masterlist:XX". It fails with [ErrNotThere].
func (d *Draft) DropSource(name string) error {
	if _, ok := d.sources[name]; !ok {
		return ErrNotThere
	}
	delete(d.sources, name)
	d.forget(name)
	return nil
}

// forget takes a source off all anchors.
func (d *Draft) forget(source string) {
	for sum, a := range d.anchors {
		a.Sources = slices.DeleteFunc(a.Sources, func(name string) bool { return name == source })
		d.anchors[sum] = a
	}
}

func day(t time.Time) string {
	if t.IsZero() {
		return "no date"
	}
	return t.UTC().Format(time.DateOnly)
}
