package apdu_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	if s == "-" {
		return nil
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCMACOfSP80038B(t *testing.T) {
	text, err := os.ReadFile("testdata/cmac.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) != 3 || f[0] == "#" {
			continue
		}
		n++
		m, err := apdu.NewCMAC(unhex(t, f[0]))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Sum(unhex(t, f[1])); !bytes.Equal(got, unhex(t, f[2])) {
			t.Errorf("%s = %X", strings.TrimSpace(line), got)
		}
	}
	if n != 10 {
		t.Errorf("%d vectors", n)
	}
}

// The keys of the worked examples: Doc 9303-11 appendix D, G and I give those of
// 128 bits; the longer ones are SHA-256 as the standard says.
func TestDerive(t *testing.T) {
	secret := unhex(t, "28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925")
	tests := []struct {
		suite   apdu.Suite
		secret  []byte
		counter byte
		want    string
	}{
		{apdu.DES3, unhex(t, "239AB9CB282DAF66231DC5A4DF6BFBAE"), apdu.KeyEnc, "AB94FDECF2674FDFB9B391F85D7F76F2"},
		{apdu.DES3, unhex(t, "239AB9CB282DAF66231DC5A4DF6BFBAE"), apdu.KeyMAC, "7962D9ECE03D1ACD4C76089DCE131543"},
		{apdu.AES128, secret, apdu.KeyEnc, "F5F0E35C0D7161EE6724EE513A0D9A7F"},
		{apdu.AES128, secret, apdu.KeyMAC, "FE251C7858B356B24514B3BD5F4297D1"},
		{apdu.AES128, unhex(t, "7E2D2A41C74EA0B38CD36F863939BFA8E9032AAD"), apdu.KeyPassword, "89DED1B26624EC1E634C1989302849DD"},
	}
	for _, tt := range tests {
		if got := tt.suite.Derive(tt.secret, tt.counter); !bytes.Equal(got, unhex(t, tt.want)) {
			t.Errorf("%s, counter %d: %X; want %s", tt.suite, tt.counter, got, tt.want)
		}
	}
	long := apdu.AES256.Derive(secret, 1)
	if len(long) != 32 || !bytes.Equal(apdu.AES192.Derive(secret, 1), long[:24]) {
		t.Errorf("keys of 192 and 256 bits: %X", long)
	}
}

func TestSuitesThatAreNone(t *testing.T) {
	if _, err := apdu.Suite("rot13").Cipher(nil); err == nil {
		t.Error("an unknown cipher was made")
	}
	if _, err := apdu.Suite("rot13").MAC(nil, nil); err == nil {
		t.Error("an unknown MAC was made")
	}
	if _, err := apdu.Suite("rot13").Session([]byte("secret")); err == nil {
		t.Error("an unknown session was made")
	}
	if _, err := apdu.AES128.Cipher(make([]byte, 24)); err == nil {
		t.Error("a key of another size was taken")
	}
	if _, err := apdu.NewSessionAES(make([]byte, 16), make([]byte, 32)); err == nil {
		t.Error("keys of two sizes were taken")
	}
}

// A command under AES-128, worked out step by step with OpenSSL: the counter is
// 1, the vector AES(KSEnc, 1), the MAC over counter, header and data objects.
func TestCommandUnderAES(t *testing.T) {
	s, err := apdu.NewSessionAES(unhex(t, "F5F0E35C0D7161EE6724EE513A0D9A7F"), unhex(t, "FE251C7858B356B24514B3BD5F4297D1"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Wrap(apdu.Command{Ins: 0xA4, P1: 2, P2: 12, Data: []byte{1, 30}})
	if err != nil {
		t.Fatal(err)
	}
	if want := unhex(t, "0CA4020C1D871101EE0E4724F4465C1BE9C2F73ABDD73A3D8E08835D1B54575C955F00"); !bytes.Equal(w.Bytes(), want) {
		t.Errorf("%X; want %X", w.Bytes(), want)
	}
}
