package security_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
)

// activeInfo names ecdsa-plain-SHA256.
const activeInfo = "30170606678108010105020101060A04007F00070101040103"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The PACEInfos of the worked examples (Doc 9303-11 appendix G and I).
func TestInfosOfTheExamples(t *testing.T) {
	tests := []struct {
		hex  string
		want security.PACE
	}{
		{"3012060A04007F0007020204020202010202010D", security.NewPACE(security.Generic, true, apdu.AES128, 13)},
		{"3012060A04007F00070202040102020102020100", security.NewPACE(security.Generic, false, apdu.AES128, 0)},
		{"3012060A04007F0007020204060202010202010D", security.NewPACE(security.ChipAuth, true, apdu.AES128, 13)},
		{"300F060A04007F00070202040301020102", security.NewPACE(security.Integrated, false, apdu.DES3, -1)},
	}
	for _, tt := range tests {
		infos, err := security.Read(security.Set(unhex(t, tt.hex)))
		if err != nil || len(infos.PACE) != 1 {
			t.Errorf("%s: %v", tt.hex, err)
			continue
		}
		got := infos.PACE[0]
		if !got.OID.Equal(tt.want.OID) || got.Mapping != tt.want.Mapping || got.Curve != tt.want.Curve || got.Suite != tt.want.Suite || got.Domain != tt.want.Domain {
			t.Errorf("%s: %+v; want %+v", tt.hex, got, tt.want)
		}
		if !bytes.Equal(got.Marshal(), unhex(t, tt.hex)) {
			t.Errorf("%s is written %X", tt.hex, got.Marshal())
		}
	}
}

func TestAllKindsOfInfos(t *testing.T) {
	spki := unhex(t, "3003020105")
	active := unhex(t, activeInfo)
	terminal := unhex(t, "300D060804007F0007020202020101")
	unknown := unhex(t, "3006060455040301")
	infos, err := security.Read(security.Set(
		security.NewPACE(security.Generic, true, apdu.AES256, 16).Marshal(),
		security.Auth{OID: security.NewAuth(true, apdu.AES192).OID, KeyID: []byte{0x81}}.Marshal(),
		security.NewAuth(false, apdu.DES3).Marshal(),
		security.Key{Curve: true, SPKI: spki, KeyID: []byte{0x81}}.Marshal(),
		active, terminal, unknown,
	))
	if err != nil {
		t.Fatal(err)
	}
	if infos.Len() != 7 || len(infos.PACE) != 1 || len(infos.Auth) != 2 || len(infos.Keys) != 1 || !infos.TerminalAuth {
		t.Errorf("%+v", infos)
	}
	if k := infos.Keys[0]; !k.Curve || !bytes.Equal(k.SPKI, spki) || !bytes.Equal(k.KeyID, []byte{0x81}) {
		t.Errorf("%+v", k)
	}
	for _, a := range infos.Auth {
		if a.Curve != (a.Suite == apdu.AES192) || (a.KeyID != nil) != a.Curve {
			t.Errorf("%+v", a)
		}
	}
}

// What the standard does not have is kept and says nothing.
func TestInfosThatSayNothing(t *testing.T) {
	for name, info := range map[string][]byte{
		"version 1 of PACE":    unhex(t, "3012060A04007F0007020204020202010102010D"),
		"an unknown mapping":   unhex(t, "3012060A04007F0007020204050202010202010D"),
		"an unknown cipher":    unhex(t, "3012060A04007F0007020204020502010202010D"),
		"CAM with Triple DES":  unhex(t, "3012060A04007F0007020204060102010202010D"),
		"version 2 of CA":      unhex(t, "300F060A04007F00070202030202020102"),
		"PACE without a suite": unhex(t, "3011060904007F00070202040202010202010D"),
	} {
		infos, err := security.Read(security.Set(info))
		if err != nil || infos.Len() != 1 || len(infos.PACE)+len(infos.Auth) != 0 {
			t.Errorf("%s: %+v, %v", name, infos, err)
		}
	}
}

func TestWhatIsNoSet(t *testing.T) {
	many := bytes.Repeat(security.NewPACE(security.Generic, true, apdu.AES128, 13).Marshal(), security.MaxInfos+1)
	for name, b := range map[string][]byte{
		"nothing":               nil,
		"a sequence":            unhex(t, "3000"),
		"bytes behind":          unhex(t, "310000"),
		"indefinite":            unhex(t, "31800000"),
		"a length of gigabytes": unhex(t, "3184FFFFFFFF"),
		"a number inside":       unhex(t, "3103020101"),
		"no identifier":         unhex(t, "31053003020101"),
		"PACE without version":  security.Set(unhex(t, "300C060A04007F00070202040202")),
		"PACE with more":        security.Set(unhex(t, "3015060A04007F0007020204020202010202010D020101")),
		"a negative domain":     security.Set(unhex(t, "3012060A04007F000702020402020201020201FF")),
		"a domain of 100 bits":  security.Set(unhex(t, "301E060A04007F00070202040202020102020D0D000000000000000000000000")),
		"CA with a long key id": security.Set(security.Auth{OID: security.NewAuth(true, apdu.AES128).OID, KeyID: bytes.Repeat([]byte{1}, 17)}.Marshal()),
		"too many":              append([]byte{0x31, 0x82, byte(len(many) >> 8), byte(len(many))}, many...),
		"too large":             append([]byte{0x31, 0x82, 0x40, 0}, make([]byte, 0x4000)...),
	} {
		if infos, err := security.Read(b); !errors.Is(err, security.ErrInfos) {
			t.Errorf("%s: %+v, %v", name, infos, err)
		}
	}
}

func TestWithout(t *testing.T) {
	a, b := security.NewPACE(security.Generic, true, apdu.AES128, 13).Marshal(), security.NewAuth(true, apdu.AES128).Marshal()
	weak := security.NewPACE(security.Generic, true, apdu.DES3, 8).Marshal()
	access, err := security.Read(security.Set(a, weak))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := security.Read(security.Set(b, a))
	if err != nil {
		t.Fatal(err)
	}
	if n := access.Without(signed); n != 1 {
		t.Errorf("%d infos are not signed; want the weak one", n)
	}
	if n := access.Without(access); n != 0 {
		t.Errorf("%d infos are not in their own set", n)
	}
}

func TestChanged(t *testing.T) {
	good, weak := security.NewPACE(security.Generic, true, apdu.AES128, 13).Marshal(), security.NewPACE(security.Generic, true, apdu.DES3, 8).Marshal()
	auth := security.NewAuth(true, apdu.AES128).Marshal()
	for _, tt := range []struct {
		name            string
		offered, signed [][]byte
		want            bool
	}{
		{"the same", [][]byte{good}, [][]byte{good}, false},
		{"signed has more than access", [][]byte{good}, [][]byte{auth, good}, false},
		{"neither has PACE", nil, [][]byte{auth}, false},
		{"taken away", nil, [][]byte{good}, true},
		{"the stronger taken away", [][]byte{weak}, [][]byte{good, weak}, true},
		{"one put in", [][]byte{good, weak}, [][]byte{good}, true},
		{"exchanged", [][]byte{weak}, [][]byte{good}, true},
	} {
		offered, errA := security.Read(security.Set(tt.offered...))
		signed, errB := security.Read(security.Set(tt.signed...))
		if got := security.Changed(offered, signed); errA != nil || errB != nil || got != tt.want {
			t.Errorf("%s: %v, %v, %v", tt.name, got, errA, errB)
		}
	}
}

// What is read is what encoding/asn1 reads, and known infos write back the same.
func FuzzRead(f *testing.F) {
	f.Add(security.Set(security.NewPACE(security.Generic, true, apdu.AES128, 13).Marshal()))
	f.Add(security.Set(security.NewPACE(security.Integrated, false, apdu.DES3, 0).Marshal(), security.NewAuth(true, apdu.AES256).Marshal()))
	f.Add(security.Set(security.Key{SPKI: []byte{0x30, 0}, KeyID: []byte{7}}.Marshal()))
	f.Fuzz(func(t *testing.T, in []byte) {
		infos, err := security.Read(in)
		if err != nil {
			return
		}
		var raw asn1.RawValue
		rest, err := asn1.Unmarshal(in, &raw)
		if err != nil || len(rest) != 0 || raw.Tag != asn1.TagSet || !raw.IsCompound {
			t.Fatalf("%X is no SET: %v", in, err)
		}
		for _, p := range infos.PACE {
			if !bytes.Contains(in, p.Marshal()) {
				t.Errorf("%X: %+v is written %X", in, p, p.Marshal())
			}
		}
		for _, k := range infos.Keys {
			if !bytes.Contains(in, k.SPKI) {
				t.Errorf("%X: key %X", in, k.SPKI)
			}
		}
		if infos.Without(infos) != 0 {
			t.Errorf("%X: not in itself", in)
		}
	})
}
