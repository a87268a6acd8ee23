package emrtd

import (
	"bytes"
	"cmp"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/trustlist"
)

// issuer finds the country signer that issued the document signer's certificate. Its
// key may have several certificates, such as a self-signed one, a link and a renewal:
// of those with the name that the document signer's tells, one that is valid now is
// taken first.
func (in *inspection) issuer() (err error) {
	if in.ds == nil {
		return ReasonBefore
	}
	if in.anchors, err = in.issuers(in.ds); err != nil {
		return err
	}
	slices.SortStableFunc(in.anchors, func(a, b *signer) int {
		return cmp.Compare(in.rank(a), in.rank(b))
	})
	in.csca = in.anchors[0]
	return nil
}

// issuers finds the certificates of the key that issued that of a document signer.
// All that may be it are tried: two generations may share a key identifier, and an
// impostor may give himself one.
func (in *inspection) issuers(ds *signer) (anchors []*signer, err error) {
	err = ReasonNoAnchor
	for _, a := range in.trust.Issuers(ds.Certificate) {
		// Another key of the same name is a generation that is not listed yet, and
		// no forgery.
		others := len(a.SubjectKeyID) != 0 && len(ds.AuthorityKeyID) != 0 && !bytes.Equal(a.SubjectKeyID, ds.AuthorityKeyID)
		if others || !a.Subject.Equal(ds.Issuer) {
			continue
		}
		key, kerr := a.Key()
		if kerr != nil || ds.IssuedBy(a.Certificate) != nil {
			err = ReasonNotIssued
			continue
		}
		for _, same := range in.trust.SameKey(a.Certificate) {
			anchors = append(anchors, &signer{same.Certificate, key})
		}
		return anchors, nil
	}
	return nil, err
}

// rank puts certificates with the issuer's name first, of which one key may have two,
// and of these those that are valid now.
func (in *inspection) rank(c *signer) int {
	switch {
	case !c.Subject.Equal(in.ds.Issuer):
		return 2
	case !within(in.now, c.NotBefore, c.NotAfter):
		return 1
	}
	return 0
}

// algorithms is the policy: SHA-1 where the list excepts the issuer, MD5 never
// (it is not even read), no small keys.
func (in *inspection) algorithms() error {
	if in.csca == nil {
		return ReasonBefore
	}
	if in.ds.key.Weak() { // of country signers the list has none
		return fmt.Errorf("%w: %v", ReasonWeakKey, in.ds.key)
	}
	issued, err := in.ds.Algorithm()
	if err != nil {
		return ReasonAlgorithm
	}
	signed := in.sod.SigningTime
	if signed.IsZero() { // nobody says that it was before an exception's end
		signed = in.now
	}
	id := in.ds.AuthorityKeyID
	if len(id) == 0 {
		id = in.csca.SubjectKeyID
	}
	var note error
	for _, use := range []struct {
		a  signature.Algorithm
		at time.Time
	}{{issued, in.ds.NotBefore}, {in.sod.Algorithm, signed}, {signature.Algorithm{Hash: in.sod.Object.Hash}, signed}} {
		if use.a.Hash == crypto.MD5 {
			return ReasonAlgorithm
		}
		if !use.a.SHA1() {
			continue
		}
		e, ok := in.trust.Excepted(in.csca.Subject.Country(), id, use.a, use.at)
		if !ok {
			return ReasonSHA1
		}
		note = fmt.Errorf("%w: SHA-1: %s", ReasonException, e.Reason)
	}
	return note
}

// revocation asks the revocation lists for both signers. That nobody has said so
// lately is another answer than that they are good.
func (in *inspection) revocation() error {
	if in.csca == nil {
		return ReasonBefore
	}
	ds, csca := in.standing(in.ds), in.standing(in.anchors...)
	if ds == nil || errors.Is(csca, ReasonRevoked) {
		return csca
	}
	return ds
}

// standing asks for all certificates of one key: whichever of them is revoked, the
// key is. Nil is good: a list that names none of them is there, and fresh.
func (in *inspection) standing(certs ...*signer) error {
	note := error(ReasonNoList)
	for _, c := range certs {
		switch s := in.trust.Revoked(c.Certificate, in.now); s.Status {
		case trustlist.Good:
			note = nil
		case trustlist.Revoked:
			return fmt.Errorf("%w: on %s", ReasonRevoked, s.At.Format(time.DateOnly))
		case trustlist.Stale:
			if note == error(ReasonNoList) {
				note = fmt.Errorf("%w: it ended on %s", ReasonStaleList, s.Next.Format(time.DateOnly))
			}
		}
	}
	return note
}

// excusable are the checks that a known defect explains: mistakes of the issuer
// about himself. That the files are those that a trusted state has signed, and not
// revoked, nothing excuses.
var excusable = map[string]bool{
	CheckSigner: true, CheckCountry: true, CheckDocumentType: true, CheckValidity: true, CheckKeyPeriod: true,
	CheckDetails: true, CheckCOM: true, CheckAccess: true, CheckDowngrade: true, CheckCardSecurity: true,
}

// defects asks whether a key is known to be out of hand, the signer's or the country
// signer's: what it has signed is refused.
func (in *inspection) defects() error {
	if in.csca == nil {
		return ReasonBefore
	}
	for _, c := range slices.Concat([]*signer{in.ds}, in.anchors) {
		if d, ok := in.trust.Distrusted(c.Certificate); ok {
			return fmt.Errorf("%w: %s", ReasonDefect, d.Reason)
		}
	}
	return nil
}

// excuse turns failures that the list explains into what it says of them. Only of
// a signer that is proved to be the one meant.
func (in *inspection) excuse() {
	if !in.genuine() {
		return
	}
	for _, d := range in.trust.DefectsOf(in.ds.Certificate) {
		for i, c := range in.checks {
			if c.Name == d.Check && c.Result == Failed && excusable[c.Name] {
				in.checks[i].Result, in.checks[i].Reason = Successful, ReasonException
				in.checks[i].Detail = fmt.Sprintf("%v: %s: %s", ReasonException, d.Reason, c.Detail)
			}
		}
	}
}

// genuine reports that a trusted country signer issued the signer's certificate,
// and that this signed the security object.
func (in *inspection) genuine() bool {
	return result(in.checks, CheckTrust) == Successful && result(in.checks, CheckSignature) == Successful
}
