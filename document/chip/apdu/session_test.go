package apdu_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
)

// suites are all there are.
var suites = []apdu.Suite{apdu.DES3, apdu.AES128, apdu.AES192, apdu.AES256}

// pair makes both sides of a session.
func pair(t testing.TB, suite apdu.Suite) (terminal, chip *apdu.Session) {
	t.Helper()
	for _, s := range []**apdu.Session{&terminal, &chip} {
		var err error
		if *s, err = suite.Session([]byte("secret")); err != nil {
			t.Fatal(err)
		}
	}
	return terminal, chip
}

// each runs a test for each suite.
func each(t *testing.T, test func(t *testing.T, suite apdu.Suite)) {
	for _, s := range suites {
		t.Run(string(s), func(t *testing.T) { test(t, s) })
	}
}

func TestSessionCarriesAllForms(t *testing.T) { each(t, carriesAllForms) }

func carriesAllForms(t *testing.T, suite apdu.Suite) {
	terminal, chip := pair(t, suite)
	for _, c := range []apdu.Command{
		{Ins: 0xA4, P1: 2, P2: 12, Data: []byte{1, 30}},
		{Ins: 0xB0, Le: 4},
		{Ins: 0xB0, Le: 256},
		{Ins: 0xB0, P1: 0x7F, P2: 0xFF, Le: 4096},
		{Ins: 0xB0, Le: 65536},
		{Ins: 0xB1, Data: []byte{0x54, 1, 9}, Le: 300},
		{Ins: 0x88, Data: bytes.Repeat([]byte{7}, 300), Le: 256},
		{Ins: 0x84},
	} {
		wrapped, err := terminal.Wrap(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := chip.Open(wrapped)
		if err != nil || got.Le != c.Le || !bytes.Equal(got.Data, c.Data) || got.Ins != c.Ins || got.Class != 0 || got.P1 != c.P1 {
			t.Fatalf("%+v became %+v, %v", c, got, err)
		}
		answer, err := chip.Seal(c.Data, 0x6282)
		if err != nil {
			t.Fatal(err)
		}
		data, status, err := terminal.Unwrap(answer)
		if err != nil || status != 0x6282 || !bytes.Equal(data, c.Data) {
			t.Fatalf("answer %X, %04X, %v", data, status, err)
		}
	}
	if got := terminal.Counter(); len(got) != suite.BlockSize() || got[len(got)-1] != 16 {
		t.Errorf("counter %X", got)
	}
}

// The counter carries over all its bytes.
func TestCounterCarries(t *testing.T) {
	enc, mac := []byte("0123456789abcdef"), []byte("fedcba9876543210")
	s, err := apdu.NewSession3DES(enc, mac, []byte{0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFE})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := s.Wrap(apdu.Command{Ins: 0xB0, Le: 4}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Counter(); !bytes.Equal(got, []byte{0, 0, 0, 1, 0, 0, 0, 1}) {
		t.Errorf("counter %X", got)
	}
}

// Nothing of one suite is believed by another.
func TestSuitesDoNotMix(t *testing.T) {
	for _, one := range suites {
		for _, other := range suites {
			terminal, _ := pair(t, one)
			_, chip := pair(t, other)
			wrapped, err := terminal.Wrap(apdu.Command{Ins: 0xB0, Le: 4})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := chip.Open(wrapped); (err == nil) != (one == other) {
				t.Errorf("%s opened by %s: %v", one, other, err)
			}
		}
	}
}

// Any bit of an answer that changes ends the session for good.
func TestChangedAnswerEndsTheSession(t *testing.T) { each(t, changedAnswer) }

func changedAnswer(t *testing.T, suite apdu.Suite) {
	first, ch := pair(t, suite)
	wrapped, err := first.Wrap(apdu.Command{Ins: 0xB0, Le: 4})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Open(wrapped); err != nil {
		t.Fatal(err)
	}
	answer, err := ch.Seal([]byte("data"), apdu.OK)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(answer) {
		terminal, _ := pair(t, suite)
		if _, err := terminal.Wrap(apdu.Command{Ins: 0xB0, Le: 4}); err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(answer)
		bad[bit/8] ^= 1 << (bit % 8)
		if data, _, err := terminal.Unwrap(bad); err == nil {
			t.Fatalf("bit %d: believed %q", bit, data)
		}
		if _, _, err := terminal.Unwrap(answer); !errors.Is(err, apdu.ErrEnded) {
			t.Fatalf("bit %d: went on: %v", bit, err)
		}
		if _, err := terminal.Wrap(apdu.Command{Ins: 0xB0, Le: 4}); !errors.Is(err, apdu.ErrEnded) || !terminal.Ended() {
			t.Fatalf("bit %d: went on: %v", bit, err)
		}
	}
}

// Any bit of a command that changes ends the chip's session.
func TestChangedCommandEndsTheSession(t *testing.T) { each(t, changedCommand) }

func changedCommand(t *testing.T, suite apdu.Suite) {
	terminal, _ := pair(t, suite)
	wrapped, err := terminal.Wrap(apdu.Command{Ins: 0xA4, P1: 2, P2: 12, Data: []byte{1, 30}, Le: 4})
	if err != nil {
		t.Fatal(err)
	}
	raw := wrapped.Bytes()
	for bit := range 8 * (len(raw) - 1) { // the last byte is Le of the outer command, which nothing covers
		bad := bytes.Clone(raw)
		bad[bit/8] ^= 1 << (bit % 8)
		c, err := apdu.ParseCommand(bad)
		if err != nil {
			continue
		}
		_, chip := pair(t, suite)
		if got, err := chip.Open(c); err == nil {
			t.Fatalf("bit %d: believed %+v", bit, got)
		}
		if _, err := chip.Seal(nil, apdu.OK); !errors.Is(err, apdu.ErrEnded) {
			t.Fatalf("bit %d: went on: %v", bit, err)
		}
	}
}

func TestObjectsOutOfOrder(t *testing.T) {
	for name, answer := range map[string][]byte{
		"no MAC":           {0x99, 2, 0x90, 0, 0x90, 0},
		"empty MAC":        {0x99, 2, 0x90, 0, 0x8E, 0, 0x90, 0},
		"status alone":     {0x90, 0},
		"twice the status": {0x99, 2, 0x90, 0, 0x99, 2, 0x90, 0, 0x90, 0},
		"unknown object":   {0x80, 1, 1, 0x99, 2, 0x90, 0, 0x90, 0},
		"half an object":   {0x99, 9, 0x90, 0},
	} {
		terminal, _ := pair(t, apdu.AES256)
		_, _ = terminal.Wrap(apdu.Command{Ins: 0xB0, Le: 4})
		if _, _, err := terminal.Unwrap(answer); err == nil {
			t.Errorf("%s was believed", name)
		}
	}
}

// No bytes that the chip did not seal are believed, and none crash.
func FuzzUnwrap(f *testing.F) {
	for i := range suites {
		f.Add(i, []byte{0x99, 2, 0x90, 0, 0x8E, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x90, 0})
	}
	f.Fuzz(func(t *testing.T, which int, in []byte) {
		terminal, _ := pair(t, suites[uint(which)%uint(len(suites))])
		if _, err := terminal.Wrap(apdu.Command{Ins: 0xB0, Le: 4}); err != nil {
			t.Fatal(err)
		}
		if data, _, err := terminal.Unwrap(in); err == nil {
			t.Errorf("believed %X as %X", in, data)
		}
	})
}

// No command that the terminal did not wrap is obeyed, and none crashes the chip.
func FuzzOpen(f *testing.F) {
	for i := range suites {
		f.Add(i, []byte{0x0C, 0xB0, 0, 0, 0x0D, 0x97, 1, 4, 0x8E, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, which int, in []byte) {
		c, err := apdu.ParseCommand(in)
		if err != nil {
			return
		}
		_, chip := pair(t, suites[uint(which)%uint(len(suites))])
		if got, err := chip.Open(c); err == nil {
			t.Errorf("obeyed %X as %+v", in, got)
		}
	})
}
