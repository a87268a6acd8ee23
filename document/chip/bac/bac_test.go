package bac_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/bac"
)

// vectors reads a file of lines "name value".
func vectors(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] != "#" {
			v[f[0]] = f[1]
		}
	}
	return v
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	if s == "-" {
		return nil
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 {
		t.Fatalf("vector %q: %v", s, err)
	}
	return b
}

func equal(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if w := unhex(t, want); !bytes.Equal(got, w) {
		t.Errorf("%s = %X; want %X", what, got, w)
	}
}

func TestKeysOfAppendixD(t *testing.T) {
	v := vectors(t, "testdata/appendix-d.txt")
	k := bac.AccessKeys(v["information"])
	equal(t, "KEnc", k.Enc, v["kenc"])
	equal(t, "KMAC", k.MAC, v["kmac"])
	s := bac.DeriveKeys(unhex(t, v["seed"]))
	equal(t, "KSEnc", s.Enc, v["ksenc"])
	equal(t, "KSMAC", s.MAC, v["ksmac"])
}

// sessions runs the mutual authentication of appendix D on both sides.
func sessions(t *testing.T, v map[string]string) (terminal, chip *apdu.Session) {
	t.Helper()
	k := bac.AccessKeys(v["information"])
	challenge := unhex(t, v["rnd.ic"])
	x, message, err := k.Start(challenge, bytes.NewReader(unhex(t, v["rnd.ifd"]+v["kifd"])))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "terminal's message", message, v["eifd"]+v["mifd"])
	answer, chip, err := k.Answer(challenge, message, bytes.NewReader(unhex(t, v["kic"])))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "chip's message", answer, v["response"])
	terminal, err = x.Finish(answer)
	if err != nil {
		t.Fatal(err)
	}
	return terminal, chip
}

func TestSecureMessagingOfAppendixD(t *testing.T) {
	v := vectors(t, "testdata/appendix-d.txt")
	terminal, chip := sessions(t, v)
	equal(t, "counter", terminal.Counter(), v["ssc"])
	for _, n := range []string{"1", "2", "3"} {
		plain, err := apdu.ParseCommand(unhex(t, v["plain"+n]))
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := terminal.Wrap(plain)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "command "+n, wrapped.Bytes(), v["command"+n])
		opened, err := chip.Open(wrapped)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "opened command "+n, opened.Bytes(), v["plain"+n])
		answer, err := chip.Seal(unhex(t, v["data"+n]), apdu.OK)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "answer "+n, answer, v["answer"+n])
		data, status, err := terminal.Unwrap(answer)
		if err != nil || status != apdu.OK {
			t.Fatalf("answer %s: %v, %04X", n, err, status)
		}
		if want := unhex(t, v["data"+n]); !bytes.Equal(data, want) {
			t.Errorf("data %s = %X; want %X", n, data, want)
		}
	}
	equal(t, "counter afterwards", terminal.Counter(), v["ssc.after"])
	equal(t, "chip's counter afterwards", chip.Counter(), v["ssc.after"])
}

func TestOtherKeyIsRefusedByBothSides(t *testing.T) {
	challenge := make([]byte, bac.ChallengeSize)
	right, wrong := bac.AccessKeys("L898902C<369080619406236"), bac.AccessKeys("L898902C<369080619406237")
	x, message, err := wrong.Start(challenge, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := right.Answer(challenge, message, rand.Reader); err == nil {
		t.Error("the chip took a message under another key")
	}
	answer := make([]byte, bac.MessageSize)
	if _, err := x.Finish(answer); err == nil {
		t.Error("the terminal took a message under no key")
	}
}

func TestAnswerOfAnotherSessionIsRefused(t *testing.T) {
	k := bac.AccessKeys("L898902C<369080619406236")
	challenge := []byte("12345678")
	_, first, err := k.Start(challenge, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	answer, _, err := k.Answer(challenge, first, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := k.Start(challenge, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Finish(answer); err == nil {
		t.Error("the terminal took the answer to another message")
	}
	if _, _, err := k.Answer([]byte("87654321"), first, rand.Reader); err == nil {
		t.Error("the chip took a message for another challenge")
	}
}

// Any bit of either message that changes is refused.
func TestChangedMessageIsRefused(t *testing.T) {
	v := vectors(t, "testdata/appendix-d.txt")
	k := bac.AccessKeys(v["information"])
	challenge := unhex(t, v["rnd.ic"])
	message, answer := unhex(t, v["eifd"]+v["mifd"]), unhex(t, v["response"])
	x, _, err := k.Start(challenge, bytes.NewReader(unhex(t, v["rnd.ifd"]+v["kifd"])))
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * bac.MessageSize {
		message[bit/8] ^= 1 << (bit % 8)
		answer[bit/8] ^= 1 << (bit % 8)
		if _, _, err := k.Answer(challenge, message, rand.Reader); err == nil {
			t.Errorf("bit %d: the chip took it", bit)
		}
		if _, err := x.Finish(answer); err == nil {
			t.Errorf("bit %d: the terminal took it", bit)
		}
		message[bit/8] ^= 1 << (bit % 8)
		answer[bit/8] ^= 1 << (bit % 8)
	}
}
