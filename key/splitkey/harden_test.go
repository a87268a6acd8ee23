package splitkey

import (
	"bytes"
	"testing"

	"github.com/tunnus-id/tunnus/key/voprf"
)

func evaluator(t testing.TB) *voprf.Server {
	t.Helper()
	k, err := voprf.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	e, err := voprf.NewServer(k)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func identity(e *voprf.Server, h *Half) Identity {
	return Identity{Key: "k1", Purpose: Login, Generation: 1, Modulus: h.Modulus(), Public: e.Public()}
}

// harden runs phone and server for one PIN.
func harden(t testing.TB, e *voprf.Server, id Identity, pin string) []byte {
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
