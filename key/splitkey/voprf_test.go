package splitkey

import (
	"bytes"
	"crypto/elliptic"
	"testing"

	"github.com/cloudflare/circl/oprf"
)

func evaluator(t testing.TB) *Evaluator {
	t.Helper()
	k, err := NewEvaluatorKey()
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEvaluator(k)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func identity(e *Evaluator, h *Half) Identity {
	return Identity{Key: "k1", Purpose: Login, Generation: 1, Modulus: h.Modulus(), Public: e.Public()}
}

// harden runs phone and server for one PIN.
func harden(t testing.TB, e *Evaluator, id Identity, pin string) []byte {
	t.Helper()
	b, blinded, err := Blind(id, []byte(pin))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := e.Evaluate(blinded)
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.Finish(answer)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Our server and circl's are one function, and circl's phone takes our proofs.
func TestEvaluatorAgreesWithCircl(t *testing.T) {
	e := evaluator(t)
	priv := new(oprf.PrivateKey)
	if err := priv.UnmarshalBinary(oprf.SuiteP256, e.k); err != nil {
		t.Fatal(err)
	}
	server := oprf.NewVerifiableServer(oprf.SuiteP256, priv)
	pub, err := server.PublicKey().MarshalBinary()
	if err != nil || !bytes.Equal(pub, e.Public()) {
		t.Fatalf("public keys differ: %x, %x", pub, e.Public())
	}
	h, _ := testHalves()
	id := identity(e, h)
	for range 20 {
		pin := random(t, 6)
		want, err := server.FullEvaluate(field(field([]byte(pinTag), id.context()), pin))
		if err != nil {
			t.Fatal(err)
		}
		if got := harden(t, e, id, string(pin)); !bytes.Equal(got, want) {
			t.Fatalf("hardened PIN = %x; want %x", got, want)
		}
	}
}

// Another PIN, key id, purpose, generation or modulus hardens to something else.
func TestHardenedPINIsBound(t *testing.T) {
	e := evaluator(t)
	h, _ := testHalves()
	id := identity(e, h)
	base := harden(t, e, id, "4711")
	for name, other := range map[string]func(*Identity) string{
		"pin":        func(*Identity) string { return "4712" },
		"key":        func(id *Identity) string { id.Key = "k2"; return "4711" },
		"purpose":    func(id *Identity) string { id.Purpose = Signature; return "4711" },
		"generation": func(id *Identity) string { id.Generation = 2; return "4711" },
		"modulus":    func(id *Identity) string { id.Modulus = id.Modulus[1:]; return "4711" },
	} {
		id := id
		if pin := other(&id); bytes.Equal(base, harden(t, e, id, pin)) {
			t.Errorf("another %s hardens to the same", name)
		}
	}
	if !bytes.Equal(base, harden(t, e, id, "4711")) {
		t.Error("the same PIN hardens to two values")
	}
}

func TestEvaluateRefusesBadElements(t *testing.T) {
	e := evaluator(t)
	offCurve := append([]byte{2}, make([]byte, 32)...)
	for x := byte(1); ; x++ {
		offCurve[32] = x
		if px, _ := elliptic.UnmarshalCompressed(elliptic.P256(), offCurve); px == nil {
			break
		}
	}
	tooLarge := append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...)
	long := append([]byte{4}, make([]byte, 64)...)
	for name, b := range map[string][]byte{
		"not on the curve": offCurve, "identity": {0}, "long identity": make([]byte, ElementSize),
		"coordinate too large": tooLarge, "uncompressed": long, "empty": nil,
	} {
		if _, err := e.Evaluate(b); err == nil {
			t.Errorf("%s: evaluated", name)
		}
		if CheckBlinded(b) == nil {
			t.Errorf("%s: CheckBlinded took it", name)
		}
	}
	if err := CheckBlinded(e.Public()); err != nil {
		t.Errorf("a good element: %v", err)
	}
}

// An evaluation that is not by the pinned key is the server's fault, not a wrong PIN.
func TestFinishRefusesForgedProofs(t *testing.T) {
	e, other := evaluator(t), evaluator(t)
	h, _ := testHalves()
	id := identity(e, h)
	b, blinded, err := Blind(id, []byte("4711"))
	if err != nil {
		t.Fatal(err)
	}
	good, err1 := e.Evaluate(blinded)
	foreign, err2 := other.Evaluate(blinded)
	second, err3 := e.Evaluate(e.Public())
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	if _, err := b.Finish(good); err != nil {
		t.Fatalf("Finish(good) = %v", err)
	}
	flipped := bytes.Clone(good.Proof)
	flipped[40] ^= 1
	for name, bad := range map[string]Evaluated{
		"another key":             foreign,
		"another element":         {Element: second.Element, Proof: good.Proof},
		"proof of another":        {Element: good.Element, Proof: second.Proof},
		"proof by another":        {Element: good.Element, Proof: foreign.Proof},
		"one bit":                 {Element: good.Element, Proof: flipped},
		"all zero":                {Element: good.Element, Proof: make([]byte, ProofSize)},
		"no proof":                {Element: good.Element},
		"identity":                {Element: []byte{0}, Proof: good.Proof},
		"the blinded one, echoed": {Element: blinded, Proof: good.Proof},
	} {
		if _, err := b.Finish(bad); err != ErrProof {
			t.Errorf("%s: Finish = %v; want ErrProof", name, err)
		}
	}
}

func TestNewEvaluatorRefuses(t *testing.T) {
	for _, k := range [][]byte{nil, make([]byte, 32), p256Order(), make([]byte, 31)} {
		if _, err := NewEvaluator(k); err == nil {
			t.Errorf("NewEvaluator took %x", k)
		}
	}
}
