package trustlist_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// revokeAs is a revocation list that says what it likes of its key.
func (s state) revokeAs(by issuer.Party, keyID []byte, days int, serials ...int64) []byte {
	at := now.AddDate(0, 0, days)
	c := issuer.CRL{Issuer: by.Name, This: at, Next: at.AddDate(0, 3, 0), Number: 1, KeyID: keyID}
	for _, n := range serials {
		c.Revoked = append(c.Revoked, issuer.Revocation{Serial: n, At: at, Reason: 1})
	}
	return must(issuer.Revoke(c, by.Key))
}

// A revocation list takes the place of the one of the key that signed it, whatever it
// says of that key; and whoever is revoked takes nobody off, himself least of all.
func TestWhoReplacesRevocationLists(t *testing.T) {
	u := utopia()
	one, own := issuer.CountrySigner(u.first), issuer.CountrySigner(u.second)
	one.Serial, own.Serial = 11, 15
	one.Extensions = one.Extensions[:2] // does not say which its key is
	csca1, csca2 := must(issuer.Certify(one, u.first.Key)), must(issuer.Certify(own, u.second.Key))
	id1, id2 := u.first.Key.ID(), u.second.Key.ID()
	for name, tt := range map[string]struct {
		before, now [][]byte
		crls        int
		revoked     []int64 // of 11, 15 and the document signer, 2
	}{
		"a newer one of the key":              {[][]byte{u.revokeAs(u.second, id2, -5, 11, 2)}, [][]byte{u.revokeAs(u.second, id2, -1, 11)}, 1, []int64{11}},
		"neither names its key":               {[][]byte{u.revokeAs(u.second, nil, -5, 11)}, [][]byte{u.revokeAs(u.first, nil, -1)}, 2, []int64{11}},
		"names the key of the other":          {[][]byte{u.revokeAs(u.second, id2, -5, 11)}, [][]byte{u.revokeAs(u.first, id2, -1)}, 2, []int64{11}},
		"revoked itself before":               {[][]byte{u.revokeAs(u.first, id1, -5, 11)}, [][]byte{u.revokeAs(u.first, id1, -1)}, 2, []int64{11}},
		"revoked before, adds one":            {[][]byte{u.revokeAs(u.first, id1, -5, 11)}, [][]byte{u.revokeAs(u.first, id1, -1, 11, 2)}, 1, []int64{11, 2}},
		"revoked by the other, takes one off": {[][]byte{u.revokeAs(u.second, id2, -5, 11), u.revokeAs(u.first, id1, -5, 2)}, [][]byte{u.revokeAs(u.first, id1, -1)}, 3, []int64{11, 2}},
		"revoked at once, takes one off":      {[][]byte{u.revokeAs(u.first, id1, -5, 2)}, [][]byte{u.revokeAs(u.first, id1, -1), u.revokeAs(u.second, id2, -1, 11)}, 3, []int64{11, 2}},
		"roll-over, without any thief":        {[][]byte{u.revokeAs(u.second, nil, -5, 2)}, [][]byte{u.revokeAs(u.first, nil, -4)}, 2, []int64{2}},
		"roll-over, an older one":             {[][]byte{u.revokeAs(u.first, nil, -4)}, [][]byte{u.revokeAs(u.second, nil, -5, 2)}, 2, []int64{2}},
	} {
		base := next(t, empty, [][]byte{csca1, csca2}, append([][]byte{csca1, csca2}, tt.before...)...)
		l := next(t, base, nil, tt.now...)
		var revoked []int64
		for serial, c := range map[int64]*trustlist.Anchor{11: anchor(l, csca1), 15: anchor(l, csca2), 2: {Certificate: u.document(u.first)}} {
			if l.Revoked(c.Certificate, now).Status == trustlist.Revoked {
				revoked = append(revoked, serial)
			}
		}
		slices.Sort(revoked)
		slices.Sort(tt.revoked)
		if len(l.CRLs) != tt.crls || !slices.Equal(revoked, tt.revoked) {
			t.Errorf("%s: %d revocation lists, revoked %v; want %d, %v", name, len(l.CRLs), revoked, tt.crls, tt.revoked)
		}
		if same := next(t, l, nil, tt.now...); len(same.CRLs) != tt.crls || len(trustlist.Diff(same, l)) != 0 {
			t.Errorf("%s, again: %d revocation lists", name, len(same.CRLs))
		}
	}
}

// Of two lists of one key in one import the newer is taken, whichever comes first.
func TestTwoRevocationListsAtOnce(t *testing.T) {
	u := utopia()
	old, young := u.revoke(u.first, now.AddDate(0, 0, -5), 2), u.revoke(u.first, now, 3)
	for _, files := range [][][]byte{{u.csca1, old, young}, {u.csca1, young, old}} {
		d := draft(t, empty, [][]byte{u.csca1}, files...)
		l := must(d.Finish())
		if len(l.CRLs) != 1 || string(l.CRLs[0].Raw) != string(young) || len(d.LeftOut) != 1 || !errors.Is(d.LeftOut[0].Why, trustlist.ErrOlder) {
			t.Errorf("%d revocation lists, left out %v", len(l.CRLs), d.LeftOut)
		}
	}
}

func anchor(l *trustlist.List, der []byte) *trustlist.Anchor {
	for i, a := range l.Anchors {
		if string(a.Raw) == string(der) {
			return &l.Anchors[i]
		}
	}
	return nil
}
