package trustlist

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
)

// Finish makes the next version. Revocation lists count whichever file they came
// in: a master list whose signer they revoke, or one above him, is an error
// (masterlist.ErrSigner), and a revoked country signer vouches for no link.
func (d *Draft) Finish() (*List, error) {
	next := &List{
		Version: d.base.Version + 1, Made: d.now, Exceptions: d.rules.Exceptions, Defects: d.rules.Defects,
		Sources: slices.SortedFunc(maps.Values(d.sources), func(a, b Source) int { return cmp.Compare(a.Name, b.Name) }),
	}
	pins := slices.Clone(d.base.Pins)
	for sum, used := range d.pins {
		if used == (need{}) {
			return nil, fmt.Errorf("%w: %x", ErrUnused, sum)
		}
		if used.list {
			pins = append(pins, sum)
		}
	}
	slices.SortFunc(pins, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	next.Pins = slices.DeleteFunc(slices.Compact(pins), func(sum [sha256.Size]byte) bool { return d.dropped[sum] })
	d.LeftOut = append(d.LeftOut, d.join(next)...)
	judge := d.judge(next)
	for _, list := range d.lists {
		refused := func(c, above *certificate.Certificate) error { return d.refused(judge, c, above) }
		if _, err := list.Verify(d.publishes, refused, d.now); err != nil {
			return nil, err
		}
	}
	if len(next.Anchors) > maxAnchors || len(next.CRLs) > maxCRLs || len(next.Pins) > maxSources || len(next.Sources) > maxSources {
		return nil, fmt.Errorf("%w: too long", ErrForm)
	}
	return next, nil
}

// join takes anchors and revocation lists, and tells what is left out. Which lists
// are believed follows from the anchors, and which anchors vouch for others from the
// lists: where one is out of hand, what hangs on it goes in a second round, though
// the list that says so does not.
func (d *Draft) join(next *List) []Left {
	leftAnchors := d.joinAnchors(next)
	crls, leftCRLs := d.joinCRLs(next, d.crls)
	if slices.ContainsFunc(next.Anchors, func(a Anchor) bool { return next.stopped(a.Certificate, d.now) != nil }) {
		leftAnchors = d.joinAnchors(next)
		_, more := d.joinCRLs(next, crls)
		leftCRLs = append(leftCRLs, more...)
	}
	return append(leftAnchors, leftCRLs...)
}

// stopped tells why the certificate vouches for nothing: its key is known to be out
// of hand, or it is revoked, or an anchor with its key is.
func (l *List) stopped(c *certificate.Certificate, now time.Time) error {
	for _, a := range append(l.SameKey(c), Anchor{Certificate: c}) {
		if d, ok := l.Distrusted(a.Certificate); ok {
			return fmt.Errorf("%w: %s", ErrDistrust, d.Reason)
		}
		if s := l.Revoked(a.Certificate, now); s.Status == Revoked {
			return fmt.Errorf("%w: %v on %s", ErrRevoked, a, day(s.At))
		}
	}
	return nil
}

// judge is the list by which the signers of master lists are judged: also those who
// were on the list until now have a say, since a signer whom one of them has revoked
// would leave just that one out.
func (d *Draft) judge(next *List) *List {
	l := &List{Anchors: slices.Clone(next.Anchors), Exceptions: next.Exceptions, Defects: next.Defects}
	there := map[[sha256.Size]byte]bool{}
	for _, a := range next.Anchors {
		there[a.Fingerprint()] = true
	}
	for _, a := range d.base.Anchors {
		if sum := a.Fingerprint(); !there[sum] && !d.dropped[sum] {
			l.Anchors = append(l.Anchors, a)
		}
	}
	l.index()
	d.joinCRLs(l, d.crls)
	return l
}

// refused tells why a certificate between a master list and its root is not
// believed, above being its issuer. Roots need not be on the list, so what they
// say of others is looked for among all files.
func (d *Draft) refused(l *List, c, above *certificate.Certificate) error {
	if err := l.stopped(c, d.now); err != nil {
		return err
	}
	for _, r := range d.crls {
		if _, found := r.Find(c.Serial); found && r.Issuer.Equal(c.Issuer) && l.issued(above, r) == nil {
			return fmt.Errorf("%w: %v", ErrRevoked, c)
		}
	}
	return nil
}

// joinAnchors takes those that are believed by themselves, and then the links
// under them, as long as there are any.
func (d *Draft) joinAnchors(next *List) (left []Left) {
	next.Anchors = nil
	var links []Anchor
	for _, a := range d.anchors {
		switch {
		case len(a.Sources) == 0:
		case slices.Contains(a.Sources, Pinned) || a.SelfSigned():
			a.Link = false
			next.Anchors = append(next.Anchors, a)
		default:
			a.Link = true
			links = append(links, a)
		}
	}
	slices.SortFunc(links, func(a, b Anchor) int { return bytes.Compare(a.Raw, b.Raw) })
	why := map[*certificate.Certificate]error{}
	for before := -1; before != len(next.Anchors); {
		before = len(next.Anchors)
		next.index()
		var joined []Anchor
		links = slices.DeleteFunc(links, func(a Anchor) bool {
			err := next.link(a.Certificate, d.now)
			if why[a.Certificate] = err; err == nil {
				joined = append(joined, a)
			}
			return err == nil
		})
		next.Anchors = append(next.Anchors, joined...)
	}
	for _, a := range links {
		left = append(left, Left{a.String(), why[a.Certificate]})
	}
	return left
}

// link checks that a link adds an anchor: it verifies under one that is there, and
// that is in the hands of its state.
func (l *List) link(c *certificate.Certificate, now time.Time) error {
	a, err := c.Algorithm()
	if err != nil {
		return err
	}
	why := ErrNoParent
	for _, above := range l.Issuers(c) {
		if c.IssuedBy(above.Certificate) != nil {
			continue
		}
		_, excepted := l.Excepted(above.Subject.Country(), above.SubjectKeyID, a, c.NotBefore)
		stopped := l.stopped(above.Certificate, now)
		switch {
		case stopped != nil:
			return stopped
		case a.SHA1() && !excepted:
			why = ErrWeak
		case !c.SelfIssued() && !c.NameChange || c.Subject.Country() != above.Subject.Country():
			why = ErrRenamed
		default:
			return nil
		}
	}
	return why
}
