package emrtd_test

import (
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// listed is a list with the root pinned, and what the other files bring.
func listed(t *testing.T, root []byte, files ...[]byte) *trustlist.List {
	t.Helper()
	d := trustlist.NewDraft(new(trustlist.List), now, sha256.Sum256(root))
	for _, f := range append([][]byte{root}, files...) {
		if _, err := d.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	return must(d.Finish())
}

// reasonOf is why the named check of a good document went as it did.
func reasonOf(v emrtd.Verified, check string) emrtd.Reason {
	for _, c := range v.Checks() {
		if c.Name == check {
			return c.Reason
		}
	}
	return "not there"
}

// revoking is a revocation list of the state.
func (s state) revoking(this, next time.Time, serials ...int64) []byte {
	c := issuer.CRL{Issuer: nameOf("XX", "CSCA"), This: this, Next: next, Number: 1, KeyID: s.country.ID()}
	for _, n := range serials {
		c.Revoked = append(c.Revoked, issuer.Revocation{Serial: n, At: this})
	}
	return must(issuer.Revoke(c, s.country))
}

// Revoked, good, and not known are three answers.
func TestRevocation(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	ev := s.issue(adas(), nil)
	day := 24 * time.Hour
	stranger := state{country: keySmall()}
	for name, tt := range map[string]struct {
		crls   [][]byte
		result emrtd.Result
		reason emrtd.Reason
	}{
		"no list":                {nil, emrtd.NotPerformed, emrtd.ReasonNoList},
		"good":                   {[][]byte{s.revoking(now.Add(-day), now.Add(30*day), 7)}, emrtd.Successful, ""},
		"stale":                  {[][]byte{s.revoking(now.Add(-60*day), now.Add(-day), 7)}, emrtd.NotPerformed, emrtd.ReasonStaleList},
		"signed by another":      {[][]byte{stranger.revoking(now.Add(-day), now.Add(30*day), 2)}, emrtd.NotPerformed, emrtd.ReasonNoList},
		"revoked":                {[][]byte{s.revoking(now.Add(-day), now.Add(30*day), 2)}, emrtd.Failed, emrtd.ReasonRevoked},
		"revoked on a stale one": {[][]byte{s.revoking(now.Add(-60*day), now.Add(-day), 2)}, emrtd.Failed, emrtd.ReasonRevoked},
		"country signer revoked": {[][]byte{s.revoking(now.Add(-day), now.Add(30*day), 1)}, emrtd.Failed, emrtd.ReasonRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := emrtd.Verify(ev, listed(t, s.root, tt.crls...), challenge, now)
			if tt.result == emrtd.Failed {
				fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckRevocation, tt.reason)
				return
			}
			if err != nil || v.Result(emrtd.CheckRevocation) != tt.result || reasonOf(v, emrtd.CheckRevocation) != tt.reason {
				t.Errorf("%v, %+v", err, v.Checks())
			}
			record := v.Record()
			if _, why := record["revocation_reason"]; record["revocation"] != string(tt.result) || record["revocation_reason"] != string(tt.reason) || why != (tt.reason != "") {
				t.Errorf("kept of it: %v", record)
			}
		})
	}
}

// The next generation of a country signer: unknown by itself, which is no forgery;
// known by a link under the one that is pinned.
func TestLinkCertificates(t *testing.T) {
	old, next := keyCSCA(), keyP256()
	s := found(next, keyRSA(), nil)
	ev := s.issue(adas(), nil)
	first := must(issuer.Certify(rootOf(old), old))
	_, err := emrtd.Verify(ev, listed(t, first), challenge, now)
	fails(t, err, tunnus.CodeDocSignerUnknown, emrtd.CheckTrust, emrtd.ReasonNoAnchor)

	link := rootOf(next)
	link.Serial = 9
	link.Extensions = append(link.Extensions, issuer.AuthorityKeyID(old.ID()))
	good := must(issuer.Certify(link, old))
	if _, err := emrtd.Verify(ev, listed(t, first, good), challenge, now); err != nil {
		t.Errorf("with a link: %v", err)
	}
	forged := must(issuer.Certify(link, keySmall()))
	_, err = emrtd.Verify(ev, listed(t, first, forged), challenge, now)
	fails(t, err, tunnus.CodeDocSignerUnknown, emrtd.CheckTrust, emrtd.ReasonNoAnchor)

	renamed := link
	renamed.Subject = nameOf("XX", "CSCA of another name")
	s = found(next, keyRSA(), func(root, leaf *issuer.Template) { leaf.Issuer = renamed.Subject })
	ev = s.issue(adas(), nil)
	silent := must(issuer.Certify(renamed, old))
	if _, err := emrtd.Verify(ev, listed(t, first, silent), challenge, now); tunnus.CodeOf(err) != tunnus.CodeDocSignerUnknown {
		t.Errorf("renamed without a word: %v", err)
	}
	renamed.Extensions = append(renamed.Extensions, issuer.NameChange())
	said := must(issuer.Certify(renamed, old))
	if _, err := emrtd.Verify(ev, listed(t, first, said), challenge, now); err != nil {
		t.Errorf("renamed, and said so: %v", err)
	}
}

// Of two certificates with the right key one that is valid is taken.
func TestValidAnchorIsTaken(t *testing.T) {
	k := keyP256()
	s := found(k, keyRSA(), nil)
	over := rootOf(k)
	over.Serial, over.NotAfter = 8, now.Add(-time.Hour)
	old := must(issuer.Certify(over, k))
	for _, list := range []*trustlist.List{must(trustlist.Of(old, s.root)), must(trustlist.Of(s.root, old))} {
		if _, err := emrtd.Verify(s.issue(adas(), nil), list, challenge, now); err != nil {
			t.Error(err)
		}
	}
	_, err := emrtd.Verify(s.issue(adas(), nil), must(trustlist.Of(old)), challenge, now)
	fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckValidity, emrtd.ReasonNotValid)
}

// rules are what an operator decides.
func rules(t *testing.T, r trustlist.Rules) []byte {
	t.Helper()
	return must(json.Marshal(r))
}

// SHA-1 passes where an exception names the issuer, until its day, and no further.
func TestExceptionsForSHA1(t *testing.T) {
	sha1 := signature.Algorithm{Scheme: signature.PKCS1, Hash: crypto.SHA1}
	s := found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) { l.Algorithm = sha1 })
	s.hash = crypto.SHA1
	ev := s.issue(adas(), func(c *issuer.Content) { c.Algorithm = sha1 })
	untold := s.issue(adas(), func(c *issuer.Content) { c.Algorithm, c.At = sha1, time.Time{} })
	for name, tt := range map[string]struct {
		e  trustlist.Exception
		ok bool
	}{
		"this country":         {trustlist.Exception{Country: "XX", Until: now.AddDate(0, 0, 1), Reason: "old chips"}, true},
		"this country's key":   {trustlist.Exception{Country: "XX", KeyID: keyCSCA().ID(), Until: now.AddDate(0, 0, 1), Reason: "old chips"}, true},
		"another key":          {trustlist.Exception{Country: "XX", KeyID: keyP256().ID(), Until: now.AddDate(0, 0, 1), Reason: "old chips"}, false},
		"another country":      {trustlist.Exception{Country: "EE", Until: now.AddDate(0, 0, 1), Reason: "old chips"}, false},
		"signed after its end": {trustlist.Exception{Country: "XX", Until: now.AddDate(0, 0, -1).Add(time.Hour), Reason: "old chips"}, false},
	} {
		list := listed(t, s.root, rules(t, trustlist.Rules{Exceptions: []trustlist.Exception{tt.e}}))
		v, err := emrtd.Verify(ev, list, challenge, now)
		switch {
		case !tt.ok:
			fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckAlgorithms, emrtd.ReasonSHA1)
		case err != nil || reasonOf(v, emrtd.CheckAlgorithms) != emrtd.ReasonException:
			t.Errorf("%s: %v, %+v", name, err, v.Checks())
		}
		if _, err := emrtd.Verify(untold, list, challenge, now); (err == nil) != tt.ok {
			t.Errorf("%s, without a time: %v", name, err)
		}
	}
}

// A known defect explains the failure that it names, of the signer that it names,
// once that is proved; some checks nothing explains.
func TestDefects(t *testing.T) {
	odd := found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) {
		l.Extensions = [][]byte{issuer.Usage(certificate.CRLSign), issuer.AuthorityKeyID(keyCSCA().ID())}
		l.Subject = issuer.Name(ber.PrintableString, "CN=DS")
	})
	ev := odd.issue(adas(), nil)
	sum := must(certificate.Parse(odd.leaf)).Signed()
	defects := func(d ...trustlist.Defect) *trustlist.List {
		for i := range d {
			if d[i].Signer == nil && d[i].Key == nil {
				d[i].Signer = sum[:]
			}
			d[i].Reason = "told by the state"
		}
		return listed(t, odd.root, rules(t, trustlist.Rules{Defects: d}))
	}
	both := []trustlist.Defect{{Check: emrtd.CheckSigner}, {Check: emrtd.CheckCountry}}
	v, err := emrtd.Verify(ev, defects(both...), challenge, now)
	if err != nil || reasonOf(v, emrtd.CheckSigner) != emrtd.ReasonException || reasonOf(v, emrtd.CheckCountry) != emrtd.ReasonException {
		t.Fatalf("%v, %+v", err, v.Checks())
	}
	_, err = emrtd.Verify(ev, defects(trustlist.Defect{Check: emrtd.CheckCountry}), challenge, now)
	fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckSigner, emrtd.ReasonKeyUsage)
	other := must(certificate.Parse(odd.root)).Signed()
	_, err = emrtd.Verify(ev, defects(trustlist.Defect{Check: emrtd.CheckSigner, Signer: other[:]}, both[1]), challenge, now)
	fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckSigner, emrtd.ReasonKeyUsage)

	ev.SOD[len(ev.SOD)-9] ^= 1
	_, err = emrtd.Verify(ev, defects(append(both, trustlist.Defect{Check: emrtd.CheckSignature})...), challenge, now)
	fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckSigner, emrtd.ReasonKeyUsage)
	ev = odd.issue(adas(), nil)
	ev.Groups[1] = bens().Group(1)
	_, err = emrtd.Verify(ev, defects(append(both, trustlist.Defect{Check: emrtd.CheckHashes})...), challenge, now)
	fails(t, err, tunnus.CodeHashMismatch, emrtd.CheckHashes, emrtd.ReasonHash)
}
