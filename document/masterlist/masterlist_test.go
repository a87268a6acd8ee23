package masterlist_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/cms"
	"github.com/tunnus-id/tunnus/document/masterlist"
	"github.com/tunnus-id/tunnus/document/signature"
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

// A world has a country with its signer, the signer before it, the signer of its
// lists, and a country abroad.
type world struct {
	before, csca, lists, abroad issuer.Party
	old, root, link             []byte // certificates
	other                       []byte
}

var made = sync.OnceValue(func() world {
	w := world{before: party("XX", "CSCA 1", "brainpoolP256r1"), csca: party("XX", "CSCA 1", "brainpoolP384r1"), lists: party("XX", "Lists", "secp256r1"), abroad: party("YY", "CSCA", "secp384r1")}
	w.old = must(issuer.Certify(issuer.CountrySigner(w.before), w.before.Key))
	w.root = must(issuer.Certify(issuer.CountrySigner(w.csca), w.csca.Key))
	w.link = must(issuer.Certify(issuer.LinkTo(w.csca, w.before), w.before.Key))
	w.other = must(issuer.Certify(issuer.CountrySigner(w.abroad), w.abroad.Key))
	return w
})

// publish signs a list; change may change its signer's certificate.
func publish(change func(*issuer.Template)) []byte {
	w := made()
	t := issuer.ListSigner(w.lists, w.csca)
	if change != nil {
		change(&t)
	}
	signer := must(issuer.Certify(t, w.csca.Key))
	return must(issuer.PublishList(now, w.lists.Key, signer, [][]byte{w.root}, w.root, w.other, w.link))
}

func pin(certs ...[]byte) func([sha256.Size]byte) bool {
	return func(sum [sha256.Size]byte) bool {
		for _, c := range certs {
			if sum == sha256.Sum256(c) {
				return true
			}
		}
		return false
	}
}

func TestListOfAPinnedRoot(t *testing.T) {
	l := must(masterlist.Parse(publish(nil)))
	if len(l.Certificates) != 3 || len(l.Unread) != 0 || !l.Signed.Equal(now) {
		t.Errorf("%d certificates, %v", len(l.Certificates), l.Signed)
	}
	root, err := l.Verify(pin(made().root), nil, now)
	if err != nil || !bytes.Equal(root.Raw, made().root) {
		t.Errorf("%v, %v", root, err)
	}
	// The root of before leads to it by a link that is on the list.
	if root, err := l.Verify(pin(made().old), nil, now); err == nil {
		t.Errorf("a root that was not sent: %v", root)
	}
	w := made()
	signer := must(issuer.Certify(issuer.ListSigner(w.lists, w.csca), w.csca.Key))
	rolled := must(masterlist.Parse(must(issuer.PublishList(now, w.lists.Key, signer, [][]byte{w.old}, w.root, w.link))))
	if root, err := rolled.Verify(pin(w.old), nil, now); err != nil || !bytes.Equal(root.Raw, w.old) {
		t.Errorf("over the link: %v, %v", root, err)
	}
	if len(rolled.Certificates) != 2 {
		t.Errorf("%d certificates", len(rolled.Certificates))
	}
}

func TestWhoIsNotBelieved(t *testing.T) {
	w := made()
	uses := func(uses ...[]byte) func(*issuer.Template) {
		return func(t *issuer.Template) { t.Extensions = uses }
	}
	sign := issuer.Usage(certificate.DigitalSignature)
	lists := issuer.ExtUsage("2.23.136.1.1.3")
	for name, tt := range map[string]struct {
		change func(*issuer.Template)
		pins   func([sha256.Size]byte) bool
		want   error
	}{
		"nobody pinned":        {nil, pin(), masterlist.ErrUnpinned},
		"another root pinned":  {nil, pin(w.other), masterlist.ErrUnpinned},
		"a document signer":    {uses(sign), pin(w.root), masterlist.ErrSigner},
		"no key usage":         {uses(lists), pin(w.root), masterlist.ErrSigner},
		"signer of deviations": {uses(sign, issuer.ExtUsage("2.23.136.1.1.8")), pin(w.root), masterlist.ErrSigner},
		"an authority":         {uses(sign, lists, issuer.Authority()), pin(w.root), masterlist.ErrSigner},
		"may certify":          {uses(issuer.Usage(certificate.DigitalSignature|certificate.CertSign), lists), pin(w.root), masterlist.ErrSigner},
		"unknown and critical": {uses(sign, lists, issuer.Extension("1.2.3", true, nil)), pin(w.root), masterlist.ErrSigner},
		"ended":                {func(t *issuer.Template) { t.NotAfter = now.AddDate(0, 0, -1) }, pin(w.root), masterlist.ErrTime},
		"not begun":            {func(t *issuer.Template) { t.NotBefore = now.AddDate(0, 0, 1) }, pin(w.root), masterlist.ErrTime},
		"of another country":   {func(t *issuer.Template) { t.Subject = issuer.Name(ber.PrintableString, "C=YY", "CN=Lists") }, pin(w.root), masterlist.ErrUnpinned},
		"of another issuer":    {func(t *issuer.Template) { t.Issuer = w.abroad.Name }, pin(w.root, w.other), masterlist.ErrUnpinned},
	} {
		l, err := masterlist.Parse(publish(tt.change))
		if err == nil {
			_, err = l.Verify(tt.pins, nil, now)
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
	}
	if _, err := must(masterlist.Parse(publish(nil))).Verify(pin(w.root), nil, now.AddDate(0, 0, -2)); !errors.Is(err, masterlist.ErrTime) {
		t.Errorf("of the future: %v", err)
	}
}

// A pinned root that has ended, or is no authority, signs for nobody; neither
// does somebody who gives himself its name and key identifier.
func TestRootsThatAreNone(t *testing.T) {
	w := made()
	signer := must(issuer.Certify(issuer.ListSigner(w.lists, w.csca), w.csca.Key))
	ended, no, thief := issuer.CountrySigner(w.csca), issuer.CountrySigner(w.csca), issuer.CountrySigner(w.csca)
	ended.NotAfter = now.AddDate(0, -1, 0)
	no.Extensions = no.Extensions[1:]
	other := must(issuer.NewEC("secp256r1"))
	thief.Public = other.Public()
	for name, root := range map[string][]byte{
		"ended": must(issuer.Certify(ended, w.csca.Key)), "no authority": must(issuer.Certify(no, w.csca.Key)), "impostor": must(issuer.Certify(thief, other)),
	} {
		l := must(masterlist.Parse(must(issuer.PublishList(now, w.lists.Key, signer, [][]byte{root}, w.other))))
		if _, err := l.Verify(pin(root), nil, now); !errors.Is(err, masterlist.ErrUnpinned) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Between the signer and the pinned root there are links at most: no authority below
// it signs for it, whatever path length it was given.
func TestAuthoritiesBelowTheRoot(t *testing.T) {
	w := made()
	below := party("XX", "Below", "secp256r1")
	for name, tt := range map[string]struct {
		path   []byte // of the root
		change func(*issuer.Template)
		ok     bool
	}{
		"path of 0":              {issuer.Authority(), func(*issuer.Template) {}, false},
		"path of 1":              {issuer.Extension("2.5.29.19", true, []byte{0x30, 6, 1, 1, 0xFF, 2, 1, 1}), func(*issuer.Template) {}, false},
		"path of any length":     {issuer.Extension("2.5.29.19", true, []byte{0x30, 3, 1, 1, 0xFF}), func(*issuer.Template) {}, false},
		"a link to another name": {issuer.Authority(), func(t *issuer.Template) { t.Extensions = append(t.Extensions, issuer.NameChange()) }, true},
		"a link, by the name":    {issuer.Authority(), func(t *issuer.Template) { t.Subject = w.csca.Name }, true},
	} {
		root := issuer.CountrySigner(w.csca)
		root.Extensions[0] = tt.path
		sub := issuer.LinkTo(below, w.csca)
		tt.change(&sub)
		lister := issuer.ListSigner(w.lists, below)
		lister.Issuer = sub.Subject
		top := must(issuer.Certify(root, w.csca.Key))
		along := [][]byte{top, must(issuer.Certify(sub, w.csca.Key))}
		l := must(masterlist.Parse(must(issuer.PublishList(now, w.lists.Key, must(issuer.Certify(lister, below.Key)), along, w.other))))
		if _, err := l.Verify(pin(top), nil, now); (err == nil) != tt.ok || err != nil && !errors.Is(err, masterlist.ErrUnpinned) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is known against a certificate of the chain ends it there.
func TestRefusedCertificates(t *testing.T) {
	w := made()
	signer := must(issuer.Certify(issuer.ListSigner(w.lists, w.csca), w.csca.Key))
	l := must(masterlist.Parse(must(issuer.PublishList(now, w.lists.Key, signer, [][]byte{w.old}, w.root, w.link))))
	bad := errors.New("known to be bad")
	for name, cert := range map[string][]byte{"signer": signer, "link": w.link, "root": w.old, "nobody": w.other} {
		_, err := l.Verify(pin(w.old), func(c, _ *certificate.Certificate) error {
			if bytes.Equal(c.Raw, cert) {
				return bad
			}
			return nil
		}, now)
		if name == "nobody" && err != nil || name != "nobody" && !(errors.Is(err, bad) && errors.Is(err, masterlist.ErrSigner)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The signer is found though its serial number is odd, or its issuer's name is
// written with other strings.
func TestSignersThatAreNamedOddly(t *testing.T) {
	w := made()
	for name, change := range map[string]func(*issuer.Template){
		"negative":        func(t *issuer.Template) { t.RawSerial = []byte{0xFE, 0x01} },
		"zeros in front":  func(t *issuer.Template) { t.RawSerial = []byte{0, 0, 5} },
		"another strings": func(t *issuer.Template) { t.Issuer = issuer.Name(ber.UTF8String, "C=xx", "CN=csca 1") },
	} {
		list := publish(change)
		if name == "another strings" { // as the signature says it
			at := bytes.LastIndex(list, issuer.Name(ber.UTF8String, "C=xx", "CN=csca 1"))
			copy(list[at:], w.csca.Name)
		}
		l, err := masterlist.Parse(list)
		if err == nil {
			_, err = l.Verify(pin(w.root), nil, now)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWeakSigners(t *testing.T) {
	w := made()
	small := w.lists
	small.Key = must(issuer.NewRSA(1024))
	signer := must(issuer.Certify(issuer.ListSigner(small, w.csca), w.csca.Key))
	l := must(masterlist.Parse(must(issuer.PublishList(now, small.Key, signer, [][]byte{w.root}, w.root))))
	if _, err := l.Verify(pin(w.root), nil, now); !errors.Is(err, masterlist.ErrWeak) {
		t.Errorf("RSA-1024: %v", err)
	}
	strong := must(issuer.Certify(issuer.ListSigner(w.lists, w.csca), w.csca.Key))
	sha1 := signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA1}
	l = must(masterlist.Parse(must(issuer.Sign(issuer.Content{Kind: "2.23.136.1.1.2", Content: issuer.MasterList(w.root), Signer: strong, Certificates: [][]byte{w.root}, At: now, Algorithm: sha1}, w.lists.Key))))
	if _, err := l.Verify(pin(w.root), nil, now); !errors.Is(err, masterlist.ErrWeak) {
		t.Errorf("SHA-1: %v", err)
	}
	t1 := issuer.ListSigner(w.lists, w.csca)
	t1.Algorithm = sha1
	l = must(masterlist.Parse(must(issuer.PublishList(now, w.lists.Key, must(issuer.Certify(t1, w.csca.Key)), [][]byte{w.root}, w.root))))
	if _, err := l.Verify(pin(w.root), nil, now); !errors.Is(err, masterlist.ErrUnpinned) {
		t.Errorf("a signer certified with SHA-1: %v", err)
	}
}

func TestChangedByOneByte(t *testing.T) {
	good := publish(nil)
	content := must(cms.Read(good)).Content
	at := bytes.Index(good, content)
	for _, i := range []int{at + len(content)/2, len(good) - 3} {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		l, err := masterlist.Parse(bad)
		if err == nil {
			_, err = l.Verify(pin(made().root), nil, now)
		}
		if err == nil {
			t.Errorf("byte %d: accepted", i)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	w := made()
	signer := must(issuer.Certify(issuer.ListSigner(w.lists, w.csca), w.csca.Key))
	with := func(kind string, content []byte, along ...[]byte) []byte {
		return must(issuer.Sign(issuer.Content{Kind: kind, Content: content, Signer: signer, Certificates: along, At: now}, w.lists.Key))
	}
	const kind = "2.23.136.1.1.2"
	good := issuer.MasterList(w.root)
	for name, tt := range map[string]struct {
		give []byte
		want error
	}{
		"a security object":      {with("2.23.136.1.1.1", good), masterlist.ErrForm},
		"another version":        {with(kind, bytes.Replace(good, []byte{2, 1, 0, 0x31}, []byte{2, 1, 1, 0x31}, 1)), masterlist.ErrForm},
		"trailing":               {with(kind, append(bytes.Clone(good), 0)), masterlist.ErrForm},
		"the signer sent twice":  {with(kind, good, signer), masterlist.ErrSigner},
		"no certificates":        {with(kind, issuer.MasterList([]byte{5, 0})), masterlist.ErrForm},
		"ten thousand and one":   {with(kind, issuer.MasterList(bytes.Repeat([]byte{0x30, 0}, 10_001))), masterlist.ErrForm},
		"a certificate":          {w.root, masterlist.ErrForm},
		"nothing":                {nil, masterlist.ErrForm},
		"sixteen million bytes":  {make([]byte, 16_000_000), masterlist.ErrForm},
		"a depth of ten million": {bytes.Repeat([]byte{0x30, 0x80}, 7_000_000), masterlist.ErrForm},
	} {
		if _, err := masterlist.Parse(tt.give); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
	}
	l := must(masterlist.Parse(with(kind, issuer.MasterList(w.root, []byte{0x30, 0}, w.other), w.root)))
	if len(l.Certificates) != 2 || len(l.Unread) != 1 {
		t.Errorf("beside one that cannot be read: %d, %v", len(l.Certificates), l.Unread)
	}
}

// Nothing but what the pinned root's signer has signed verifies.
func FuzzParse(f *testing.F) {
	good := publish(nil)
	f.Add(good)
	f.Add(publish(func(t *issuer.Template) { t.Extensions = nil }))
	want := must(cms.Read(good)).Content
	f.Fuzz(func(t *testing.T, in []byte) {
		l, err := masterlist.Parse(in)
		if err != nil {
			return
		}
		for _, c := range l.Certificates {
			if !bytes.Contains(in, c.Raw) && must(cms.Read(in)).Indefinite == 0 {
				t.Error("a certificate that is not in the file")
			}
		}
		root, err := l.Verify(pin(made().root), nil, now)
		if err == nil && (!bytes.Equal(must(cms.Read(in)).Content, want) || !bytes.Equal(root.Raw, made().root)) {
			t.Error("something was accepted that was not signed")
		}
	})
}
