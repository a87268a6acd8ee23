package trustlist_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

var empty = &trustlist.List{}

func TestMasterListOfAPinnedRoot(t *testing.T) {
	u, e := utopia(), erewhon()
	l := next(t, empty, [][]byte{u.csca1}, u.publish(now, u.csca1, u.link2, u.link3, e.csca1))
	if l.Version != 1 || len(l.Anchors) != 4 || len(l.Country("XX")) != 3 || len(l.Country("YY")) != 1 || len(l.Country("ZZ")) != 0 {
		t.Errorf("version %d, %d anchors", l.Version, len(l.Anchors))
	}
	links := 0
	for _, a := range l.Anchors {
		if a.Link {
			links++
		}
	}
	if links != 2 || len(l.Sources) != 1 || l.Sources[0].Name != "masterlist:XX" || l.Sources[0].Count != 4 {
		t.Errorf("%d links, sources %+v", links, l.Sources)
	}
	for name, ds := range map[string]*certificate.Certificate{
		"first": u.document(u.first), "second": u.document(u.second), "third": u.document(u.third), "abroad": e.document(e.first),
	} {
		if !signs(l, ds) {
			t.Errorf("%s: nobody signed it", name)
		}
	}
	if signs(l, e.document(e.second)) {
		t.Error("a signer who is not on the list")
	}
	// The next list needs no pin: it is kept.
	l = next(t, l, nil, u.publish(now.AddDate(0, 0, 1).Add(-time.Hour), u.csca1))
	if l.Version != 2 || len(l.Anchors) != 1 || len(l.Pins) != 1 {
		t.Errorf("version %d, %d anchors, %d pins", l.Version, len(l.Anchors), len(l.Pins))
	}
}

func TestMasterListOfAnUnpinnedRoot(t *testing.T) {
	u, e := utopia(), erewhon()
	for name, pins := range map[string][][sha256.Size]byte{"no pin": nil, "another pin": {sha256.Sum256(e.csca1)}} {
		d := trustlist.NewDraft(empty, now, pins...)
		if _, err := d.Add(u.publish(now, u.csca1)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	// An anchor that another's list brought is no root of lists.
	l := next(t, empty, [][]byte{e.csca1}, e.publish(now, e.csca1, u.csca1))
	if _, err := trustlist.NewDraft(l, now).Add(u.publish(now, u.csca1)); err == nil {
		t.Error("an anchor's own list was taken though its root is not pinned")
	}
}

func TestOlderMasterList(t *testing.T) {
	u := utopia()
	l := next(t, empty, [][]byte{u.csca1}, u.publish(now, u.csca1))
	if _, err := trustlist.NewDraft(l, now).Add(u.publish(now.Add(-time.Hour), u.csca1)); !errors.Is(err, trustlist.ErrOlder) {
		t.Errorf("got %v", err)
	}
}

// A link adds an anchor only under one that is there, whatever the order.
func TestLinks(t *testing.T) {
	u, e := utopia(), erewhon()
	sha1 := u.renaming()
	sha1.Algorithm = signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA1}
	silent := issuer.LinkTo(u.third, u.second)
	abroad := issuer.LinkTo(e.third, u.second)
	abroad.Extensions = append(abroad.Extensions, issuer.NameChange())
	forged := must(issuer.Certify(u.renaming(), e.second.Key))
	for name, tt := range map[string]struct {
		files [][]byte
		want  int
		why   error
	}{
		"one":                        {[][]byte{u.link2}, 2, nil},
		"two, the second first":      {[][]byte{u.link3, u.link2}, 3, nil},
		"the one between is missing": {[][]byte{u.link3}, 1, trustlist.ErrNoParent},
		"of another country":         {[][]byte{e.link2}, 1, trustlist.ErrNoParent},
		"another name, silently":     {[][]byte{u.link2, must(issuer.Certify(silent, u.second.Key))}, 2, trustlist.ErrRenamed},
		"another country":            {[][]byte{u.link2, must(issuer.Certify(abroad, u.second.Key))}, 2, trustlist.ErrRenamed},
		"forged":                     {[][]byte{u.link2, forged}, 2, trustlist.ErrNoParent},
		"SHA-1":                      {[][]byte{u.link2, must(issuer.Certify(sha1, u.second.Key))}, 2, trustlist.ErrWeak},
		"SHA-1, excepted":            {[][]byte{u.link2, must(issuer.Certify(sha1, u.second.Key)), rules(u.second.Key.ID())}, 3, nil},
		"SHA-1, another excepted":    {[][]byte{u.link2, must(issuer.Certify(sha1, u.second.Key)), rules(u.first.Key.ID())}, 2, trustlist.ErrWeak},
	} {
		d := draft(t, empty, [][]byte{u.csca1}, append([][]byte{u.csca1}, tt.files...)...)
		l, err := d.Finish()
		if err != nil || len(l.Anchors) != tt.want || (len(d.LeftOut) == 0) != (tt.why == nil) {
			t.Errorf("%s: %v, left out %v", name, err, d.LeftOut)
		}
		if tt.why != nil && len(d.LeftOut) > 0 && !errors.Is(d.LeftOut[0].Why, tt.why) {
			t.Errorf("%s: %v; want %v", name, d.LeftOut[0].Why, tt.why)
		}
	}
}

// Without its anchor, a link goes too.
func TestLinksGoWithTheirAnchor(t *testing.T) {
	u := utopia()
	l := next(t, empty, [][]byte{u.csca1}, u.csca1, u.link2, u.link3, u.revoke(u.third, now))
	d := draft(t, l, nil)
	if err := d.Drop(sha256.Sum256(u.csca1)); err != nil {
		t.Fatal(err)
	}
	l, err := d.Finish()
	if err != nil || len(l.Anchors) != 0 || len(l.CRLs) != 0 || len(l.Pins) != 0 || len(d.LeftOut) != 3 {
		t.Errorf("%d anchors, %d revocation lists, left out %v, %v", len(l.Anchors), len(l.CRLs), d.LeftOut, err)
	}
	if err := draft(t, l, nil).Drop(sha256.Sum256(u.csca1)); !errors.Is(err, trustlist.ErrNotThere) {
		t.Errorf("again: %v", err)
	}
}

// A publisher who is not believed any more: the pin goes, and what it brought.
func TestPublishersAreDropped(t *testing.T) {
	u, e := utopia(), erewhon()
	l := next(t, empty, [][]byte{u.csca1, e.csca2}, u.publish(now, u.csca1, e.csca1), e.csca2)
	d := draft(t, l, nil)
	if err := errors.Join(d.Drop(sha256.Sum256(u.csca1)), d.DropSource("masterlist:XX")); err != nil {
		t.Fatal(err)
	}
	l = must(d.Finish())
	if len(l.Anchors) != 1 || len(l.Pins) != 0 || len(l.Sources) != 0 || !bytes.Equal(l.Anchors[0].Raw, e.csca2) {
		t.Errorf("%d anchors, %d pins, %d sources", len(l.Anchors), len(l.Pins), len(l.Sources))
	}
	if _, err := trustlist.NewDraft(l, now).Add(u.publish(now, u.csca1)); err == nil {
		t.Error("its list was taken again")
	}
	if err := trustlist.NewDraft(l, now).DropSource("masterlist:XX"); !errors.Is(err, trustlist.ErrNotThere) {
		t.Errorf("again: %v", err)
	}
}

// Who was pinned for himself has no say about others.
func TestPinnedAnchorPublishesNothing(t *testing.T) {
	u, e := utopia(), erewhon()
	l := next(t, empty, [][]byte{u.csca1}, u.csca1)
	if len(l.Pins) != 0 || len(l.Anchors) != 1 {
		t.Errorf("%d pins, %d anchors", len(l.Pins), len(l.Anchors))
	}
	if _, err := trustlist.NewDraft(l, now).Add(u.publish(now, u.csca1, e.csca1)); err == nil {
		t.Error("its master list was taken")
	}
	if l = next(t, l, nil, u.csca1); len(l.Anchors) != 1 { // once more: it is pinned
		t.Errorf("%d anchors", len(l.Anchors))
	}
}

func rules(keyID []byte) []byte {
	return fmt.Appendf(nil, `{"exceptions": [{"country": "XX", "key_id": "%x", "until": "2027-01-01T00:00:00Z", "reason": "an old signer"}]}`, keyID)
}

// A country signer that comes alone is believed if it is pinned.
func TestSingleCertificates(t *testing.T) {
	u := utopia()
	weak := party("XX", "Weak", "secp192r1")
	no := issuer.CountrySigner(u.first)
	no.Extensions[0] = issuer.Extension("2.5.29.19", true, []byte{0x30, 0})
	critical := issuer.CountrySigner(u.first)
	critical.Extensions = append(critical.Extensions, issuer.Extension("1.2.3", true, nil))
	nowhere := issuer.CountrySigner(u.first)
	nowhere.Subject = issuer.Name(ber.PrintableString, "CN=CSCA")
	certify := func(t issuer.Template) []byte { return must(issuer.Certify(t, u.first.Key)) }
	for name, tt := range map[string]struct {
		cert []byte
		pin  bool
		want error
	}{
		"pinned":               {u.csca1, true, nil},
		"not pinned":           {u.csca1, false, trustlist.ErrUnpinned},
		"a document signer":    {u.document(u.first).Raw, true, trustlist.ErrAuthority},
		"CA:FALSE":             {certify(no), true, trustlist.ErrAuthority},
		"unknown and critical": {certify(critical), true, trustlist.ErrAuthority},
		"of no country":        {certify(nowhere), true, trustlist.ErrAuthority},
		"weak":                 {must(issuer.Certify(issuer.CountrySigner(weak), weak.Key)), true, trustlist.ErrWeak},
		"not one":              {[]byte("certificate"), false, trustlist.ErrUnknown},
		"PEM without anything": {[]byte("-----BEGIN CERTIFICATE-----\n"), false, trustlist.ErrUnknown},
		"PEM behind a text":    {append([]byte("The country signer:\n"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: u.csca1})...), false, trustlist.ErrUnpinned},
	} {
		var pins [][sha256.Size]byte
		if tt.pin {
			pins = append(pins, sha256.Sum256(tt.cert))
		}
		if _, err := trustlist.NewDraft(empty, now, pins...).Add(tt.cert); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
		if _, err := trustlist.Of(tt.cert); (err == nil) != bytes.Equal(tt.cert, u.csca1) {
			t.Errorf("%s: as an anchor: %v", name, err)
		}
	}
	d := trustlist.NewDraft(empty, now, sha256.Sum256(u.csca1), sha256.Sum256(u.csca2))
	both := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: u.csca1})
	if _, err := d.Add(both); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Finish(); !errors.Is(err, trustlist.ErrUnused) {
		t.Errorf("a pin that nobody needs: %v", err)
	}
}

// Two may share name and key identifier; only the signature tells them apart.
func TestImpostorBesideTheRealOne(t *testing.T) {
	u := utopia()
	thief := issuer.Party{Name: u.first.Name, Key: must(issuer.NewEC("secp256r1")), From: u.first.From, Until: u.first.Until}
	cert := issuer.CountrySigner(thief)
	cert.Extensions[2] = issuer.SubjectKeyID(u.first.Key.ID())
	l := must(trustlist.Of(u.csca1, must(issuer.Certify(cert, thief.Key))))
	ds := u.document(u.first)
	if got := len(l.Issuers(ds)); got != 2 || !signs(l, ds) {
		t.Errorf("%d candidates", got)
	}
	if alone := must(trustlist.Of(must(issuer.Certify(cert, thief.Key)))); signs(alone, ds) {
		t.Error("the impostor signed it")
	}
}

// A document signer that does not name its issuer's key is found by the name.
func TestIssuersByName(t *testing.T) {
	u := utopia()
	tt := issuer.DocumentSigner(u.docs, u.first)
	tt.Extensions = tt.Extensions[:1]
	tt.Issuer = issuer.Name(ber.UTF8String, "C=xx", "CN=csca")
	ds := must(certificate.Parse(must(issuer.Certify(tt, u.first.Key))))
	l := must(trustlist.Of(u.csca1, u.csca2, u.csca3))
	if got := len(l.Issuers(ds)); got != 2 || !signs(l, ds) {
		t.Errorf("%d candidates", got)
	}
}

func TestStanding(t *testing.T) {
	u, e := utopia(), erewhon()
	l := next(t, empty, [][]byte{u.csca1}, u.csca1, u.revoke(u.first, now.AddDate(0, 0, -1), 2, 99))
	other := issuer.DocumentSigner(u.docs, u.first)
	other.Serial = 3
	good := must(certificate.Parse(must(issuer.Certify(other, u.first.Key))))
	for name, tt := range map[string]struct {
		cert *certificate.Certificate
		at   time.Time
		want trustlist.Status
	}{
		"good":                    {good, now, trustlist.Good},
		"revoked":                 {u.document(u.first), now, trustlist.Revoked},
		"revoked, the list stale": {u.document(u.first), now.AddDate(1, 0, 0), trustlist.Revoked},
		"stale":                   {good, now.AddDate(0, 4, 0), trustlist.Stale},
		"of no list":              {e.document(e.first), now, trustlist.Unknown},
		"before its list":         {good, now.AddDate(0, -1, 0), trustlist.Unknown},
	} {
		s := l.Revoked(tt.cert, tt.at)
		if s.Status != tt.want || (tt.want == trustlist.Revoked) != (s.Reason == 1 && !s.At.IsZero()) {
			t.Errorf("%s: %+v; want %s", name, s, tt.want)
		}
	}
	endless := issuer.CRL{Issuer: u.first.Name, This: now, KeyID: u.first.Key.ID()}
	l = next(t, l, nil, must(issuer.Revoke(endless, u.first.Key)))
	if s := l.Revoked(good, now.AddDate(0, 0, 90)); s.Status != trustlist.Good {
		t.Errorf("after 90 days: %+v", s)
	}
	if s := l.Revoked(good, now.AddDate(0, 0, 91)); s.Status != trustlist.Stale {
		t.Errorf("after 91 days: %+v", s)
	}
}

func TestRevocationListsThatAreLeftOut(t *testing.T) {
	u, e := utopia(), erewhon()
	base := next(t, empty, [][]byte{u.csca1}, u.csca1, u.revoke(u.first, now.AddDate(0, 0, -1), 2))
	forged := issuer.CRL{Issuer: u.first.Name, This: now, KeyID: u.first.Key.ID()}
	sha1 := forged
	sha1.Algorithm = signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA1}
	for name, tt := range map[string]struct {
		file []byte
		want error
	}{
		"of a stranger":     {e.revoke(e.first, now), nil},
		"of another key":    {must(issuer.Revoke(forged, e.first.Key)), signature.ErrSignature},
		"older":             {u.revoke(u.first, now.AddDate(0, 0, -2)), trustlist.ErrOlder},
		"of the future":     {u.revoke(u.first, now.AddDate(0, 0, 2)), trustlist.ErrFuture},
		"signed with SHA-1": {must(issuer.Revoke(sha1, u.first.Key)), trustlist.ErrWeak},
	} {
		d := draft(t, base, nil, tt.file)
		l, err := d.Finish()
		if err != nil || len(l.CRLs) != 1 || !bytes.Equal(l.CRLs[0].Raw, base.CRLs[0].Raw) || len(d.LeftOut) != 1 || tt.want != nil && !errors.Is(d.LeftOut[0].Why, tt.want) {
			t.Errorf("%s: %v, left out %v", name, err, d.LeftOut)
		}
	}
}

func TestRules(t *testing.T) {
	u := utopia()
	ds := u.document(u.first)
	sum := ds.Signed()
	file := fmt.Appendf(nil, `{"exceptions": [{"country": "XX", "until": "2027-01-01T00:00:00Z", "reason": "all of them"}],
		"defects": [{"signer": "%x", "check": "validity", "reason": "ended too soon"}]}`, sum)
	l := next(t, empty, [][]byte{u.csca1}, u.csca1, file)
	sha1, good := signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA1}, signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA256}
	for name, tt := range map[string]struct {
		country string
		a       signature.Algorithm
		at      time.Time
		want    bool
	}{
		"excepted": {"XX", sha1, now, true}, "needs none": {"XX", good, now, false},
		"too late": {"XX", sha1, now.AddDate(1, 0, 0), false}, "another country": {"YY", sha1, now, false},
	} {
		if e, ok := l.Excepted(tt.country, ds.AuthorityKeyID, tt.a, tt.at); ok != tt.want || ok && e.Reason == "" {
			t.Errorf("%s: %+v, %v", name, e, ok)
		}
	}
	if d := l.DefectsOf(ds); len(d) != 1 || d[0].Check != "validity" {
		t.Errorf("defects %+v", d)
	}
	if d := l.DefectsOf(u.document(u.second)); len(d) != 0 {
		t.Errorf("of another: %+v", d)
	}
	// The next file takes the place of all rules before.
	if l = next(t, l, nil, []byte("{}")); len(l.Exceptions)+len(l.Defects) != 0 {
		t.Errorf("%+v", l.Exceptions)
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for name, file := range map[string]string{
		"unknown key": `{"exemptions": []}`, "trailing": `{} {}`, "no country": `{"exceptions": [{"until": "2027-01-01T00:00:00Z", "reason": "x"}]}`,
		"small letters": `{"exceptions": [{"country": "xx", "until": "2027-01-01T00:00:00Z", "reason": "x"}]}`,
		"for ever":      `{"exceptions": [{"country": "XX", "reason": "x"}]}`, "no reason": `{"exceptions": [{"country": "XX", "until": "2027-01-01T00:00:00Z"}]}`,
		"half a digest": `{"defects": [{"signer": "ab", "check": "x", "reason": "x"}]}`, "no check": `{"defects": [{"signer": "` + sum + `", "reason": "x"}]}`,
		"no hexadecimal": `{"defects": [{"signer": "` + sum[1:] + `x", "check": "x", "reason": "x"}]}`, "cut": `{"defects": [`,
		"signer and key": `{"defects": [{"signer": "` + sum + `", "key": "` + sum + `", "check": "x", "reason": "x"}]}`, "neither": `{"defects": [{"check": "x", "reason": "x"}]}`,
		"check of a key": `{"defects": [{"key": "` + sum + `", "check": "x", "reason": "x"}]}`, "half a key": `{"defects": [{"key": "ab", "reason": "x"}]}`,
		"as it was before": `{"defects": [{"signer": "` + sum + `", "check": "x", "reason": "x", "fatal": true}]}`,
		"too many":         `{"defects": [` + strings.Repeat(`{"signer": "`+sum+`", "check": "x", "reason": "x"},`, 10_000) + `{"signer": "` + sum + `", "check": "x", "reason": "x"}]}`,
	} {
		if _, err := trustlist.ParseRules([]byte(file)); !errors.Is(err, trustlist.ErrRules) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDiff(t *testing.T) {
	u, e := utopia(), erewhon()
	longer := issuer.CountrySigner(u.first)
	longer.NotAfter = now.AddDate(9, 0, 0)
	again := must(issuer.Certify(longer, u.first.Key))
	one := next(t, empty, [][]byte{u.csca1}, u.publish(now, u.csca1, u.csca2, e.csca1), u.revoke(u.first, now.AddDate(0, 0, -9), 2))
	two := next(t, one, nil, u.publish(now, again, u.link2, e.csca1, e.csca2), u.revoke(u.first, now, 2, 4), []byte(`{"exceptions": [{"country": "YY", "until": "2027-01-01T00:00:00Z", "reason": "x"}]}`))
	var got []string
	for _, d := range trustlist.Diff(one, two) {
		got = append(got, d.String())
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{
		"~ XX anchor C=XX, CN=CSCA, brainpoolP256r1, 2025-11-22 to 2035-11-22", "(was 2025-11-22 to 2031-11-22)",
		"- XX anchor C=XX, CN=CSCA, secp384r1", "+ XX link C=XX, CN=CSCA, secp384r1", "+ YY anchor C=YY, CN=CSCA, secp384r1",
		"~ XX revocation list of C=XX, CN=CSCA, 2026-11-22 to 2027-02-22, 2 revoked (was of 2026-11-13, 1 revoked)",
		`+ YY exception {"country":"YY"`, "+ -- masterlist:XX of 2026-11-22 with 4 certificates", "- -- masterlist:XX of 2026-11-22 with 3 certificates",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if len(got) != 8 || len(trustlist.Diff(two, two)) != 0 || len(trustlist.Diff(empty, one)) != len(one.Anchors)+3 {
		t.Errorf("%d differences:\n%s", len(got), all)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	u := utopia()
	good := string(next(t, empty, [][]byte{u.csca1}, u.csca1, u.revoke(u.first, now), rules(nil)).Format())
	body := good[:strings.LastIndex(good, "end ")]
	lines := strings.SplitAfter(body, "\n")
	swapped := slices.Clone(lines)
	swapped[3], swapped[4] = swapped[4], swapped[3]
	for name, tt := range map[string]struct {
		file string
		want error
	}{
		"nothing": {"", trustlist.ErrForm}, "another title": {"tunnus trust list 2\n" + good, trustlist.ErrForm},
		"changed": {strings.Replace(good, "version 1", "version 2", 1), trustlist.ErrDigest}, "cut": {good[:len(good)-9], trustlist.ErrDigest},
		"a byte more": {good + "\n", trustlist.ErrDigest}, "two in one": {good + good, trustlist.ErrDigest}, "no end": {body, trustlist.ErrDigest},
		"order":           {seal(strings.Join(swapped, "")), trustlist.ErrForm},
		"version twice":   {seal(body[:20] + "version 1\n" + body[20:]), trustlist.ErrForm},
		"version 0":       {seal(strings.Replace(body, "version 1", "version 0", 1)), trustlist.ErrForm},
		"version +1":      {seal(strings.Replace(body, "version 1", "version +1", 1)), trustlist.ErrForm},
		"no version":      {seal(lines[0] + lines[2]), trustlist.ErrForm},
		"an unknown word": {seal(body + "note hello\n"), trustlist.ErrForm},
		"bad base64":      {seal(strings.Replace(body, "anchor pinned MII", "anchor pinned M-I", 1)), trustlist.ErrForm},
		"no source":       {seal(strings.Replace(body, "anchor pinned ", "anchor  ", 1)), trustlist.ErrForm},
		"half a pin":      {seal(strings.Replace(body, "\nanchor ", "\npin 00\nanchor ", 1)), trustlist.ErrForm},
		"bad rule":        {seal(body + `defect {"signer":"ab"}` + "\n"), trustlist.ErrForm},
		"another zone":    {seal(strings.Replace(body, "12:00:00Z", "12:00:00+00:00", 1)), trustlist.ErrForm},
	} {
		if _, err := trustlist.Parse([]byte(tt.file)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
	}
	if l, err := trustlist.Parse([]byte(seal(body))); err != nil || string(l.Format()) != good {
		t.Errorf("the good one: %v", err)
	}
}

// seal ends a file as it should.
func seal(body string) string {
	sum := sha256.Sum256([]byte(body))
	return body + "end " + hex.EncodeToString(sum[:]) + "\n"
}

// What is read prints back as itself.
func FuzzParse(f *testing.F) {
	u := utopia()
	good := string(next(f, empty, [][]byte{u.csca1}, u.publish(now, u.csca1, u.link2), u.revoke(u.first, now, 5), rules(nil)).Format())
	f.Add(good[:strings.LastIndex(good, "end ")])
	f.Fuzz(func(t *testing.T, body string) {
		l, err := trustlist.Parse([]byte(seal(body)))
		if err != nil {
			return
		}
		once := l.Format()
		back, err := trustlist.Parse(once)
		if err != nil || !bytes.Equal(back.Format(), once) {
			t.Fatalf("%v", err)
		}
		if diffs := trustlist.Diff(l, back); len(diffs) != 0 {
			t.Errorf("%v", diffs)
		}
	})
}

// Whatever file comes, what is on the list afterwards is what a pinned root
// vouches for: itself, what its lists hold, and what its key signed.
func FuzzAdd(f *testing.F) {
	u := utopia()
	for _, seed := range [][]byte{u.publish(now, u.csca1, u.link2), u.csca1, u.csca2, u.link2, u.link3, u.revoke(u.first, now, 2), rules(nil)} {
		f.Add(seed)
	}
	root := must(certificate.Parse(u.csca1))
	base := next(f, empty, [][]byte{u.csca1}, u.publish(now.Add(-time.Hour), u.csca1))
	f.Fuzz(func(t *testing.T, in []byte) {
		d := trustlist.NewDraft(base, now)
		if _, err := d.Add(in); err != nil {
			return
		}
		l, err := d.Finish()
		if err != nil {
			t.Fatalf("a file was taken, and there is no list: %v", err)
		}
		for _, a := range l.Anchors {
			if a.CheckSignature(root) != nil {
				t.Errorf("%v came in", a)
			}
		}
		for _, c := range l.CRLs {
			if c.IssuedBy(root) != nil {
				t.Errorf("a revocation list of %v came in", c.Issuer)
			}
		}
	})
}
