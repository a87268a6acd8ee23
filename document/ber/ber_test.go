package ber_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/tlv"
)

func TestTimes(t *testing.T) {
	for give, want := range map[string]string{
		"\x17\x0d261122120000Z":           "2026-11-22T12:00:00Z",
		"\x17\x0d500101000000Z":           "1950-01-01T00:00:00Z",
		"\x17\x0d491231235959Z":           "2049-12-31T23:59:59Z",
		"\x17\x0b2611221200Z":             "2026-11-22T12:00:00Z",
		"\x17\x11261122120000+0200":       "2026-11-22T10:00:00Z",
		"\x17\x0f2611221200-0130":         "2026-11-22T13:30:00Z",
		"\x17\x0c261122120000":            "2026-11-22T12:00:00Z",
		"\x18\x0f20261122120000Z":         "2026-11-22T12:00:00Z",
		"\x18\x12" + "20261122120000.25Z": "2026-11-22T12:00:00Z",
		"\x18\x0f99991231235959Z":         "9999-12-31T23:59:59Z",
		"\x17\x0d260230120000Z":           "",
		"\x17\x0d261122246000Z":           "",
		"\x17\x0d261122120000z":           "",
		"\x17\x0d26112212000 Z":           "",
		"\x17\x11261122120000+9900":       "",
		"\x17\x0126":                      "",
		"\x18\x0f2026112212000":           "",
		"\x16\x0d261122120000Z":           "",
		"":                                "",
	} {
		s := ber.String(give)
		got, ok := s.Time()
		if ok != (want != "") || ok && got.Format(time.RFC3339) != want {
			t.Errorf("%q: %v, %v; want %q", give, got, ok, want)
		}
	}
}

func TestNamesOfObjects(t *testing.T) {
	for _, name := range []string{"2.5.29.15", "1.2.840.113549.1.1.10", "2.23.136.1.1.6.2", "2.999", "0.4.0.127.0.7", "1.39.4294967295"} {
		o := ber.NewOID(name)
		if o.String() != name {
			t.Errorf("%s came out as %s", name, o)
		}
		s := ber.String(tlv.Append(nil, ber.ObjectID, []byte(o)))
		if back, ok := s.OID(); !ok || back != o || !s.Empty() {
			t.Errorf("%s is not read back", name)
		}
	}
	for _, bad := range []string{"", "2", "3.1", "1.40", "1.2.x", "1.2.-3", "2.5."} {
		if o := ber.NewOID(bad); o != "" {
			t.Errorf("%q is %s", bad, o)
		}
	}
	s := ber.String("\x06\x02\x2a\x86") // its last arc does not end
	if o, ok := s.OID(); ok {
		t.Errorf("read %s", o)
	}
	if o := ber.OID(append([]byte{0x2A}, bytes.Repeat([]byte{0xFF}, 40)...)) + "\x01"; o.String() != "1.2.?" {
		t.Errorf("a huge arc: %s", o)
	}
}

func TestOddEncodingsAreRead(t *testing.T) {
	s := ber.String("\x30\x83\x00\x00\x03\x01\x01\x02" + "\x02\x02\x80\x01" + "\x02\x03\x00\x00\x05" + "\x03\x02\x03\xFF")
	seq, ok := s.Read(ber.Sequence)
	if v, okToo := seq.Bool(); !ok || !okToo || !v {
		t.Error("length of three bytes, TRUE of 2")
	}
	if n, ok := s.Unsigned(2); !ok || n.Cmp(big.NewInt(0x8001)) != 0 {
		t.Errorf("forgotten zero: %v", n)
	}
	if n, ok := s.Int(); !ok || n != 5 {
		t.Errorf("zeros in front: %d", n)
	}
	if b, ok := s.Bits(); !ok || !bytes.Equal(b, []byte{0xF8}) || !s.Empty() {
		t.Errorf("bits: %X", b)
	}
	for _, bad := range []string{"\x02\x00", "\x02\x01\x80", "\x02\x05\x01\x00\x00\x00\x00", "\x02\x81", "\x04\x01\x01"} {
		s := ber.String(bad)
		if n, ok := s.Int(); ok {
			t.Errorf("%X: %d", bad, n)
		}
	}
	for _, bad := range []string{"\x03\x00", "\x03\x01\x01", "\x03\x02\x08\x00"} {
		s := ber.String(bad)
		if _, ok := s.Bits(); ok {
			t.Errorf("%X is read as bits", bad)
		}
	}
}

func TestDefinite(t *testing.T) {
	for give, want := range map[string]string{
		"30800201050000":     "3003020105",
		"308002010500000400": "30030201050400", // what follows stays
		"3080A08004020102000024800401AA0402BBCC00000000": "300BA004040201020403AABBCC",
		"30800203000005" + "0000":                        "30050203000005", // inside, as it is
		"3003020105":                                     "3003020105",
		"24800401AA020105" + "0000":                      "24060401AA020105",
	} {
		got, n, err := ber.Definite(unhex(t, give))
		if err != nil || !bytes.Equal(got, unhex(t, want)) || (n == 0) != (give == want) {
			t.Errorf("%s: %X, %d, %v; want %s", give, got, n, err, want)
		}
	}
}

func TestDefiniteHasLimits(t *testing.T) {
	nested := func(n int) []byte {
		return append(bytes.Repeat([]byte{0x30, 0x80}, n), make([]byte, 2*n)...)
	}
	if _, n, err := ber.Definite(nested(16)); err != nil || n != 16 {
		t.Errorf("sixteen levels: %d, %v", n, err)
	}
	row := append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x30, 0x80, 0, 0}, 64)...)
	for name, give := range map[string][]byte{
		"seventeen levels":  nested(17),
		"depth of 10,000":   nested(10_000),
		"65 elements":       append(row, 0, 0),
		"a million inside":  append(append([]byte{0x30, 0x80}, bytes.Repeat([]byte{5, 0}, 1_000_000)...), 0, 0),
		"without an end":    {0x30, 0x80, 2, 1, 5},
		"a primitive one":   {0x30, 0x80, 4, 0x80, 0, 0, 0, 0},
		"only a head":       {0x30, 0x80},
		"four gigabytes":    {0x30, 0x80, 4, 0x84, 0xFF, 0xFF, 0xFF, 0xFF},
		"half an end":       {0x30, 0x80, 0},
		"primitive outside": {0x04, 0x80, 0, 0},
	} {
		if out, _, err := ber.Definite(give); err == nil {
			t.Errorf("%s: %d bytes", name, len(out))
		}
	}
	if _, _, err := ber.Definite(nested(17)); !errors.Is(err, ber.ErrIndefinite) {
		t.Errorf("got %v", err)
	}
}

// What encoding/asn1 reads is read as the same.
func FuzzReadAgrees(f *testing.F) {
	for _, seed := range []string{"020105", "0203008001", "06032A8648", "170D3236313132323132303030305A", "180F32303236313132323132303030305A", "0303055FE0", "0101FF", "30030201050400"} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var n int
		if _, err := asn1.Unmarshal(in, &n); err == nil && n >= 0 && n < 1<<31 {
			s := ber.String(in)
			if got, ok := s.Int(); !ok || got != n {
				t.Errorf("integer %d: %d, %v", n, got, ok)
			}
		}
		var at time.Time
		if rest, err := asn1.Unmarshal(in, &at); err == nil {
			s := ber.String(in)
			if got, ok := s.Time(); !ok || !got.Equal(at.Truncate(time.Second)) || len(s) != len(rest) {
				t.Errorf("time %v: %v, %v", at, got, ok)
			}
		}
		var oid asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(in, &oid); err == nil {
			s := ber.String(in)
			if got, ok := s.OID(); !ok || got.String() != oid.String() || ber.NewOID(oid.String()) != got {
				t.Errorf("object %v: %v, %v", oid, got, ok)
			}
		}
		var bits asn1.BitString
		if _, err := asn1.Unmarshal(in, &bits); err == nil {
			s := ber.String(in)
			if got, ok := s.Bits(); !ok || !bytes.Equal(got, bits.Bytes) {
				t.Errorf("bits %X: %X, %v", bits.Bytes, got, ok)
			}
		}
	})
}

// What comes out has no indefinite length in front, and going over it again
// changes nothing; nothing is invented.
func FuzzDefinite(f *testing.F) {
	f.Add(unhex(f, "3080A08004020102000024800401AA0402BBCC00000000"))
	f.Add(unhex(f, "30800201050000"))
	f.Add(unhex(f, "1F80010400")) // the 80 is of the tag
	f.Fuzz(func(t *testing.T, in []byte) {
		out, n, err := ber.Definite(in)
		if err != nil {
			return
		}
		again, m, err := ber.Definite(out)
		if err != nil || m != 0 || !bytes.Equal(again, out) {
			t.Errorf("once more: %d, %v", m, err)
		}
		if len(out) > len(in)+4*n {
			t.Errorf("%d bytes of %d", len(out), len(in))
		}
	})
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
