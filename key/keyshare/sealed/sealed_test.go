package sealed

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

// mask is a [Sealer] that only binds to the place.
type mask struct{}

func (mask) Seal(plain, aad []byte) ([]byte, error) {
	return slices.Concat(aad, []byte{0}, plain), nil
}

func (mask) Open(sealed, aad []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, slices.Concat(aad, []byte{0}))
	if !ok {
		return nil, errors.New("another place")
	}
	return slices.Clone(plain), nil
}

func draw(t *testing.T, o Owner) (Secrets, []byte, []byte) {
	t.Helper()
	record, public, err := Draw(mask{}, o)
	if err != nil {
		t.Fatal(err)
	}
	x, err := Open(mask{}, o, record)
	if err != nil {
		t.Fatal(err)
	}
	return x, record, public
}

func TestSecretsAreBoundToTheirOwner(t *testing.T) {
	_, record, _ := draw(t, Owner{"a", 1})
	for _, o := range []Owner{{"b", 1}, {"a", 2}, {"a1", 0}, {"", 1}} {
		if _, err := Open(mask{}, o, record); err == nil {
			t.Errorf("opens for %+v", o)
		}
	}
	short, err := mask{}.Seal([]byte("short"), Owner{"a", 1}.place("tunnus/voprf/v1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(mask{}, Owner{"a", 1}, short); err == nil {
		t.Error("a record of another size opens")
	}
}

// A key is evaluated with only if it is the one that was published.
func TestEvaluate(t *testing.T) {
	x, _, public := draw(t, Owner{"a", 1})
	_, _, other := draw(t, Owner{"a", 1})
	_, blinded, err := splitkey.Blind(splitkey.Identity{Key: "a", Purpose: splitkey.Login, Generation: 1, Public: public}, []byte("4711"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Evaluate(public, blinded); err != nil {
		t.Error(err)
	}
	if _, err := x.Evaluate(other, blinded); err == nil {
		t.Error("evaluated under another key than was published")
	}
}

func TestOneTimeValues(t *testing.T) {
	x, _, _ := draw(t, Owner{"a", 1})
	y, _, _ := draw(t, Owner{"a", 1})
	for shown, want := range map[uint64]int64{5: 0, 4: 1, 1: 4, 6: -1} {
		if n, ok := x.Behind(1, 5, x.OneTime(shown)); n != want || !ok {
			t.Errorf("%d is %d behind 5, %v; want %d", shown, n, ok, want)
		}
	}
	forged := x.OneTime(5)
	forged[7]-- // says 4
	for name, value := range map[string][]byte{"none": nil, "short": x.OneTime(5)[:39], "another key's": y.OneTime(5), "forged": forged} {
		if _, ok := x.Behind(1, 5, value); ok {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestHalvesAreBoundToTheirModulus(t *testing.T) {
	h, err := splitkey.Generate()
	if err != nil {
		t.Fatal(err)
	}
	record, err := Half(mask{}, h)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenHalf(mask{}, h.Modulus(), record)
	if own, ok := again.(*splitkey.Half); err != nil || !ok || !own.Equal(h) {
		t.Errorf("OpenHalf: %v", err)
	}
	if _, err := OpenHalf(mask{}, []byte("other"), record); err == nil {
		t.Error("opens for another modulus")
	}
}

// No two lists of words have the same place.
func TestPlace(t *testing.T) {
	if bytes.Equal(Place("ab", "c"), Place("a", "bc")) || bytes.Equal(Place("a"), Place("a", "")) {
		t.Error("two places are one")
	}
}

// The next generation has a VOPRF key of its own, opens in its own place only, and
// knows the one-time values of the one before for what they are.
func TestRenew(t *testing.T) {
	x, _, public := draw(t, Owner{"a", 1})
	record, next, err := x.Renew(mask{})
	if err != nil || bytes.Equal(next, public) {
		t.Fatalf("Renew: %v", err)
	}
	if _, err := Open(mask{}, Owner{"a", 1}, record); err == nil {
		t.Error("opens in the place of the old generation")
	}
	y, err := Open(mask{}, Owner{"a", 2}, record)
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := y.Behind(1, 6, x.OneTime(5)); n != 1 || !ok {
		t.Errorf("a value of the old generation: %d, %v", n, ok)
	}
	if _, ok := y.Behind(2, 5, x.OneTime(5)); ok {
		t.Error("a value of the old generation is taken for one of the new")
	}
}
