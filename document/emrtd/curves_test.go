package emrtd_test

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"math/big"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// answers makes what a chip with the key says to the challenge: r ‖ s.
func answers(k *issuer.Key, h crypto.Hash, size int, challenge []byte) []byte {
	der := ber.String(must(k.Sign(signature.Algorithm{Scheme: signature.ECDSA, Hash: h}, challenge)))
	seq, _ := der.Read(ber.Sequence)
	plain := make([]byte, 2*size)
	for i := range 2 {
		n, _ := seq.Unsigned(size + 1)
		n.FillBytes(plain[i*size : (i+1)*size])
	}
	return plain
}

// chipKeyed is a document whose chip has the key, without data group 14.
func chipKeyed(s state, k *issuer.Key) emrtd.Evidence {
	groups := adas().Groups()
	groups[15] = tlv.Append(nil, 0x6F, k.Public())
	return s.seal(emrtd.Evidence{Groups: groups}, nil)
}

// Chips answer on every curve that signers use; where data group 14 does not name
// the digest, that of the curve's size is meant, and no other is tried.
func TestAAOnEveryCurve(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	for name, tt := range map[string]struct {
		h    crypto.Hash
		size int
	}{
		"secp224r1": {crypto.SHA224, 28}, "secp256r1": {crypto.SHA256, 32}, "secp384r1": {crypto.SHA384, 48}, "secp521r1": {crypto.SHA512, 66},
		"brainpoolP224r1": {crypto.SHA224, 28}, "brainpoolP256r1": {crypto.SHA256, 32}, "brainpoolP320r1": {crypto.SHA384, 40},
		"brainpoolP384r1": {crypto.SHA384, 48}, "brainpoolP512r1": {crypto.SHA512, 64},
	} {
		k := must(issuer.NewEC(name))
		k.Explicit = tt.size == 40
		ev := chipKeyed(s, k)
		ev.ActiveAuth = answers(k, tt.h, tt.size, challenge)
		v, err := s.judge(ev, now)
		if err != nil || v.Clonable() {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, c := range v.Checks() {
			if c.Name == emrtd.CheckActiveAuth && c.Reason != emrtd.ReasonHashGuessed {
				t.Errorf("%s: %+v", name, c)
			}
		}
		other := crypto.SHA256
		if tt.h == other {
			other = crypto.SHA384
		}
		ev.ActiveAuth = answers(k, other, tt.size, challenge)
		_, err = s.judge(ev, now)
		fails(t, err, tunnus.CodeDocClone, emrtd.CheckActiveAuth, emrtd.ReasonAnswer)
	}
}

// r and s have their full length: zeros in front belong there, and numbers of the
// order or more are none, though they are the same modulo the order.
func TestAAFormOfTheAnswer(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	k := must(issuer.NewEC("brainpoolP256r1"))
	ev := chipKeyed(s, k)
	good := answers(k, crypto.SHA256, 32, challenge)
	for good[0] != 0 {
		good = answers(k, crypto.SHA256, 32, challenge)
	}
	if ev.ActiveAuth = good; judged(s, ev) != nil {
		t.Fatalf("a zero in front: %v", judged(s, ev))
	}
	order, _ := new(big.Int).SetString("A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7", 16)
	r := new(big.Int).SetBytes(good[:32])
	zero, n := make([]byte, 32), order.Bytes()
	for name, answer := range map[string][]byte{
		"its zero left out": good[1:], "another zero": append([]byte{0}, good...),
		"r is zero": append(bytes.Clone(zero), good[32:]...), "s is zero": append(bytes.Clone(good[:32]), zero...),
		"r is the order": append(bytes.Clone(n), good[32:]...), "s is the order": append(bytes.Clone(good[:32]), n...),
		"r and the order": append(r.Add(r, order).FillBytes(make([]byte, 32)), good[32:]...),
		"in DER":          must(k.Sign(signature.Algorithm{Scheme: signature.ECDSA, Hash: crypto.SHA256}, challenge)),
		"nothing":         {}, "one byte": {1},
	} {
		ev.ActiveAuth = answer
		if tunnus.CodeOf(judged(s, ev)) != tunnus.CodeDocClone {
			t.Errorf("%s: %v", name, judged(s, ev))
		}
	}
}

func judged(s state, ev emrtd.Evidence) error {
	_, err := s.judge(ev, now)
	return err
}

// Keys of data group 15 that are none: the state signed them, so nobody has copied
// anything, and it is not counted as a forgery.
func TestAAKeysThatAreNone(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	k := must(issuer.NewEC("brainpoolP256r1"))
	for name, dg15 := range map[string][]byte{
		"empty": tlv.Append(nil, 0x6F, nil), "off the curve": altered(tlv.Append(nil, 0x6F, k.Public()), -1),
		"another tag": tlv.Append(nil, 0x6E, k.Public()), "bytes behind": append(tlv.Append(nil, 0x6F, k.Public()), 0),
		"the neutral point": tlv.Append(nil, 0x6F, neutral(k)),
	} {
		groups := adas().Groups()
		groups[15] = dg15
		ev := s.seal(emrtd.Evidence{Groups: groups, ActiveAuth: answers(k, crypto.SHA256, 32, challenge)}, nil)
		_, err := s.judge(ev, now)
		fails(t, err, tunnus.CodeDocChipBroken, emrtd.CheckActiveAuth, emrtd.ReasonUnreadable)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// neutral is the key with the neutral point.
func neutral(k *issuer.Key) []byte {
	spki := ber.String(k.Public())
	seq, _ := spki.Read(ber.Sequence)
	algorithm, _ := seq.ReadRaw(ber.Sequence)
	return issuer.PublicKeyInfo(algorithm, []byte{0})
}

// A chip on a curve whose data group 14 names SHA-1 is one of old, and that is told.
func TestAAWithSHA1IsMarked(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	k := must(issuer.NewEC("secp256r1"))
	groups := adas().Groups()
	groups[14] = tlv.Append(nil, 0x6E, tlv.Append(nil, 0x31, tlv.Append(nil, 0x30, must(hex.DecodeString("0606678108010105"+"020101"+"060A04007F00070101040101")))))
	groups[15] = tlv.Append(nil, 0x6F, k.Public())
	ev := s.seal(emrtd.Evidence{Groups: groups}, nil)
	ev.ActiveAuth = answers(k, crypto.SHA1, 32, challenge)
	v, err := s.judge(ev, now)
	if err != nil || v.Clonable() {
		t.Fatal(err)
	}
	for _, c := range v.Checks() {
		if c.Name == emrtd.CheckActiveAuth && (c.Result != emrtd.Successful || c.Reason != emrtd.ReasonOldDigest) {
			t.Errorf("%+v", c)
		}
	}
}
