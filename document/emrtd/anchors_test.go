package emrtd_test

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// again is another certificate of the state's country signer: self-signed, or of
// another signer where by is one.
func (s state) again(by *issuer.Key, change func(*issuer.Template)) []byte {
	t := rootOf(s.country)
	change(&t)
	return must(issuer.Certify(t, by))
}

// A key with several certificates is revoked with any of them, whichever stands
// first on the list.
func TestRevocationOfAnyCertificateOfTheKey(t *testing.T) {
	s := found(keyP256(), keyRSA(), nil) // the self-signed one has serial number 1
	ev := s.issue(adas(), nil)
	old := state{country: keyCSCA()}
	first := must(issuer.Certify(rootOf(old.country), old.country))
	link := s.again(old.country, func(t *issuer.Template) {
		t.Serial, t.Extensions = 9, append(t.Extensions, issuer.AuthorityKeyID(old.country.ID()))
	})
	other := s.again(s.country, func(t *issuer.Template) {
		t.Serial, t.Extensions[2] = 8, issuer.SubjectKeyID([]byte("another way to make one"))
	})
	for serial := range int64(12) {
		crl := s.revoking(now.Add(-time.Hour), now.AddDate(0, 1, 0), serial)
		d := trustlist.NewDraft(must(trustlist.Of(s.root, other, link, first)), now)
		if _, err := d.Add(crl); err != nil {
			t.Fatal(err)
		}
		v, err := emrtd.Verify(ev, must(d.Finish()), challenge, now)
		if serial == 1 || serial == 2 || serial == 8 || serial == 9 {
			fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckRevocation, emrtd.ReasonRevoked)
		} else if err != nil || v.Result(emrtd.CheckRevocation) != emrtd.Successful {
			t.Errorf("%d: %v", serial, err)
		}
	}
}

// Of several certificates of a key that is taken under which the document was right:
// when it was signed, and on its last day if it has expired.
func TestAnchorOfTheTimeIsTaken(t *testing.T) {
	day := func(y int, m time.Month) time.Time { return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC) }
	from := func(from, until time.Time) func(*issuer.Template) {
		return func(t *issuer.Template) { t.Serial, t.NotBefore, t.NotAfter = 9, from, until }
	}
	expired := ada()
	expired.Expiry = day(2020, 6)
	for name, tt := range map[string]struct {
		holder       virtual.Holder
		root, other  func(*issuer.Template)
		leaf, signed [2]time.Time
		reason       emrtd.Reason
	}{
		"signed before the link": {ada(), from(day(2020, 1), day(2035, 1)), from(day(2020, 3), day(2035, 1)), [2]time.Time{day(2020, 1), day(2033, 1)}, [2]time.Time{day(2020, 2)}, ""},
		"expired, and renewed":   {expired, from(day(2010, 1), day(2021, 1)), from(day(2020, 1), day(2030, 1)), [2]time.Time{day(2010, 2), day(2021, 1)}, [2]time.Time{day(2012, 1)}, ""},
		"under neither":          {ada(), from(day(2020, 2), day(2035, 1)), from(day(2020, 3), day(2035, 1)), [2]time.Time{day(2020, 1), day(2033, 1)}, [2]time.Time{day(2020, 1)}, emrtd.ReasonSignedLate},
	} {
		s := found(keyP256(), keyRSA(), func(root, leaf *issuer.Template) {
			tt.root(root)
			leaf.NotBefore, leaf.NotAfter = tt.leaf[0], tt.leaf[1]
		})
		ev := s.issue(must(utopia().Issue(tt.holder)), func(c *issuer.Content) { c.At = tt.signed[0] })
		other := s.again(s.country, tt.other)
		for _, list := range []*trustlist.List{must(trustlist.Of(s.root, other)), must(trustlist.Of(other, s.root))} {
			v, err := emrtd.Verify(ev, list, challenge, now)
			switch {
			case tt.reason != "":
				fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckValidity, tt.reason)
			case err != nil || v.Expired(now) != tt.holder.Expiry.Before(now):
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A country signer that does not say which its key is: the signature decides.
func TestAnchorWithoutKeyIdentifier(t *testing.T) {
	s := found(keyP256(), keyRSA(), func(root, _ *issuer.Template) { root.Extensions = root.Extensions[:2] })
	ev := s.issue(adas(), nil)
	if _, err := s.judge(ev, now); err != nil {
		t.Error(err)
	}
	thief := s.again(keyBP384(), func(t *issuer.Template) { t.Public = keyBP384().Public() })
	if _, err := emrtd.Verify(ev, must(trustlist.Of(thief, s.root)), challenge, now); err != nil {
		t.Errorf("beside one with its key identifier: %v", err)
	}
	_, err := emrtd.Verify(ev, must(trustlist.Of(thief)), challenge, now)
	fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckTrust, emrtd.ReasonNotIssued)
}

// An exception is asked for by the country signer's key, though the document signer
// does not name it.
func TestExceptionOfASignerThatNamesNoKey(t *testing.T) {
	sha1 := signature.Algorithm{Scheme: signature.PKCS1, Hash: crypto.SHA1}
	s := found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) {
		l.Algorithm, l.Extensions = sha1, l.Extensions[:2]
	})
	for _, tt := range []struct {
		id []byte
		ok bool
	}{{keyCSCA().ID(), true}, {keyP256().ID(), false}} {
		e := trustlist.Exception{Country: "XX", KeyID: tt.id, Until: now.AddDate(0, 0, 1), Reason: "old chips"}
		list := listed(t, s.root, rules(t, trustlist.Rules{Exceptions: []trustlist.Exception{e}}))
		if _, err := emrtd.Verify(s.issue(adas(), nil), list, challenge, now); (err == nil) != tt.ok {
			t.Errorf("%x: %v", tt.id, err)
		}
	}
}

// A country signer of path length 0, 1 or none has no authorities below: what is
// under one is not found, and what is on a list by mistake is not followed.
func TestNoAuthorityBelowTheCountrySigner(t *testing.T) {
	for name, constraints := range map[string][]byte{
		"0": issuer.Authority(), "1": issuer.Extension("2.5.29.19", true, []byte{0x30, 6, 1, 1, 0xFF, 2, 1, 1}), "none": issuer.Extension("2.5.29.19", true, []byte{0x30, 3, 1, 1, 0xFF}),
	} {
		root := rootOf(keyCSCA())
		root.Extensions[0] = constraints
		top := must(issuer.Certify(root, keyCSCA()))
		s := found(keyP256(), keyRSA(), func(root, leaf *issuer.Template) {
			root.Serial, root.Subject, leaf.Issuer = 3, nameOf("XX", "sub"), nameOf("XX", "sub")
			root.Extensions = append(root.Extensions, issuer.AuthorityKeyID(keyCSCA().ID()))
		})
		sub := s.again(keyCSCA(), func(t *issuer.Template) { t.Serial, t.Subject = 3, nameOf("XX", "sub") })
		d := trustlist.NewDraft(new(trustlist.List), now, sha256.Sum256(top))
		for _, f := range [][]byte{top, sub} {
			if _, err := d.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		ev := s.issue(adas(), func(c *issuer.Content) { c.Certificates = [][]byte{sub} })
		_, err := emrtd.Verify(ev, must(d.Finish()), challenge, now)
		if fails(t, err, tunnus.CodeDocSignerUnknown, emrtd.CheckTrust, emrtd.ReasonNoAnchor); t.Failed() {
			t.Fatal(name)
		}
	}
}

// A key may have two names, such as one in two orders, and two forms: whatever is known
// of one certificate counts for the other, but only those of the name that the document
// signer's tells have to be valid.
func TestOneKeyUnderTwoNames(t *testing.T) {
	key := must(issuer.NewEC("secp256r1"))
	written := *key
	written.Explicit = true
	turned := issuer.Name(ber.PrintableString, "CN=CSCA", "O=Utopia", "C=XX")
	s := found(key, keyRSA(), func(root, leaf *issuer.Template) { root.Issuer, root.Subject, leaf.Issuer = turned, turned, turned })
	other := func(change func(*issuer.Template)) []byte {
		t := rootOf(&written)
		t.Serial = 41
		change(&t)
		return must(issuer.Certify(t, key))
	}
	good := other(func(*issuer.Template) {})
	expired := other(func(t *issuer.Template) { t.NotAfter = now.AddDate(0, 0, -1) })
	rule := fmt.Appendf(nil, `{"defects": [{"key": "%x", "reason": "stolen"}]}`, must(certificate.Parse(good)).KeyDigest())
	for name, tt := range map[string]struct {
		root, other, file []byte
		check             string
		reason            emrtd.Reason
	}{
		"good":                  {s.root, good, s.revoking(now.Add(-time.Hour), now.AddDate(0, 1, 0), 99), "", ""},
		"the other is revoked":  {s.root, good, s.revoking(now.Add(-time.Hour), now.AddDate(0, 1, 0), 41), emrtd.CheckRevocation, emrtd.ReasonRevoked},
		"the other is stolen":   {s.root, good, rule, emrtd.CheckDefects, emrtd.ReasonDefect},
		"the other has expired": {s.root, expired, []byte("{}"), "", ""},
		"its own has expired": {s.again(key, func(t *issuer.Template) {
			t.Issuer, t.Subject, t.NotAfter = turned, turned, now.AddDate(0, 0, -1)
		}), good, []byte("{}"), emrtd.CheckValidity, emrtd.ReasonNotValid},
	} {
		d := trustlist.NewDraft(must(trustlist.Of(tt.root, tt.other)), now)
		if _, err := d.Add(tt.file); err != nil {
			t.Fatal(err)
		}
		v, err := emrtd.Verify(s.issue(adas(), nil), must(d.Finish()), challenge, now)
		switch {
		case tt.check != "":
			fails(t, err, tunnus.CodeDocSigBad, tt.check, tt.reason)
		case err != nil || v.IsZero():
			t.Errorf("%s: %v", name, err)
		}
	}
}
