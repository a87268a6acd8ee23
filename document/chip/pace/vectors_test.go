package pace_test

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/chip/security"
)

// vectors are the lines "name value" of a worked example.
type vectors map[string]string

func load(t testing.TB, file string) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	v := vectors{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] != "#" {
			v[f[0]] = f[1]
		}
	}
	return v
}

func (v vectors) bytes(t testing.TB, name string) []byte {
	t.Helper()
	b, err := hex.DecodeString(v[name])
	if err != nil || len(b) == 0 {
		t.Fatalf("%s: %q", name, v[name])
	}
	return b
}

func (v vectors) equal(t *testing.T, name string, got []byte) {
	t.Helper()
	if want := v.bytes(t, name); !bytes.Equal(got, want) {
		t.Errorf("%s = %X; want %X", name, got, want)
	}
}

func (v vectors) method(t testing.TB) pace.Method {
	t.Helper()
	infos, err := security.Read(security.Set(v.bytes(t, "info")))
	if err != nil {
		t.Fatal(err)
	}
	m, _, ok := pace.Choose(infos.PACE)
	if !ok {
		t.Fatalf("%+v is not spoken", infos)
	}
	return m
}

// talk has the terminal go through the example's answers and compares each of
// its commands, and what both sides end with.
func (v vectors) talk(t *testing.T, password pace.Password, random []byte) *pace.Terminal {
	t.Helper()
	terminal := pace.NewTerminal(v.method(t), password, false, bytes.NewReader(random))
	c, err := terminal.Select()
	if err != nil {
		t.Fatal(err)
	}
	v.equal(t, "command1", c.Bytes())
	var answer []byte
	for _, n := range []string{"2", "3", "4", "5"} {
		if c, _, err = terminal.Next(answer); err != nil {
			t.Fatalf("command %s: %v", n, err)
		}
		v.equal(t, "command"+n, c.Bytes())
		answer = v.bytes(t, "answer"+n)
	}
	if _, done, err := terminal.Next(answer); err != nil || !done {
		t.Fatalf("last answer: %v", err)
	}
	v.equal(t, "generator", terminal.Generator())
	if v["secret"] != "" {
		v.equal(t, "secret", terminal.Secret())
	}
	suite := v.method(t).Info().Suite
	v.equal(t, "ksenc", suite.Derive(terminal.Secret(), apdu.KeyEnc))
	v.equal(t, "ksmac", suite.Derive(terminal.Secret(), apdu.KeyMAC))
	s, err := terminal.Session()
	if err != nil || !bytes.Equal(s.Counter(), make([]byte, suite.BlockSize())) {
		t.Errorf("session: %v", err)
	}
	return terminal
}

// answer has the chip go through the example's commands and compares its answers.
func (v vectors) answer(t *testing.T) {
	t.Helper()
	var static []byte
	if v["static.private"] != "" {
		static = v.bytes(t, "static.private")
	}
	chip := pace.NewChip(v.method(t), pace.MRZ(v["information"]), static, bytes.NewReader(v.bytes(t, "chip.random")))
	for _, n := range []string{"2", "3", "4", "5"} {
		c, err := apdu.ParseCommand(v.bytes(t, "command"+n))
		if err != nil {
			t.Fatal(err)
		}
		answer, done, err := chip.Answer(c.Data)
		if err != nil || done != (n == "5") {
			t.Fatalf("answer %s: %v", n, err)
		}
		v.equal(t, "answer"+n, answer)
	}
	if _, err := chip.Session(); err != nil {
		t.Error(err)
	}
}

func TestGenericMappingOverCurve_AppendixG1(t *testing.T) {
	v := load(t, "g1.txt")
	v.talk(t, pace.MRZ(v["information"]), v.bytes(t, "terminal.random"))
	v.answer(t)
}

func TestGenericMappingOverResidues_AppendixG2(t *testing.T) {
	v := load(t, "g2.txt")
	v.talk(t, pace.MRZ(v["information"]), v.bytes(t, "terminal.random"))
	v.answer(t)
	v["answer5"] = v["answer5.car"] // with the certification authority's name, as printed
	v.talk(t, pace.MRZ(v["information"]), v.bytes(t, "terminal.random"))
}

// withKey turns the encrypted nonce of appendix H, whose password is not told,
// into that of a password of ours. The rest of the run depends on the nonce only.
func (v vectors) withKey(t *testing.T, password pace.Password, key []byte) {
	t.Helper()
	printed, err := aes.NewCipher(v.bytes(t, "kpi"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	z := v.bytes(t, "answer2")[4:]
	printed.Decrypt(z, z)
	v.equal(t, "nonce", z)
	own.Encrypt(z, z)
	v["answer2"] = v["answer2"][:8] + hex.EncodeToString(z)
}

func TestIntegratedMappingOverCurve_AppendixH1(t *testing.T) {
	v := load(t, "h1.txt")
	r, err := pace.Stretch(apdu.AES128, v.bytes(t, "nonce"), v.bytes(t, "terminal.nonce"), 256)
	if err != nil {
		t.Fatal(err)
	}
	v.equal(t, "stretched", r)
	password := pace.CAN("123456")
	v.withKey(t, password, apdu.AES128.Derive([]byte("123456"), apdu.KeyPassword))
	v["command1"] = strings.Replace(v["command1"], "830101", "830102", 1)
	v.talk(t, password, append(v.bytes(t, "terminal.nonce"), v.bytes(t, "terminal.key")...))
}

// The printed key of the terminal is longer than the order: its remainder does
// the same.
func TestIntegratedMappingOverResidues_AppendixH2(t *testing.T) {
	v := load(t, "h2.txt")
	g, err := domain.Standard(0)
	if err != nil {
		t.Fatal(err)
	}
	k := new(big.Int).SetBytes(v.bytes(t, "terminal.key"))
	k.Mod(k, g.Order())
	password := pace.CAN("123456")
	v.withKey(t, password, apdu.AES128.Derive([]byte("123456"), apdu.KeyPassword))
	v["command1"] = strings.Replace(v["command1"], "830101", "830102", 1)
	random := append(v.bytes(t, "terminal.nonce"), k.FillBytes(make([]byte, 20))...)
	v.talk(t, password, random)
}

func TestChipAuthenticationMapping_AppendixI1(t *testing.T) {
	v := load(t, "i1.txt")
	terminal := v.talk(t, pace.MRZ(v["information"]), v.bytes(t, "terminal.random"))
	v.confirm(t, terminal)
}

// confirm checks the chip's proof against its static key, and against another.
func (v vectors) confirm(t *testing.T, terminal *pace.Terminal) {
	t.Helper()
	v.equal(t, "proof", terminal.Proof())
	g, err := domain.Standard(v.method(t).Info().Domain)
	if err != nil {
		t.Fatal(err)
	}
	static, err := g.Element(v.bytes(t, "static"))
	if err != nil {
		t.Fatal(err)
	}
	if err := terminal.Confirm(g, static); err != nil {
		t.Error(err)
	}
	if err := terminal.Confirm(g, g.Generator()); err == nil {
		t.Error("another key was confirmed")
	}
}

// What the examples leave out: other ciphers and groups, worked out by another
// program.
func TestMethodsWithoutAnExample(t *testing.T) {
	files, err := filepath.Glob("testdata/own-*.txt")
	if err != nil || len(files) != 9 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			v := load(t, filepath.Base(file))
			terminal := v.talk(t, pace.MRZ(v["information"]), v.bytes(t, "terminal.random"))
			v.answer(t)
			if v["proof"] != "" {
				v.confirm(t, terminal)
			}
		})
	}
}

// Passwords of the examples give the printed keys.
func TestPasswordsOfTheExamples(t *testing.T) {
	for _, file := range []string{"g1.txt", "g2.txt", "i1.txt"} {
		v := load(t, file)
		c, err := aes.NewCipher(v.bytes(t, "kpi"))
		if err != nil {
			t.Fatal(err)
		}
		s := v.bytes(t, "answer2")[4:]
		c.Decrypt(s, s)
		v.equal(t, "nonce", s)
	}
}
