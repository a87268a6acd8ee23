package sealed

import (
	"bytes"
	"crypto/sha512"
	"errors"
	"math/big"
	"testing"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A whole is a key with both its halves, and a share of the phone's.
type whole struct {
	phone, server *splitkey.Half
	product       splitkey.Product
	em, share     []byte
}

func newWhole(t testing.TB) whole {
	t.Helper()
	phone, err1 := splitkey.Generate()
	server, err2 := splitkey.Generate()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	product, err := splitkey.Join(phone.Modulus(), server.Modulus())
	if err != nil {
		t.Fatal(err)
	}
	digest := sha512.Sum512([]byte("payload"))
	em, err := splitkey.PSS.Encode("SHA-512", digest[:], make([]byte, 64))
	if err != nil {
		t.Fatal(err)
	}
	share, err := phone.Share(em)
	if err != nil {
		t.Fatal(err)
	}
	return whole{phone, server, product, em, share}
}

// module is a key module that answers as it is told to.
type module struct {
	half   *splitkey.Half
	answer func(right []byte) []byte
	asked  int
}

func (m *module) Power(em []byte) ([]byte, error) {
	m.asked++
	s, err := m.half.Power(em)
	if err != nil || m.answer == nil {
		return s, err
	}
	return m.answer(s), nil
}

func (m *module) Wipe() {}

// halfWrong is an answer that is right modulo one prime of n2 and wrong modulo
// the other, as a fault in one half of the CRT leaves it. Given out, it would
// betray the prime: gcd(s^e - em, n2).
func halfWrong(h *splitkey.Half) func([]byte) []byte {
	size := splitkey.HalfSize / 2
	p := new(big.Int).SetBytes(h.Marshal()[:size])
	n := new(big.Int).SetBytes(h.Modulus())
	return func(right []byte) []byte {
		s := new(big.Int).SetBytes(right)
		return s.Add(s, p).Mod(s, n).FillBytes(make([]byte, splitkey.HalfSize))
	}
}

// Whatever a key module answers, nothing wrong leaves.
func TestWrongAnswersOfAModuleAreCaught(t *testing.T) {
	w := newWhole(t)
	n := w.server.Modulus()
	tests := []struct {
		name   string
		answer func([]byte) []byte
		ok     bool
	}{
		{"right", nil, true},
		{"one bit turned", func(s []byte) []byte { s = bytes.Clone(s); s[200] ^= 4; return s }, false},
		{"wrong modulo one prime", halfWrong(w.server), false},
		{"zero", func(s []byte) []byte { return make([]byte, len(s)) }, false},
		{"one", func(s []byte) []byte { return append(make([]byte, len(s)-1), 1) }, false},
		{"the modulus", func([]byte) []byte { return n }, false},
		{"the encoding itself", func([]byte) []byte { return w.em[len(w.em)-splitkey.HalfSize:] }, false},
		{"nothing", func([]byte) []byte { return nil }, false},
		{"another half's", func([]byte) []byte { return w.share }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Checked(&module{half: w.server, answer: tt.answer}).Sign(w.product, w.phone.Modulus(), w.em, w.share)
			if (err == nil) != tt.ok || !tt.ok && s != nil {
				t.Errorf("Sign = %d bytes, %v; want ok %v", len(s), err, tt.ok)
			}
			if errors.Is(err, splitkey.ErrShare) {
				t.Error("the module's fault is told as the phone's, who would lose a try")
			}
		})
	}
}

// For a wrong share the module is not even asked: a raw power of what a stranger
// chose is never made.
func TestModuleIsNotAskedForAWrongShare(t *testing.T) {
	w := newWhole(t)
	m := &module{half: w.server}
	wrong := bytes.Clone(w.share)
	wrong[9] ^= 1
	if _, err := Checked(m).Sign(w.product, w.phone.Modulus(), w.em, wrong); !errors.Is(err, splitkey.ErrShare) || m.asked != 0 {
		t.Errorf("Sign = %v, module asked %d times", err, m.asked)
	}
}

// Both kinds of halves make the same signature.
func TestBothKindsAgree(t *testing.T) {
	w := newWhole(t)
	a, err1 := Checked(&module{half: w.server}).Sign(w.product, w.phone.Modulus(), w.em, w.share)
	b, err2 := w.server.Sign(w.product, w.phone.Modulus(), w.em, w.share)
	if err := errors.Join(err1, err2); err != nil || !bytes.Equal(a, b) {
		t.Errorf("two signatures of one encoding, %v", err)
	}
}

// keeper is a [HalfKeeper] that knows its own records.
type keeper struct {
	mask
	half *splitkey.Half
}

func (k keeper) MakeHalf() (modulus, record []byte, err error) {
	return k.half.Modulus(), []byte("own"), nil
}

func (k keeper) OpenHalf(_, record []byte) (Power, bool, error) {
	if string(record) != "own" {
		return nil, false, nil
	}
	return &module{half: k.half}, true, nil
}

// A keeper makes the new halves, and those of before stay usable.
func TestKeeper(t *testing.T) {
	w := newWhole(t)
	k := keeper{half: w.server}
	modulus, record, err := NewHalf(k)
	if err != nil || string(record) != "own" || !bytes.Equal(modulus, w.server.Modulus()) {
		t.Fatalf("NewHalf = %q, %v", record, err)
	}
	before, err := Half(mask{}, w.server)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string][]byte{"its own": record, "of before": before} {
		h, err := OpenHalf(k, modulus, r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Sign(w.product, w.phone.Modulus(), w.em, w.share); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		h.Wipe()
	}
}
