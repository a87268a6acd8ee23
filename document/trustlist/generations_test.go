package trustlist_test

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/masterlist"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// A signer of master lists, or his root, whom a later generation has revoked is not
// believed again by leaving this generation out of his list, nor himself; whether its
// revocation list is there or comes with his.
func TestRevokedPublishersLeaveOutWhoRevokedThem(t *testing.T) {
	u, e := utopia(), erewhon()
	csca1, link2, _, _ := u.numbered()
	list := issuer.ListSigner(u.lists, u.first)
	list.Serial = 77
	lister := must(issuer.Certify(list, u.first.Key))
	publish := func(days int, certs ...[]byte) []byte {
		return must(issuer.PublishList(now.AddDate(0, 0, days), u.lists.Key, lister, [][]byte{csca1}, certs...))
	}
	renewal := issuer.CountrySigner(u.first)
	renewal.Serial = 16
	before := next(t, empty, [][]byte{csca1}, publish(-9, csca1, link2, must(issuer.Certify(renewal, u.first.Key))))
	for name, tt := range map[string]struct {
		revoked int64
		certs   [][]byte
		want    error
	}{
		"nobody":                              {99, [][]byte{csca1, e.csca1}, nil},
		"signer":                              {77, [][]byte{csca1, e.csca1}, trustlist.ErrRevoked},
		"signer, the generation is on it":     {77, [][]byte{csca1, link2, e.csca1}, trustlist.ErrRevoked},
		"signer, nobody of his is on it":      {77, [][]byte{e.csca1}, trustlist.ErrRevoked},
		"root":                                {11, [][]byte{csca1, e.csca1}, trustlist.ErrRevoked},
		"another certificate of its key":      {16, [][]byte{csca1, e.csca1}, trustlist.ErrRevoked},
		"root, which left itself out as well": {11, [][]byte{e.csca1}, trustlist.ErrRevoked},
	} {
		says, newer := u.revoke(u.second, now, tt.revoked), publish(-1, tt.certs...)
		base := next(t, before, nil, says)
		for when, d := range map[string]*trustlist.Draft{"before": draft(t, base, nil, newer), "at once": draft(t, before, nil, newer, says)} {
			_, err := d.Finish()
			if !errors.Is(err, tt.want) || tt.want != nil && !errors.Is(err, masterlist.ErrSigner) {
				t.Errorf("%s, revoked %s: %v; want %v", name, when, err, tt.want)
			}
		}
	}
}

// Whom a generation has revoked stays revoked when the publisher leaves it out, as long
// as there are others of its name or lists of its state; unless it is dropped by hand.
func TestRevocationsOutliveTheirGeneration(t *testing.T) {
	u, e := utopia(), erewhon()
	signer, says := u.document(u.first), u.revoke(u.second, now.AddDate(0, 0, -1), 2)
	whole := u.publish(now.AddDate(0, 0, -5), u.csca1, u.link2)
	base := next(t, empty, [][]byte{u.csca1}, whole, says)
	for name, l := range map[string]*trustlist.List{
		"it comes before": next(t, base, nil, u.publish(now, u.csca1)),
		"it comes along":  next(t, next(t, empty, [][]byte{u.csca1}, whole), nil, u.publish(now, u.csca1), says),
		"twice":           next(t, next(t, base, nil, u.publish(now.AddDate(0, 0, -1), u.csca1)), nil, u.publish(now, u.csca1)),
		"nobody is left":  next(t, next(t, base, nil, u.publish(now.AddDate(0, 0, -1), e.csca1)), nil, u.publish(now, u.csca1)),
	} {
		if s := l.Revoked(signer, now); s.Status != trustlist.Revoked || len(l.CRLs) != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	pinned := next(t, empty, [][]byte{u.csca1, u.csca2}, u.csca1, u.csca2, says)
	d := draft(t, pinned, nil)
	if err := d.Drop(sha256.Sum256(u.csca2)); err != nil {
		t.Fatal(err)
	}
	if l := must(d.Finish()); len(l.Anchors) != 1 || len(l.CRLs) != 0 {
		t.Errorf("dropped by hand: %d anchors, %d revocation lists", len(l.Anchors), len(l.CRLs))
	}
	// Back on the list, it replaces its own.
	later := next(t, next(t, base, nil, u.publish(now.AddDate(0, 0, -1), u.csca1)), nil, u.publish(now, u.csca1, u.link2), u.revoke(u.second, now, 2, 9))
	if len(later.CRLs) != 1 || later.CRLs[0].Len() != 2 {
		t.Errorf("%d revocation lists", len(later.CRLs))
	}
}

// Of two lists that do not say when they were signed, none is newer: the second is
// taken only when the first has been dropped.
func TestMasterListsWithoutATime(t *testing.T) {
	u := utopia()
	one, other := u.publish(time.Time{}, u.csca1), u.publish(time.Time{}, u.csca1, u.link2)
	l := next(t, empty, [][]byte{u.csca1}, one)
	if _, err := trustlist.NewDraft(l, now).Add(other); !errors.Is(err, trustlist.ErrOlder) {
		t.Errorf("another: %v", err)
	}
	for name, file := range map[string][]byte{"the same": one, "with a time": u.publish(now, u.csca1)} {
		if same := next(t, l, nil, file); len(same.Anchors) != 1 {
			t.Errorf("%s: %d anchors", name, len(same.Anchors))
		}
	}
	d := trustlist.NewDraft(l, now)
	if err := d.DropSource("masterlist:XX"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Add(other); err != nil || len(must(d.Finish()).Anchors) != 2 {
		t.Errorf("after the first was dropped: %v", err)
	}
}

// A link is good under one certificate of a key, whatever is wrong under another.
func TestLinkUnderOneOfSeveralParents(t *testing.T) {
	u := utopia()
	bare, sha1 := issuer.CountrySigner(u.first), issuer.LinkTo(u.second, u.first)
	bare.Extensions = bare.Extensions[:2] // no key identifier: the exception is not for this one
	sha1.Algorithm = signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA1}
	other, link := must(issuer.Certify(bare, u.first.Key)), must(issuer.Certify(sha1, u.first.Key))
	d := draft(t, empty, [][]byte{u.csca1, other}, u.csca1, other, link, rules(u.first.Key.ID()))
	if l := must(d.Finish()); len(l.Anchors) != 3 || len(d.LeftOut) != 0 {
		t.Errorf("%d anchors, left out %v", len(l.Anchors), d.LeftOut)
	}
}
