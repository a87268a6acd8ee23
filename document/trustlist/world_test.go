package trustlist_test

import (
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func party(country, cn, curve string) issuer.Party {
	name := issuer.Name(ber.PrintableString, "C="+country, "CN="+cn)
	return issuer.Party{Name: name, Key: must(issuer.NewEC(curve)), From: now.AddDate(-1, 0, 0), Until: now.AddDate(5, 0, 0)}
}

// A state has three generations of its country signer, each with a certificate of
// its own; links lead from the first to the second and to the third, which has
// another name; and it has signers of documents and of lists.
type state struct {
	first, second, third, docs, lists issuer.Party
	csca1, csca2, csca3               []byte
	link2, link3                      []byte
	listSigner                        []byte
}

var (
	utopia  = sync.OnceValue(func() state { return found("XX") })
	erewhon = sync.OnceValue(func() state { return found("YY") })
)

func found(country string) state {
	s := state{
		first: party(country, "CSCA", "brainpoolP256r1"), second: party(country, "CSCA", "secp384r1"), third: party(country, "New CSCA", "secp256r1"),
		docs: party(country, "DS", "secp256r1"), lists: party(country, "Lists", "secp256r1"),
	}
	own := func(p issuer.Party) []byte { return must(issuer.Certify(issuer.CountrySigner(p), p.Key)) }
	s.csca1, s.csca2, s.csca3 = own(s.first), own(s.second), own(s.third)
	s.link2 = must(issuer.Certify(issuer.LinkTo(s.second, s.first), s.first.Key))
	s.link3 = must(issuer.Certify(s.renaming(), s.second.Key))
	s.listSigner = must(issuer.Certify(issuer.ListSigner(s.lists, s.first), s.first.Key))
	return s
}

// renaming is the link to the third generation.
func (s state) renaming() issuer.Template {
	t := issuer.LinkTo(s.third, s.second)
	t.Extensions = append(t.Extensions, issuer.NameChange())
	return t
}

// document is a document signer's certificate under one of the generations.
func (s state) document(by issuer.Party) *certificate.Certificate {
	return must(certificate.Parse(must(issuer.Certify(issuer.DocumentSigner(s.docs, by), by.Key))))
}

// publish signs a master list of the state.
func (s state) publish(at time.Time, certs ...[]byte) []byte {
	return must(issuer.PublishList(at, s.lists.Key, s.listSigner, [][]byte{s.csca1}, certs...))
}

// revoke is a revocation list of one of the generations, with the serial numbers.
func (s state) revoke(by issuer.Party, at time.Time, serials ...int64) []byte {
	c := issuer.CRL{Issuer: by.Name, This: at, Next: at.AddDate(0, 3, 0), Number: 1, KeyID: by.Key.ID()}
	for _, n := range serials {
		c.Revoked = append(c.Revoked, issuer.Revocation{Serial: n, At: at, Reason: 1})
	}
	return must(issuer.Revoke(c, by.Key))
}

// draft adds files over a list; pins are certificates.
func draft(t testing.TB, base *trustlist.List, pins [][]byte, files ...[]byte) *trustlist.Draft {
	t.Helper()
	var sums [][sha256.Size]byte
	for _, p := range pins {
		sums = append(sums, sha256.Sum256(p))
	}
	d := trustlist.NewDraft(base, now, sums...)
	for i, f := range files {
		if _, err := d.Add(f); err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
	}
	return d
}

// next finishes a draft, after a round through the file.
func next(t testing.TB, base *trustlist.List, pins [][]byte, files ...[]byte) *trustlist.List {
	t.Helper()
	l, err := draft(t, base, pins, files...).Finish()
	if err != nil {
		t.Fatal(err)
	}
	back, err := trustlist.Parse(l.Format())
	if err != nil {
		t.Fatal(err)
	}
	if diffs := trustlist.Diff(l, back); len(diffs) != 0 {
		t.Errorf("the file says something else: %v", diffs)
	}
	return back
}

// found reports whether an anchor of the list signed the certificate.
func signs(l *trustlist.List, c *certificate.Certificate) bool {
	for _, a := range l.Issuers(c) {
		if c.IssuedBy(a.Certificate) == nil {
			return true
		}
	}
	return false
}
