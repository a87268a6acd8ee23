package trustlist

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/crl"
)

// A signedCRL is a revocation list that is believed.
type signedCRL struct {
	*crl.CRL
	by     *certificate.Certificate // nil if who signed it is not at hand any more
	before bool                     // it is on the list already
}

// like reports whether two lists are of one key. What they say themselves of their key
// does not count: whoever is revoked by another's list would say that it is his.
func (c signedCRL) like(o signedCRL) bool {
	return c.by != nil && o.by != nil && c.Issuer.Equal(o.Issuer) && sameKey(c.by, o.by)
}

// joinCRLs takes the newest list of each key that signs them, and returns those that
// it has taken. The key of one who is revoked may be in the wrong hands: its list
// takes the place of the one before only if it names all whom that names.
func (d *Draft) joinCRLs(next *List, crls []*crl.CRL) (taken []*crl.CRL, left []Left) {
	believed, left := d.believe(next, crls)
	next.CRLs = nil
	for _, c := range believed {
		next.CRLs = append(next.CRLs, c.CRL)
	}
	next.index()
	for _, c := range believed {
		later := slices.IndexFunc(believed, func(by signedCRL) bool {
			return by.This.After(c.This) && by.like(c) && (by.Includes(c.CRL) || next.stopped(by.by, d.now) == nil)
		})
		switch {
		case later < 0:
			taken = append(taken, c.CRL)
		case !c.before:
			left = append(left, older(c.CRL, believed[later].CRL))
		}
	}
	next.CRLs = taken
	next.index()
	return slices.Clone(taken), left
}

// believe finds the lists that an anchor signed, none older than the one of the same
// key that is there.
func (d *Draft) believe(next *List, crls []*crl.CRL) (believed []signedCRL, left []Left) {
	first := next.CRLs
	for _, c := range crls {
		if slices.ContainsFunc(believed, func(b signedCRL) bool { return bytes.Equal(b.Raw, c.Raw) }) {
			continue
		}
		by, err := d.signer(next, c, slices.Contains(first, c))
		if err != nil {
			left = append(left, Left{"revocation list of " + c.Issuer.String(), err})
			continue
		}
		one := signedCRL{c, by, slices.Contains(d.base.CRLs, c)}
		there := slices.IndexFunc(believed, func(b signedCRL) bool {
			return b.before && !c.This.After(b.This) && b.like(one)
		})
		if there >= 0 && !one.before {
			left = append(left, older(c, believed[there].CRL))
			continue
		}
		believed = append(believed, one)
	}
	return believed, left
}

func older(c, there *crl.CRL) Left {
	return Left{"revocation list of " + c.Issuer.String(), fmt.Errorf("%w: of %s, the one on the list of %s", ErrOlder, day(c.This), day(there.This))}
}

// signer finds who signed a list, among the anchors and those that were ones until
// now. The lists of these stay as long as somebody hangs on them: a generation that a
// publisher leaves out does not take back whom it has revoked. taken is a list whose
// signer may have been left out because of it.
func (d *Draft) signer(next *List, c *crl.CRL, taken bool) (by *certificate.Certificate, err error) {
	by, err = next.signerOf(c, next.Named(c.Issuer), d.now)
	if err == nil {
		return by, nil
	}
	was, errWas := next.signerOf(c, d.base.Named(c.Issuer), d.now)
	if by == nil {
		by = was
	}
	believed := errWas == nil || slices.Contains(d.base.CRLs, c)
	dropped := was != nil && d.dropped[was.Fingerprint()]
	if (believed || taken) && next.revokes(c) || believed && !dropped && d.concerns(next, c) {
		return by, nil
	}
	return nil, err
}

// concerns reports whether anchors have the name of a list's issuer, or master lists
// are believed of his country, which may have anchors of other states alone.
func (d *Draft) concerns(next *List, c *crl.CRL) bool {
	_, publishes := d.sources["masterlist:"+c.Issuer.Country()]
	return publishes || len(next.Named(c.Issuer)) > 0
}

// revokes reports whether a revocation list names an anchor of the list.
func (l *List) revokes(c *crl.CRL) bool {
	return slices.ContainsFunc(l.Anchors, func(a Anchor) bool {
		_, found := c.Find(a.Serial)
		return found && a.Issuer.Equal(c.Issuer)
	})
}

// signerOf finds who of some anchors signed a list; he is returned also if the list
// cannot be believed for another reason.
func (l *List) signerOf(c *crl.CRL, among []Anchor, now time.Time) (by *certificate.Certificate, why error) {
	if _, err := c.Algorithm(); err != nil {
		return nil, err
	}
	why = crl.ErrIssuer
	for _, a := range among {
		if len(c.AuthorityKeyID) > 0 && len(a.SubjectKeyID) > 0 && !bytes.Equal(c.AuthorityKeyID, a.SubjectKeyID) {
			continue
		}
		err := c.IssuedBy(a.Certificate)
		if err != nil {
			if by == nil {
				why = err
			}
			continue
		}
		if by, why = a.Certificate, l.mayUse(a.Certificate, c); why == nil {
			break
		}
	}
	if c.This.After(now.Add(24 * time.Hour)) {
		why = ErrFuture
	}
	return by, why
}

// issued checks that the authority signed the list, with an algorithm that is strong
// enough or excepted for it.
func (l *List) issued(by *certificate.Certificate, c *crl.CRL) error {
	if err := c.IssuedBy(by); err != nil {
		return err
	}
	return l.mayUse(by, c)
}

// mayUse checks the algorithm with which an authority signed a list.
func (l *List) mayUse(by *certificate.Certificate, c *crl.CRL) error {
	a, err := c.Algorithm()
	if err != nil {
		return err
	}
	if _, excepted := l.Excepted(by.Subject.Country(), by.SubjectKeyID, a, c.This); a.SHA1() && !excepted {
		return ErrWeak
	}
	return nil
}
