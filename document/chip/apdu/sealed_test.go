package apdu_test

import (
	"bytes"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// sealed makes an answer of any objects, with the MAC that the chip's key gives
// over them: what a chip could send that has the key and means no good.
func sealed(t testing.TB, suite apdu.Suite, objects []byte, status []byte) []byte {
	t.Helper()
	counter := make([]byte, suite.BlockSize())
	counter[len(counter)-1] = 2 // behind the first command
	covered := apdu.Pad(append(counter, objects...), suite.BlockSize(), 0)
	key := suite.Derive([]byte("secret"), apdu.KeyMAC)
	var sum []byte
	if suite == apdu.DES3 {
		m, err := apdu.NewRetailMAC(key)
		if err != nil {
			t.Fatal(err)
		}
		sum = m.Sum(covered)
	} else {
		m, err := apdu.NewCMAC(key)
		if err != nil {
			t.Fatal(err)
		}
		sum = m.Sum(covered)
	}
	return append(tlv.Append(bytes.Clone(objects), 0x8E, sum[:8]), status...)
}

// Of objects under a right MAC, those are believed that are told once, in their
// order, with one status inside and outside; what is believed reads the same when
// it is sealed anew.
func FuzzUnwrapSealed(f *testing.F) {
	ok := []byte{0x99, 2, 0x90, 0}
	data := append(tlv.Append(nil, 0x87, append([]byte{1}, make([]byte, 16)...)), ok...)
	for i := range suites {
		f.Add(i, ok, []byte{0x90, 0})
		f.Add(i, data, []byte{0x90, 0})
		f.Add(i, append(bytes.Clone(ok), ok...), []byte{0x90, 0})
		f.Add(i, append([]byte{0x85, 16}, append(make([]byte, 16), ok...)...), []byte{0x90, 0})
	}
	f.Fuzz(func(t *testing.T, which int, objects, outer []byte) {
		suite := suites[uint(which)%uint(len(suites))]
		terminal, _ := pair(t, suite)
		c := apdu.Command{Ins: 0xB0, Le: 4}
		if _, err := terminal.Wrap(c); err != nil {
			t.Fatal(err)
		}
		got, status, err := terminal.Unwrap(sealed(t, suite, objects, outer))
		if err != nil {
			if !terminal.Ended() {
				t.Error("a session goes on behind an answer that is refused")
			}
			return
		}
		all, err := tlv.All(objects)
		if err != nil || len(all) == 0 || len(all) > 2 || all[len(all)-1].Tag != 0x99 || !bytes.Equal(all[len(all)-1].Value, outer) ||
			len(all) == 2 && all[0].Tag != 0x87 || len(got) > len(objects) {
			t.Errorf("%X with %X is believed as %X, %04X", objects, outer, got, status)
		}
		other, chip := pair(t, suite)
		wrapped, err := other.Wrap(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := chip.Open(wrapped); err != nil {
			t.Fatal(err)
		}
		answer, err := chip.Seal(got, status)
		if err != nil {
			t.Fatal(err)
		}
		if back, same, err := other.Unwrap(answer); err != nil || same != status || !bytes.Equal(back, got) {
			t.Errorf("%X, %04X became %X, %04X, %v", got, status, back, same, err)
		}
	})
}

// The seeds above are what they are taken for: the MAC is right.
func TestSealedIsBelieved(t *testing.T) {
	for _, suite := range suites {
		terminal, _ := pair(t, suite)
		if _, err := terminal.Wrap(apdu.Command{Ins: 0xB0, Le: 4}); err != nil {
			t.Fatal(err)
		}
		if _, status, err := terminal.Unwrap(sealed(t, suite, []byte{0x99, 2, 0x62, 0x82}, []byte{0x62, 0x82})); err != nil || status != apdu.EndOfFile {
			t.Errorf("%s: %04X, %v", suite, status, err)
		}
	}
}

// An answer that is parsed is put together again from its parts.
func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte{1, 2, 0x90, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		data, status, err := apdu.ParseAnswer(in)
		if (err != nil) != (len(in) < 2) {
			t.Errorf("%X: %v", in, err)
		}
		if err == nil && !bytes.Equal(apdu.Answer(data, status), in) {
			t.Errorf("%X is %X with %04X", in, data, status)
		}
	})
}
