package trustlist_test

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/crl"
	"github.com/tunnus-id/tunnus/document/masterlist"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// numbered are certificates of the state with serial numbers of their own.
func (s state) numbered() (csca1, link2, link3, lister []byte) {
	one, two, three, list := issuer.CountrySigner(s.first), issuer.LinkTo(s.second, s.first), s.renaming(), issuer.ListSigner(s.lists, s.second)
	one.Serial, two.Serial, three.Serial, list.Serial = 11, 12, 13, 14
	return must(issuer.Certify(one, s.first.Key)), must(issuer.Certify(two, s.first.Key)), must(issuer.Certify(three, s.second.Key)), must(issuer.Certify(list, s.second.Key))
}

// distrust is a file of rules against the key of a certificate.
func distrust(der []byte) []byte {
	return fmt.Appendf(nil, `{"defects": [{"key": "%x", "reason": "stolen"}]}`, must(certificate.Parse(der)).KeyDigest())
}

// A master list is not believed if a revocation list names its signer, a link
// between, or the root, whichever file comes first; the root need not be on it.
func TestMasterListsOfRevokedSigners(t *testing.T) {
	u := utopia()
	csca1, link2, _, lister := u.numbered()
	publish := func(certs ...[]byte) []byte {
		return must(issuer.PublishList(now, u.lists.Key, lister, [][]byte{csca1, link2}, certs...))
	}
	whole, rootless := publish(csca1, link2), publish(link2)
	for name, tt := range map[string]struct {
		files [][]byte
		want  error
	}{
		"good":                        {[][]byte{whole, u.revoke(u.first, now, 99)}, nil},
		"signer":                      {[][]byte{whole, u.revoke(u.second, now, 14)}, trustlist.ErrRevoked},
		"signer, the other way round": {[][]byte{u.revoke(u.second, now, 14), whole}, trustlist.ErrRevoked},
		"signer, an old list":         {[][]byte{whole, u.revoke(u.second, now.AddDate(-1, 0, 0), 14)}, trustlist.ErrRevoked},
		"link":                        {[][]byte{whole, u.revoke(u.first, now, 12)}, trustlist.ErrRevoked},
		"root":                        {[][]byte{whole, u.revoke(u.first, now, 11)}, trustlist.ErrRevoked},
		"root that is not on it":      {[][]byte{rootless, u.revoke(u.first, now, 11)}, trustlist.ErrRevoked},
		"signer's key out of hand":    {[][]byte{whole, distrust(lister)}, trustlist.ErrDistrust},
		"root's key out of hand":      {[][]byte{whole, distrust(csca1)}, trustlist.ErrDistrust},
		"by a stranger":               {[][]byte{whole, erewhon().revoke(erewhon().first, now, 14)}, nil},
	} {
		d := draft(t, empty, [][]byte{csca1}, tt.files...)
		_, err := d.Finish()
		if !errors.Is(err, tt.want) || tt.want != nil && !errors.Is(err, masterlist.ErrSigner) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
	}
	// A revocation list that is there already counts as one that comes.
	base := next(t, empty, [][]byte{csca1}, csca1, link2, u.revoke(u.second, now, 14))
	if _, err := draft(t, base, [][]byte{csca1}, whole).Finish(); !errors.Is(err, masterlist.ErrSigner) {
		t.Errorf("later: %v", err)
	}
}

// What a revoked country signer has signed, before or after, adds no anchor; and who
// revoked it is not forgotten with that.
func TestLinksUnderRevokedAnchors(t *testing.T) {
	u := utopia()
	csca1, link2, link3, _ := u.numbered()
	for name, tt := range map[string]struct {
		file          []byte
		anchors, crls int
		want          error
	}{
		"good":                    {u.revoke(u.first, now, 99), 3, 1, nil},
		"root":                    {u.revoke(u.first, now, 11), 1, 1, trustlist.ErrRevoked},
		"root, says its follower": {u.revoke(u.second, now, 11), 1, 1, trustlist.ErrRevoked},
		"link":                    {u.revoke(u.first, now, 12), 2, 1, trustlist.ErrRevoked},
		"last link":               {u.revoke(u.first, now, 13), 3, 1, nil}, // judged where it is used
		"key of the root":         {distrust(csca1), 1, 0, trustlist.ErrDistrust},
		"key of the link":         {distrust(link2), 2, 0, trustlist.ErrDistrust},
	} {
		d := draft(t, empty, [][]byte{csca1}, csca1, link3, link2, tt.file)
		l := must(d.Finish())
		if len(l.Anchors) != tt.anchors || len(l.CRLs) != tt.crls {
			t.Errorf("%s: %d anchors, %d revocation lists, left out %v", name, len(l.Anchors), len(l.CRLs), d.LeftOut)
		}
		told := tt.want == nil
		for _, left := range d.LeftOut {
			told = told || errors.Is(left.Why, tt.want)
		}
		if !told {
			t.Errorf("%s: left out %v; want %v", name, d.LeftOut, tt.want)
		}
		again := must(draft(t, l, nil, link2, link3, tt.file).Finish())
		if len(again.Anchors) != tt.anchors || len(again.CRLs) != tt.crls {
			t.Errorf("%s, again: %d anchors, %d revocation lists", name, len(again.Anchors), len(again.CRLs))
		}
	}
}

// One of several certificates of a key is revoked: the key vouches for nothing.
func TestRevokedCertificateOfTheSameKey(t *testing.T) {
	u := utopia()
	csca1, link2, link3, _ := u.numbered()
	own := issuer.CountrySigner(u.second)
	own.Serial, own.Extensions[2] = 15, issuer.SubjectKeyID([]byte("another way to make one"))
	csca2 := must(issuer.Certify(own, u.second.Key))
	d := draft(t, empty, [][]byte{csca1, csca2}, csca1, csca2, link2, link3, u.revoke(u.first, now, 15))
	if l := must(d.Finish()); len(l.Anchors) != 3 || len(d.LeftOut) != 1 || !errors.Is(d.LeftOut[0].Why, trustlist.ErrRevoked) {
		t.Errorf("%d anchors, left out %v", len(l.Anchors), d.LeftOut)
	}
	if same := must(trustlist.Of(csca1, csca2, link2, link3)).SameKey(must(certificate.Parse(csca2))); len(same) != 2 {
		t.Errorf("%d certificates of one key", len(same))
	}
}

// A list is good for 90 days at most, whatever it says.
func TestListsThatAreGoodForTooLong(t *testing.T) {
	u := utopia()
	good := issuer.CRL{Issuer: u.first.Name, This: now, Next: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), KeyID: u.first.Key.ID()}
	l := next(t, empty, [][]byte{u.csca1}, u.csca1, must(issuer.Revoke(good, u.first.Key)))
	ds := u.document(u.first)
	for days, want := range map[int]trustlist.Status{90: trustlist.Good, 91: trustlist.Stale} {
		if s := l.Revoked(ds, now.AddDate(0, 0, days)); s.Status != want {
			t.Errorf("after %d days: %+v", days, s)
		}
	}
	short := good
	short.Next = now.AddDate(0, 0, 7)
	if got := trustlist.GoodUntil(must(crl.Parse(must(issuer.Revoke(short, u.first.Key))))); !got.Equal(short.Next) {
		t.Errorf("what it says itself: %v", got)
	}
}

// An exception is for the key that signed: that of a link is the one before, and that
// of a revocation list the anchor's own, though another signed the anchor.
func TestExceptionsAreForTheKeyThatSigned(t *testing.T) {
	u := utopia()
	sha1 := signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA1}
	link := issuer.LinkTo(u.second, u.first)
	link.Algorithm = sha1
	link2 := must(issuer.Certify(link, u.first.Key))
	list := issuer.CRL{Issuer: u.third.Name, This: now, KeyID: u.third.Key.ID(), Algorithm: sha1}
	crl3 := must(issuer.Revoke(list, u.third.Key))
	for name, tt := range map[string]struct {
		files         [][]byte
		keyID         []byte
		anchors, crls int
	}{
		"link, the signing key":           {[][]byte{link2}, u.first.Key.ID(), 2, 0},
		"link, the key that it is for":    {[][]byte{link2}, u.second.Key.ID(), 1, 0},
		"list, the signing key":           {[][]byte{u.link2, u.link3, crl3}, u.third.Key.ID(), 3, 1},
		"list, the key before the signer": {[][]byte{u.link2, u.link3, crl3}, u.second.Key.ID(), 3, 0},
	} {
		l := must(draft(t, empty, [][]byte{u.csca1}, append(tt.files, u.csca1, rules(tt.keyID))...).Finish())
		if len(l.Anchors) != tt.anchors || len(l.CRLs) != tt.crls {
			t.Errorf("%s: %d anchors, %d revocation lists", name, len(l.Anchors), len(l.CRLs))
		}
	}
}

// An anchor that does not say which its key is may have signed for one that says so.
func TestIssuersWithoutKeyIdentifier(t *testing.T) {
	u := utopia()
	bare := issuer.CountrySigner(u.first)
	bare.Extensions = bare.Extensions[:2]
	thief := issuer.CountrySigner(u.second)
	thief.Extensions[2] = issuer.SubjectKeyID(u.first.Key.ID())
	l := must(trustlist.Of(must(issuer.Certify(bare, u.first.Key)), must(issuer.Certify(thief, u.second.Key)), u.csca3))
	if ds := u.document(u.first); len(l.Issuers(ds)) != 2 || !signs(l, ds) {
		t.Errorf("%d candidates", len(l.Issuers(ds)))
	}
}

// A rule against a key holds for each certificate of it, and for no other.
func TestDistrustedKeys(t *testing.T) {
	u := utopia()
	ds, sum := u.document(u.first), sha256.Sum256(u.docs.Key.Public())
	l := next(t, empty, [][]byte{u.csca1}, u.csca1, distrust(ds.Raw))
	if d, ok := l.Distrusted(u.document(u.second)); !ok || string(d.Key) != string(sum[:]) || d.Reason != "stolen" {
		t.Errorf("%+v, %v", d, ok)
	}
	if _, ok := l.Distrusted(must(certificate.Parse(u.csca1))); ok || len(l.DefectsOf(ds)) != 0 {
		t.Error("another key, or a defect of the signer")
	}
}

// A country signer who is revoked under one name vouches under no other name of his
// key: neither for links nor for master lists.
func TestOneKeyUnderTwoNames(t *testing.T) {
	u, e := utopia(), erewhon()
	turned := u.first
	turned.Name = issuer.Name(ber.PrintableString, "CN=CSCA", "C=XX")
	one, other := issuer.CountrySigner(u.first), issuer.CountrySigner(turned)
	one.Serial, other.Serial = 21, 22
	csca, same := must(issuer.Certify(one, u.first.Key)), must(issuer.Certify(other, u.first.Key))
	follower := issuer.LinkTo(u.second, turned)
	follower.Subject = turned.Name
	link := must(issuer.Certify(follower, u.first.Key))
	lister := must(issuer.Certify(issuer.ListSigner(u.lists, turned), u.first.Key))
	list := must(issuer.PublishList(now, u.lists.Key, lister, [][]byte{same}, csca, same, e.csca1))
	for name, tt := range map[string]struct {
		file    []byte
		anchors int
		why     error
	}{
		"good": {u.revoke(u.first, now, 99), 3, nil}, "revoked": {u.revoke(u.first, now, 21), 2, trustlist.ErrRevoked},
	} {
		base := next(t, empty, [][]byte{csca, same}, csca, same, tt.file)
		if l := next(t, base, nil, link); len(l.Anchors) != tt.anchors {
			t.Errorf("%s: a link: %d anchors", name, len(l.Anchors))
		}
		if _, err := draft(t, base, [][]byte{same}, list).Finish(); !errors.Is(err, tt.why) || (err == nil) != (tt.why == nil) {
			t.Errorf("%s: a master list: %v", name, err)
		}
	}
}
