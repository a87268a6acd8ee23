package emrtd_test

import (
	"bytes"
	"crypto"
	"testing"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

const cardSecurity = "0.4.0.127.0.7.3.2.1"

// EF.CardSecurity, where it was read, comes from the same state and says the same of
// access; else a downgrade is told.
func TestCardSecurity(t *testing.T) {
	sha1 := signature.Algorithm{Scheme: signature.PKCS1, Hash: crypto.SHA1}
	s, stranger := found(keyCSCA(), keyRSA(), nil), found(keyP256(), keyRSA(), nil)
	profile := func(extra ...[]byte) state {
		return found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) {
			l.Serial, l.Extensions = 5, append(l.Extensions, extra...)
		})
	}
	ended := found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) { l.Serial, l.NotAfter = 5, now.AddDate(0, 0, -1) })
	small := found(keyCSCA(), keySmall(), nil)
	ev := s.seal(read(t, keyed(t, virtual.ChipPlain)), nil)
	good := ev.Access.CardAccess
	weak := security.Set(security.NewPACE(security.Generic, true, apdu.DES3, 12).Marshal())
	sign := func(s state, content []byte, a signature.Algorithm) []byte {
		return must(issuer.Sign(issuer.Content{Kind: cardSecurity, Content: content, Signer: s.leaf, At: now, Algorithm: a}, s.signer))
	}
	usual := signature.Algorithm{}
	flipped := sign(s, good, usual)
	flipped[len(flipped)-3] ^= 1
	list := listed(t, s.root, s.revoking(now, now.AddDate(0, 1, 0), 5))
	for name, tt := range map[string]struct {
		file   []byte
		list   *trustlist.List
		result emrtd.Result
		reason emrtd.Reason
	}{
		"good":                        {sign(s, good, usual), list, emrtd.Successful, ""},
		"not read":                    {nil, list, emrtd.NotPerformed, emrtd.ReasonNotTold},
		"rubbish":                     {[]byte{0x30, 0}, list, emrtd.Failed, emrtd.ReasonUnreadable},
		"the security object":         {bytes.Clone(ev.SOD), list, emrtd.Failed, emrtd.ReasonUnreadable},
		"changed":                     {flipped, list, emrtd.Failed, emrtd.ReasonSignature},
		"of nobody who is listed":     {sign(stranger, good, usual), list, emrtd.Failed, emrtd.ReasonNoAnchor},
		"of another country signer":   {sign(stranger, good, usual), must(trustlist.Of(s.root, stranger.root)), emrtd.Failed, emrtd.ReasonNotIssued},
		"of a signer of master lists": {sign(profile(issuer.ExtUsage("2.23.136.1.1.3")), good, usual), listed(t, s.root), emrtd.Failed, emrtd.ReasonOtherSigner},
		"of a revoked signer":         {sign(profile(), good, usual), list, emrtd.Failed, emrtd.ReasonRevoked},
		"of a signer that has ended":  {sign(ended, good, usual), listed(t, s.root), emrtd.Failed, emrtd.ReasonNotValid},
		"of a weak signer":            {sign(small, good, usual), list, emrtd.Failed, emrtd.ReasonWeakKey},
		"with SHA-1":                  {sign(s, good, sha1), list, emrtd.Failed, emrtd.ReasonSHA1},
		"no SecurityInfos":            {sign(s, []byte("hello"), usual), list, emrtd.Failed, emrtd.ReasonUnreadable},
		"another way of access":       {sign(s, weak, usual), list, emrtd.Failed, emrtd.ReasonDowngraded},
	} {
		e := ev
		e.CardSecurity = tt.file
		v, err := emrtd.Verify(e, tt.list, challenge, now)
		if err != nil || v.Result(emrtd.CheckCardSecurity) != tt.result || reasonOf(v, emrtd.CheckCardSecurity) != tt.reason || v.Downgraded() != (tt.result == emrtd.Failed) {
			t.Errorf("%s: %v, %s, %s", name, err, v.Result(emrtd.CheckCardSecurity), reasonOf(v, emrtd.CheckCardSecurity))
		}
	}
	e := ev
	e.CardSecurity, e.Access.CardAccess = sign(s, weak, usual), nil
	if v, err := emrtd.Verify(e, list, challenge, now); err != nil || reasonOf(v, emrtd.CheckCardSecurity) != emrtd.ReasonDowngraded {
		t.Errorf("against data group 14 alone: %v, %s", err, reasonOf(v, emrtd.CheckCardSecurity))
	}
	other := found(keyCSCA(), keyBP384(), func(_, l *issuer.Template) { l.Serial = 6 })
	sum := must(certificate.Parse(other.leaf)).KeyDigest()
	e.CardSecurity = sign(other, good, usual)
	stolen := rules(t, trustlist.Rules{Defects: []trustlist.Defect{{Key: sum[:], Reason: "stolen"}}})
	if v, err := emrtd.Verify(e, listed(t, s.root, stolen), challenge, now); err != nil || reasonOf(v, emrtd.CheckCardSecurity) != emrtd.ReasonDefect {
		t.Errorf("of a stolen key: %v, %s", err, reasonOf(v, emrtd.CheckCardSecurity))
	}
}

// What a chip of the invented country has agrees with itself.
func TestCardSecurityOfAChip(t *testing.T) {
	h := ada()
	h.Chip, h.CardSecurity = virtual.ChipPlain, true
	h.ChipAuth, h.AuthGroup = []security.Auth{security.NewAuth(true, apdu.AES128)}, 13
	h.PACE = []security.PACE{security.NewPACE(security.Generic, true, apdu.AES128, 13)}
	p := must(utopia().Issue(h))
	ev := read(t, p)
	ev.CardSecurity = p.CardSecurity()
	if v, err := emrtd.Verify(ev, trust(), challenge, now); err != nil || v.Downgraded() || v.Result(emrtd.CheckCardSecurity) != emrtd.Successful {
		t.Errorf("%v, %+v", err, v.Checks())
	}
}
