package splitkey

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/tunnus-id/tunnus"
)

func sealed(t *testing.T) (Blob, *Half, []byte) {
	t.Helper()
	h, _ := testHalves()
	hardened := random(t, 32)
	b, err := Seal(identity(evaluator(t), h), h, hardened)
	if err != nil {
		t.Fatal(err)
	}
	return b, h, hardened
}

// A blob that was stored and read opens with its PIN and no other.
func TestBlob(t *testing.T) {
	b, h, hardened := sealed(t)
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var again Blob
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	got, err := again.Open(hardened)
	if err != nil || !got.Equal(h) {
		t.Fatalf("Open = %v", err)
	}
	em := random(t, ProductSize)
	x, errX := h.Power(em)
	y, errY := got.Power(em)
	if errX != nil || errY != nil || !bytes.Equal(x, y) {
		t.Error("the opened half signs otherwise")
	}
	if _, err := again.Open(random(t, 32)); tunnus.CodeOf(err) != tunnus.CodePINWrong {
		t.Errorf("Open with another PIN = %v; want %s", err, tunnus.CodePINWrong)
	}
}

// Damage is told from a wrong PIN before it costs a try.
func TestBlobDamage(t *testing.T) {
	b, _, hardened := sealed(t)
	for name, harm := range map[string]func(*Blob){
		"box":        func(b *Blob) { b.Box = bytes.Clone(b.Box); b.Box[30] ^= 1 },
		"cut":        func(b *Blob) { b.Box = b.Box[:100] },
		"salt":       func(b *Blob) { b.Salt = make([]byte, saltSize) },
		"key id":     func(b *Blob) { b.Key = "k2" },
		"generation": func(b *Blob) { b.Generation++ },
		"purpose":    func(b *Blob) { b.Purpose = Signature },
		"modulus":    func(b *Blob) { b.Modulus = make([]byte, HalfSize) },
		"public key": func(b *Blob) { b.Public = make([]byte, ElementSize) },
		"sum":        func(b *Blob) { b.Sum = nil },
	} {
		harmed := b
		harm(&harmed)
		if err := harmed.Intact(); err != ErrDamaged {
			t.Errorf("%s: Intact = %v; want ErrDamaged", name, err)
		}
		if _, err := harmed.Open(hardened); err != ErrDamaged {
			t.Errorf("%s: Open = %v; want ErrDamaged", name, err)
		}
	}
}

// The seal binds key id, purpose, generation and n1 even if the checksum is made to fit.
func TestBlobIsBound(t *testing.T) {
	b, _, hardened := sealed(t)
	b.Generation = 2
	b.Sum = b.sum()
	if _, err := b.Open(hardened); tunnus.CodeOf(err) != tunnus.CodePINWrong {
		t.Errorf("Open under another generation = %v", err)
	}
	h, _ := testHalves()
	id := b.Identity
	id.Modulus = make([]byte, HalfSize)
	if _, err := Seal(id, h, hardened); err == nil {
		t.Error("a half was sealed under another modulus")
	}
}

func TestProof(t *testing.T) {
	h, other := testHalves()
	id := identity(evaluator(t), h)
	proof, err := h.Prove(StepConfirm, id, []byte("nonce"))
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckProof(proof, StepConfirm, id, []byte("nonce")); err != nil {
		t.Errorf("CheckProof = %v", err)
	}
	foreign, second, generation := id, id, id
	foreign.Modulus, second.Key, generation.Generation = other.Modulus(), "k2", 2
	purpose := id
	purpose.Purpose = Signature
	for name, err := range map[string]error{
		"step":       CheckProof(proof, StepBegin, id, []byte("nonce")),
		"extra":      CheckProof(proof, StepConfirm, id, []byte("other")),
		"no extra":   CheckProof(proof, StepConfirm, id),
		"split":      CheckProof(proof, StepConfirm, id, []byte("non"), []byte("ce")),
		"modulus":    CheckProof(proof, StepConfirm, foreign, []byte("nonce")),
		"key":        CheckProof(proof, StepConfirm, second, []byte("nonce")),
		"generation": CheckProof(proof, StepConfirm, generation, []byte("nonce")),
		"purpose":    CheckProof(proof, StepConfirm, purpose, []byte("nonce")),
		"none":       CheckProof(nil, StepConfirm, id, []byte("nonce")),
		"no modulus": CheckProof(proof, StepConfirm, Identity{}, []byte("nonce")),
	} {
		if err == nil {
			t.Errorf("a proof was taken for another %s", name)
		}
	}
}
