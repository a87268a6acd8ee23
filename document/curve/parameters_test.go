package curve_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/curve"
)

// Parameters as OpenSSL writes them are those of the table.
func TestParametersOfOpenSSL(t *testing.T) {
	files, err := filepath.Glob("testdata/openssl/*.hex")
	if err != nil || len(files) != len(names) {
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
		name := strings.TrimSuffix(filepath.Base(file), ".hex")
		c, err := curve.Parse(der)
		if err != nil || c.Name != name {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

// The seed is no number of the curve. Some states write it as a bit string that has
// bits to spare, which the last byte does not.
func TestSeedWithBitsToSpare(t *testing.T) {
	text, err := os.ReadFile("testdata/openssl/secp256r1.hex")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	seed := []byte{3, 21, 0}
	for _, spare := range []byte{0, 4} {
		der := bytes.Replace(whole, seed, []byte{3, 21, spare}, 1)
		if c, err := curve.Parse(der); err != nil || c.Name != "secp256r1" || bytes.Equal(der, whole) != (spare == 0) {
			t.Errorf("%d bits to spare: %v, %v", spare, c, err)
		}
	}
	if c, err := curve.Parse(bytes.Replace(whole, seed, []byte{4, 21, 0}, 1)); err == nil {
		t.Errorf("a seed that is no bit string: %s", c.Name)
	}
}

func TestParametersReadBack(t *testing.T) {
	for _, name := range names {
		c, err := curve.Parse(named(t, name).Parameters())
		if err != nil || c.Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNamesOfCurves(t *testing.T) {
	for oid, want := range map[string]string{
		"06082A8648CE3D030107":   "secp256r1",
		"06092B2403030208010107": "brainpoolP256r1",
		"06052B8104000A":         "", // secp256k1
		"0500":                   "",
		"":                       "",
	} {
		der, err := hex.DecodeString(oid)
		if err != nil {
			t.Fatal(err)
		}
		c, err := curve.Parse(der)
		if (err != nil) != (want == "") || err == nil && c.Name != want {
			t.Errorf("%s: %v, %v", oid, c, err)
		}
	}
}

// Whoever changes one number of the parameters has made his own curve.
func TestChangedParametersAreRefused(t *testing.T) {
	der := named(t, "brainpoolP256r1").Parameters()
	for bit := range 8 * len(der) {
		bad := bytes.Clone(der)
		bad[bit/8] ^= 1 << (bit % 8)
		if c, err := curve.Parse(bad); err == nil && !known(bad, c) {
			t.Errorf("bit %d: read as %s", bit, c.Name)
		}
	}
}

// known allows for what says nothing: the version.
func known(der []byte, c *curve.Curve) bool {
	v := bytes.Clone(der)
	if i := bytes.Index(v, []byte{2, 1}); i >= 0 {
		v[i+2] = 1
	}
	return bytes.Equal(v, c.Parameters())
}

// What is read as parameters is, as encoding/asn1 sees it, those of the curve.
func FuzzParse(f *testing.F) {
	for _, name := range names {
		f.Add(named(f, name).Parameters())
	}
	f.Add([]byte{6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7})
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := curve.Parse(in)
		if err != nil {
			return
		}
		var raw asn1.RawValue
		rest, err := asn1.Unmarshal(in, &raw)
		if err != nil || len(rest) != 0 {
			t.Fatalf("%X is no DER: %v", in, err)
		}
		prime, order := c.Prime().Bytes(), c.Order().Bytes()
		if raw.Tag == asn1.TagSequence && (!bytes.Contains(in, prime) || !bytes.Contains(in, order)) {
			t.Errorf("%X was read as %s", in, c.Name)
		}
	})
}
