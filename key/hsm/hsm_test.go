package hsm

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/key/hsm/token"
)

var (
	testTime = time.UnixMilli(1_795_000_000_000).UTC()
	all      = []string{VOPRF, Modulus, Session, Ledger}
)

// phraseFile writes a passphrase to a file of its own.
func phraseFile(t testing.TB, phrase string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(path, []byte(phrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// inFile is a folder of keys in clear.
func inFile(t testing.TB) Config {
	t.Helper()
	return complete(t, Config{Folder: filepath.Join(t.TempDir(), "keys")})
}

// byPassphrase is a folder of keys that are encrypted.
func byPassphrase(t testing.TB) Config {
	t.Helper()
	return complete(t, Config{
		Folder: filepath.Join(t.TempDir(), "keys"),
		Source: Source{Kind: ByPassphrase, PassphraseFile: phraseFile(t, "correct horse battery staple")},
	})
}

func complete(t testing.TB, c Config) Config {
	t.Helper()
	c.Complete("")
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// made makes the keysets of a configuration and opens them.
func made(t testing.TB, c Config, names ...string) *Custody {
	t.Helper()
	if err := Create(c, testTime, names...); err != nil {
		t.Fatal(err)
	}
	return opened(t, c, names...)
}

func opened(t testing.TB, c Config, names ...string) *Custody {
	t.Helper()
	own, err := Open(c, names...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	})
	return own
}

func seal(t testing.TB, s *Sealer, plain, aad string) []byte {
	t.Helper()
	b, err := s.Seal([]byte(plain), []byte(aad))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ephemeral(t testing.TB) *Sealer {
	t.Helper()
	s, err := Ephemeral()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpen(t *testing.T) {
	s := ephemeral(t)
	sealed := seal(t, s, "secret", "place")
	turned := bytes.Clone(sealed)
	turned[len(turned)-1] ^= 1
	tests := []struct {
		name   string
		sealer *Sealer
		sealed []byte
		aad    string
		ok     bool
	}{
		{"as sealed", s, sealed, "place", true},
		{"another place", s, sealed, "elsewhere", false},
		{"no place", s, sealed, "", false},
		{"another key", ephemeral(t), sealed, "place", false},
		{"cut", s, sealed[:len(sealed)-1], "place", false},
		{"turned", s, turned, "place", false},
		{"empty", s, nil, "place", false},
		{"too short", s, sealed[:8], "place", false},
		{"length past the end", s, append([]byte{0, 0, 0xff, 0xff}, sealed[4:]...), "place", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plain, err := tt.sealer.Open(tt.sealed, []byte(tt.aad))
			if (err == nil) != tt.ok || tt.ok && string(plain) != "secret" {
				t.Errorf("Open = %q, %v; want ok %v", plain, err, tt.ok)
			}
		})
	}
}

// The content of one record does not open with the key of another, and no record
// is sealed twice alike.
func TestEachRecordHasItsOwnKey(t *testing.T) {
	s := ephemeral(t)
	a, b := seal(t, s, "same", "place"), seal(t, s, "same", "place")
	_, wrappedA, _, err1 := split(a)
	_, wrappedB, contentB, err2 := split(b)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(wrappedA, wrappedB) || bytes.Equal(a, b) {
		t.Error("two records have one key")
	}
	mixed := append(append(bytes.Clone(a[:4]), wrappedA...), contentB...)
	if _, err := s.Open(mixed, []byte("place")); err == nil {
		t.Error("the content of one record opened with the key of another")
	}
}

// What is accepted was sealed: no bytes from outside open, or stop the program.
func FuzzOpen(f *testing.F) {
	s := ephemeral(f)
	real := seal(f, s, "secret", "place")
	f.Add(real)
	f.Add([]byte("\xffTH1\x00\x00\x00\x01wrapped"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := s.Open(b, []byte("place")); err == nil && !bytes.Equal(b, real) {
			t.Errorf("%x opened as %q", b, plain)
		}
		if fresh, changed, err := s.Rewrap(b); err == nil && (changed || !bytes.Equal(fresh, b)) {
			t.Error("a record under the newest key was changed")
		}
	})
}

func TestKeysetsSurviveReopening(t *testing.T) {
	for name, cfg := range map[string]Config{"file": inFile(t), "passphrase": byPassphrase(t)} {
		t.Run(name, func(t *testing.T) {
			first := made(t, cfg, all...)
			record := seal(t, first.Sealer(Session), "x", "a")
			secret, err := first.Secret()
			if err != nil {
				t.Fatal(err)
			}
			again := made(t, cfg, all...) // Create leaves alone what is there
			if plain, err := again.Sealer(Session).Open(record, []byte("a")); err != nil || string(plain) != "x" {
				t.Errorf("after reopening: %q, %v", plain, err)
			}
			if other, err := again.Secret(); err != nil || !other.Equal(secret) || len(secret.Reveal()) != secretSize {
				t.Errorf("another secret after reopening: %v", err)
			}
			if _, err := again.Sealer(VOPRF).Open(record, []byte("a")); err == nil {
				t.Error("a record opened under another keyset")
			}
		})
	}
}

// With a passphrase, nothing of a key lies in the folder in clear.
func TestPassphraseEncrypts(t *testing.T) {
	cfg := byPassphrase(t)
	made(t, cfg, all...)
	for _, name := range all {
		b, err := os.ReadFile(path(cfg.Folder, name))
		if err != nil {
			t.Fatal(err)
		}
		d, err := parseDocument(b, name, ByPassphrase)
		if err != nil || d.Stretch == nil || !bytes.Contains(d.Keyset, []byte("encryptedKeyset")) {
			t.Errorf("%s: %v: not an encrypted keyset", name, err)
		}
	}
	other := cfg
	other.PassphraseFile = phraseFile(t, "another passphrase, and a long one")
	if _, err := Open(other, VOPRF); err == nil || !strings.Contains(err.Error(), "passphrase is not this keyset's") {
		t.Errorf("opened by another passphrase: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name, why string
		spoil     func(t *testing.T, c *Config)
	}{
		{"missing", "no such file", func(t *testing.T, c *Config) { must(t, os.Remove(path(c.Folder, VOPRF))) }},
		{"readable by others", "mode 0600", func(t *testing.T, c *Config) { must(t, os.Chmod(path(c.Folder, VOPRF), 0o640)) }},
		{"no keyset", "no keyset", func(t *testing.T, c *Config) { must(t, os.WriteFile(path(c.Folder, VOPRF), make([]byte, 32), 0o600)) }},
		{"too large", "longer than", func(t *testing.T, c *Config) {
			must(t, os.WriteFile(path(c.Folder, VOPRF), bytes.Repeat([]byte{' '}, maxKeyset+1), 0o600))
		}},
		{"another keyset's file", "the keyset \"modulus\"", func(t *testing.T, c *Config) { swap(t, c, "") }},
		{"one key for k and n2", "have the same key", func(t *testing.T, c *Config) { swap(t, c, VOPRF) }},
		{"another kind", "the configuration says", func(t *testing.T, c *Config) {
			c.Source = Source{Kind: ByPassphrase, PassphraseFile: phraseFile(t, "correct horse battery staple")}
		}},
		{"a list of keys that is not the keyset's", "not that of the keyset", func(t *testing.T, c *Config) {
			edited(t, path(c.Folder, VOPRF), `"id": "`, `"id": "00000001", "x": "`)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := inFile(t)
			made(t, cfg, all...)
			tt.spoil(t, &cfg)
			if _, err := Open(cfg, VOPRF, Modulus); err == nil || !strings.Contains(err.Error(), tt.why) {
				t.Errorf("Open = %v; want %q", err, tt.why)
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// swap puts the keyset of the moduli in the place of that of the VOPRF keys,
// under a name.
func swap(t *testing.T, c *Config, as string) {
	t.Helper()
	b, err := os.ReadFile(path(c.Folder, Modulus))
	must(t, err)
	if as != "" {
		b = bytes.Replace(b, []byte(`"name": "modulus"`), []byte(`"name": "`+as+`"`), 1)
	}
	must(t, os.WriteFile(path(c.Folder, VOPRF), b, 0o600))
}

// edited changes the text of a keyset's file: the id of its only key, and with
// it which key seals.
func edited(t *testing.T, path, _, _ string) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	d, err := parseDocument(b, VOPRF, InFile)
	must(t, err)
	must(t, os.WriteFile(path, bytes.ReplaceAll(b, []byte(`"`+d.Seals+`"`), []byte(`"00000001"`)), 0o600))
}

func TestConfigTellsAllFaults(t *testing.T) {
	c := Config{Source: Source{Kind: "tape", PassphraseFile: "x"}, Modulus: &Source{Kind: InToken}, HalvesInToken: true}
	err := c.Validate()
	for _, want := range []string{"folder", "kind", "passphrase_file", "modulus.token: module"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told: %v", want, err)
		}
	}
	if !token.Built && !errors.Is(err, token.ErrNotBuilt) {
		t.Error("a binary without key modules does not say so")
	}
	c = Config{Folder: "keys", HalvesInToken: true}
	c.Complete("")
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "halves_in_token") {
		t.Errorf("halves in a token that is not there: %v", err)
	}
}

// A file whose parameters were weakened, or would fill the memory, is not tried.
func TestStretchIsBounded(t *testing.T) {
	phrase := phraseFile(t, "correct horse battery staple")
	for name, change := range map[string]func(*stretch){
		"weaker": func(s *stretch) { s.KiB = 1024 }, "one pass": func(s *stretch) { s.Time = 1 }, "no lanes": func(s *stretch) { s.Threads = 0 },
		"huge": func(s *stretch) { s.KiB = 1 << 31 }, "endless": func(s *stretch) { s.Time = 1 << 30 }, "no salt": func(s *stretch) { s.Salt = nil },
	} {
		s := newStretch()
		change(s)
		if _, err := s.master(phrase); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestMarks(t *testing.T) {
	cfg := inFile(t)
	own := made(t, cfg, all...)
	marks, err := own.Marks()
	must(t, err)
	if err := opened(t, cfg, all...).Recognise(marks); err != nil {
		t.Error(err)
	}
	if err := opened(t, cfg, VOPRF, Modulus).Recognise(marks); err != nil {
		t.Errorf("some of them: %v", err)
	}
	if err := made(t, inFile(t), all...).Recognise(marks); !errors.Is(err, ErrOtherKeys) {
		t.Errorf("other keys were recognised: %v", err)
	}
	must(t, os.Remove(secretPath(cfg.Folder)))
	if err := made(t, cfg, all...).Recognise(marks); !errors.Is(err, ErrOtherKeys) {
		t.Errorf("another secret was recognised: %v", err)
	}
}

func TestMissingIsToldFromDamaged(t *testing.T) {
	if _, err := Open(inFile(t), VOPRF); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of nothing = %v; want ErrNotExist", err)
	}
}

// The format stays: a keyset and a record that were written once still open.
func TestFormatStays(t *testing.T) {
	text, err := os.ReadFile("testdata/record.txt")
	must(t, err)
	record, err := hex.DecodeString(strings.TrimSpace(string(text)))
	must(t, err)
	file, err := os.ReadFile("testdata/keyset.json")
	must(t, err)
	folder := t.TempDir()
	must(t, os.WriteFile(path(folder, VOPRF), file, 0o600))
	s := opened(t, complete(t, Config{Folder: folder}), VOPRF).Sealer(VOPRF)
	if plain, err := s.Open(record, []byte("place")); err != nil || string(plain) != "a secret of long ago" {
		t.Errorf("Open = %q, %v", plain, err)
	}
}

func none(context.Context) (int, error) { return 0, nil }
