package domain_test

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/domain"
)

// Public keys as OpenSSL writes them, in all the forms of parameters.
func TestKeysOfOpenSSL(t *testing.T) {
	want := map[string]int{
		"brainpoolP256r1-explicit": 13, "brainpoolP384r1-named": 16, "secp256r1-explicit": 12, "secp521r1-named": 18,
		"rfc5114-1-x942": 0, "rfc5114-3-x942": 2, "modp2048-pkcs3": domain.Unnamed,
	}
	files, err := filepath.Glob("testdata/openssl/*.hex")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		der, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		g, e, err := domain.ParseKey(der)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if id := want[strings.TrimSuffix(filepath.Base(file), ".hex")]; g.ID != id || !bytes.Contains(der, e.Bytes()) {
			t.Errorf("%s: group %d; want %d", file, g.ID, id)
		}
		k, pub := key(t, g)
		if g.Neutral(g.Times(e, k)) || pub.Equal(e) {
			t.Errorf("%s: no agreement", file)
		}
	}
}

// opened is a key as OpenSSL wrote it.
func opened(t *testing.T, name string) (*domain.Group, domain.Element) {
	t.Helper()
	text, err := os.ReadFile("testdata/openssl/" + name + ".hex")
	if err != nil {
		t.Fatal(err)
	}
	der, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	g, e, err := domain.ParseKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return g, e
}

// In a group whose order nobody tells, the ends of the range are refused at least.
func TestElementsWithoutAnOrder(t *testing.T) {
	g, _ := opened(t, "modp2048-pkcs3")
	if g.Order() != nil {
		t.Fatalf("%v", g.Order())
	}
	p := domain.PrimeOf(g)
	for _, n := range []int64{-1, 0, 1} {
		for _, x := range []*big.Int{big.NewInt(max(n, 0)), new(big.Int).Add(p, big.NewInt(n))} {
			if _, err := g.Element(x.Bytes()); err == nil {
				t.Errorf("%X was taken", x)
			}
		}
	}
	if _, err := g.Element([]byte{2}); err != nil {
		t.Errorf("two: %v", err)
	}
	if _, err := g.Encode(make([]byte, 300)); err == nil {
		t.Error("a number was mapped without an order")
	}
}

func TestChangedKeysAreRefused(t *testing.T) {
	for _, id := range []int{0, 13} {
		g := standard(t, id)
		_, pub := key(t, g)
		der := g.MarshalKey(pub)
		for at := range der {
			bad := bytes.Clone(der)
			bad[at] ^= 1
			if _, e, err := domain.ParseKey(bad); err == nil {
				t.Errorf("group %d: byte %d changed: read as %X", id, at, e.Bytes())
			}
		}
	}
}
