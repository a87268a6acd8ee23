package emrtd_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// rewrite writes the unsigned parts of a certificate anew: the algorithm outside and
// the signature, whose length is left to long.
func rewrite(cert []byte, long bool, change func(algorithm, bits []byte) ([]byte, []byte)) []byte {
	s := ber.String(must(tlv.Only(cert, 0x30)))
	tbs, _ := s.ReadRaw(ber.Sequence)
	algorithm, _ := s.ReadRaw(ber.Sequence)
	bits, _ := s.Read(ber.BitString)
	algorithm, bits = change(bytes.Clone(algorithm), bytes.Clone(bits))
	last := tlv.Append(nil, ber.BitString, bits)
	if long { // a length with more bytes than it needs
		last = append([]byte{0x03, 0x83, 0, byte(len(bits) >> 8), byte(len(bits))}, bits...)
	}
	return tlv.Append(nil, ber.Sequence, slices.Concat(tbs, algorithm, last))
}

// negated is an ECDSA signature with n - s in the place of s, which verifies as well.
func negated(n *big.Int) func(algorithm, bits []byte) ([]byte, []byte) {
	return func(algorithm, bits []byte) ([]byte, []byte) {
		var pair struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(bits[1:], &pair); err != nil {
			panic(err)
		}
		pair.S.Sub(n, pair.S)
		return algorithm, append([]byte{0}, must(asn1.Marshal(pair))...)
	}
}

// A thief with the key of a document signer writes its certificate in another way,
// which anybody can. The rule that says that the key is out of hand holds for it.
func TestStolenKeyInARewrittenCertificate(t *testing.T) {
	same := func(algorithm, bits []byte) ([]byte, []byte) { return algorithm, bits }
	rsa, ec := found(keyCSCA(), keyRSA(), nil), found(keyP256(), keyRSA(), nil)
	for name, tt := range map[string]struct {
		state
		leaf []byte
	}{
		"as it was":            {rsa, rsa.leaf},
		"a longer length":      {rsa, rewrite(rsa.leaf, true, same)},
		"no NULL":              {rsa, rewrite(rsa.leaf, false, func(a, b []byte) ([]byte, []byte) { return tlv.Append(nil, 0x30, a[2:len(a)-2]), b })},
		"NULL where none was":  {ec, rewrite(ec.leaf, false, func(a, b []byte) ([]byte, []byte) { return tlv.Append(nil, 0x30, append(a[2:], 5, 0)), b })},
		"the other signature":  {ec, rewrite(ec.leaf, false, negated(elliptic.P256().Params().N))},
		"of another signature": {found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) { l.Serial = 77 }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, sum := tt.state, must(certificate.Parse(tt.state.leaf)).KeyDigest()
			if tt.leaf != nil {
				s.leaf = tt.leaf
			}
			ev := s.issue(adas(), nil)
			if _, err := emrtd.Verify(ev, listed(t, s.root), challenge, now); err != nil {
				t.Fatalf("without the rule: %v", err)
			}
			stolen := rules(t, trustlist.Rules{Defects: []trustlist.Defect{{Key: sum[:], Reason: "stolen"}}})
			_, err := emrtd.Verify(ev, listed(t, s.root, stolen), challenge, now)
			fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckDefects, emrtd.ReasonDefect)
		})
	}
}

// One country signer that came by somebody's master list can be distrusted: its key,
// in whichever of its certificates it is named.
func TestDistrustedCountrySigner(t *testing.T) {
	named := must(issuer.NewEC("brainpoolP256r1"))
	explicit := *named
	explicit.Explicit = true
	s := found(named, keyRSA(), nil)
	other := must(issuer.Certify(rootOf(&explicit), named))
	ev := s.issue(adas(), nil)
	for name, cert := range map[string][]byte{"the certificate that is found": s.root, "another of its key": other} {
		sum := must(certificate.Parse(cert)).KeyDigest()
		list := must(trustlist.Of(s.root, other))
		if _, err := emrtd.Verify(ev, list, challenge, now); err != nil {
			t.Fatalf("without the rule: %v", err)
		}
		d := trustlist.NewDraft(list, now)
		if _, err := d.Add(rules(t, trustlist.Rules{Defects: []trustlist.Defect{{Key: sum[:], Reason: "not ours"}}})); err != nil {
			t.Fatal(err)
		}
		_, err := emrtd.Verify(ev, must(d.Finish()), challenge, now)
		if fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckDefects, emrtd.ReasonDefect); t.Failed() {
			t.Fatal(name)
		}
	}
}
