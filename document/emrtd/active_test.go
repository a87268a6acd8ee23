package emrtd_test

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/virtual"
)

func TestAAAnswerReplayedFromAnotherSession(t *testing.T) {
	ev := evidence(t, adas())
	var err error
	if ev.ActiveAuth, err = adas().Prove([]byte("another!")); err != nil {
		t.Fatal(err)
	}
	refused(t, ev, tunnus.CodeDocClone, emrtd.CheckActiveAuth)
}

func TestAAAnswerOfAnotherChip(t *testing.T) {
	ev := evidence(t, adas())
	ev.ActiveAuth = evidence(t, bens()).ActiveAuth
	refused(t, ev, tunnus.CodeDocClone, emrtd.CheckActiveAuth)
}

func TestAAAnswerLeftOut(t *testing.T) {
	ev := evidence(t, adas())
	ev.ActiveAuth = nil
	refused(t, ev, tunnus.CodeDocClone, emrtd.CheckActiveAuth)
}

func TestDG15LeftOut(t *testing.T) {
	ev := evidence(t, adas())
	delete(ev.Groups, 15)
	refused(t, ev, tunnus.CodeDocClone, emrtd.CheckActiveAuth)
	ev.ActiveAuth = nil
	refused(t, ev, tunnus.CodeDocClone, emrtd.CheckActiveAuth)
}

func TestDG15OfAnotherChip(t *testing.T) {
	ev := evidence(t, adas())
	other := evidence(t, bens())
	ev.Groups[15], ev.ActiveAuth = other.Groups[15], other.ActiveAuth
	refused(t, ev, tunnus.CodeHashMismatch, emrtd.CheckHashes)
}

func TestShortChallenge(t *testing.T) {
	short := challenge[:4]
	ev := evidence(t, adas())
	ev.ActiveAuth = must(adas().Prove(short))
	if _, err := emrtd.Verify(ev, trust(), short, now); tunnus.CodeOf(err) != tunnus.CodeDocClone {
		t.Errorf("got %v", err)
	}
}

func TestRSAAnswersThatAreNone(t *testing.T) {
	good := evidence(t, adas()).ActiveAuth
	one := make([]byte, len(good))
	one[len(one)-1] = 1
	random := make([]byte, len(good))
	_, _ = rand.Read(random[1:])
	for name, answer := range map[string][]byte{
		"zero": make([]byte, len(good)), "one": one, "random": random, "over the modulus": bytes.Repeat([]byte{0xFF}, len(good)),
		"leading zero": append([]byte{0}, good...), "cut": good[:len(good)-1], "longer": append(bytes.Clone(good), 0),
		"bit flipped": flip(good, 77),
	} {
		t.Run(name, func(t *testing.T) {
			ev := evidence(t, adas())
			ev.ActiveAuth = answer
			refused(t, ev, tunnus.CodeDocClone, emrtd.CheckActiveAuth)
		})
	}
}

func TestECDSAAnswersThatAreNone(t *testing.T) {
	h := ada()
	h.Chip = virtual.ChipECDSA
	p := must(utopia().Issue(h))
	good := evidence(t, p).ActiveAuth
	order, _ := new(big.Int).SetString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)
	n := order.Bytes()
	for name, answer := range map[string][]byte{
		"zero": make([]byte, 64), "r is zero": append(make([]byte, 32), good[32:]...), "s is zero": append(bytes.Clone(good[:32]), make([]byte, 32)...),
		"r is the order": append(bytes.Clone(n), good[32:]...), "s is the order": append(bytes.Clone(good[:32]), n...),
		"DER": append([]byte{0x30, 0x44, 2, 32}, good...), "cut": good[:63], "zero between": append(append(bytes.Clone(good[:32]), 0), good[32:]...),
		"bit flipped": flip(good, 5),
	} {
		t.Run(name, func(t *testing.T) {
			ev := evidence(t, p)
			ev.ActiveAuth = answer
			refused(t, ev, tunnus.CodeDocClone, emrtd.CheckActiveAuth)
		})
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at/8] ^= 1 << (at % 8)
	return b
}

// A chip's key may be shorter than a signer's, and that is told.
func TestAAShortKeyIsMarked(t *testing.T) {
	h := ada()
	h.Chip = virtual.ChipShort
	v, err := emrtd.Verify(evidence(t, must(utopia().Issue(h))), trust(), challenge, now)
	if err != nil || v.Clonable() {
		t.Fatal(err)
	}
	for _, c := range v.Checks() {
		if c.Name == emrtd.CheckActiveAuth && (c.Result != emrtd.Successful || c.Reason != emrtd.ReasonShortKey) {
			t.Errorf("%+v", c)
		}
	}
}
