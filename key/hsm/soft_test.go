//go:build pkcs11

package hsm

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha512"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/key/hsm/token"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/need"
)

// softs are where systems keep SoftHSM2.
var softs = []string{
	"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
	"/usr/local/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so",
}

const testPIN = "971302"

// TestMain gives SoftHSM2 a folder with three tokens: it reads the variable and
// the folder once a process.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tunnus-hsm-")
	if err != nil {
		panic(err)
	}
	conf := filepath.Join(dir, "softhsm2.conf")
	text := "directories.tokendir = " + dir + "\nobjectstore.backend = file\nlog.level = ERROR\n"
	if err := errors.Join(os.WriteFile(conf, []byte(text), 0o600), os.Setenv("SOFTHSM2_CONF", conf)); err != nil {
		panic(err)
	}
	if tool, err := exec.LookPath("softhsm2-util"); err == nil {
		for _, label := range []string{"keysets", "rotated", "halves", "bench", "signers"} {
			out, err := exec.Command(tool, "--init-token", "--free", "--label", label, "--pin", testPIN, "--so-pin", "1111").CombinedOutput()
			if err != nil {
				panic(string(out))
			}
		}
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// soft is one of SoftHSM2's tokens.
func soft(t testing.TB, label string) token.Config {
	t.Helper()
	c := token.Config{Label: label, PINFile: filepath.Join(t.TempDir(), "pin")}
	for _, m := range softs {
		if _, err := os.Stat(m); err == nil {
			c.Module = m
		}
	}
	if _, err := exec.LookPath("softhsm2-util"); err != nil || c.Module == "" {
		need.Missing(t, "SoftHSM2 is missing")
	}
	must(t, os.WriteFile(c.PINFile, []byte(testPIN), 0o600))
	return c
}

// inToken is a folder whose keys are in a token.
func inToken(t testing.TB, label string, halves bool) Config {
	t.Helper()
	return complete(t, Config{
		Folder: filepath.Join(t.TempDir(), "keys"), Source: Source{Kind: InToken, Token: soft(t, label)}, HalvesInToken: halves,
	})
}

func TestKeysetsInAToken(t *testing.T) {
	cfg := inToken(t, "keysets", false)
	own := made(t, cfg, all...)
	records := map[string][]byte{}
	for _, name := range all {
		records[name] = seal(t, own.Sealer(name), "secret of "+name, "place")
		file, err := os.ReadFile(path(cfg.Folder, name))
		must(t, err)
		if bytes.Contains(file, []byte("keyset\":")) || bytes.Contains(file, []byte("value")) {
			t.Errorf("%s: a key lies in the file: %s", name, file)
		}
	}
	again := opened(t, cfg, all...)
	for _, name := range all {
		if plain, err := again.Sealer(name).Open(records[name], []byte("place")); err != nil || string(plain) != "secret of "+name {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
		if _, err := again.Sealer(name).Open(records[name], []byte("elsewhere")); err == nil {
			t.Errorf("%s: opens at another place", name)
		}
		for _, other := range all {
			if _, err := again.Sealer(name).Open(records[other], []byte("place")); err == nil && other != name {
				t.Errorf("%s opens what %s sealed", name, other)
			}
		}
	}
	marks, err := own.Marks()
	must(t, err)
	if err := again.Recognise(marks); err != nil {
		t.Error(err)
	}
}

func TestRotateInAToken(t *testing.T) {
	cfg := inToken(t, "rotated", false)
	s := made(t, cfg, VOPRF).Sealer(VOPRF)
	record := seal(t, s, "secret", "place")
	old := keyOf(t, s, record)
	id := rotate(t, cfg, VOPRF, false)
	fresh, changed, err := s.Rewrap(record)
	if err != nil || !changed || keyOf(t, s, fresh) != id {
		t.Fatalf("Rewrap = %v, %v", changed, err)
	}
	must(t, Drop(t.Context(), cfg, VOPRF, old, none))
	later := opened(t, cfg, VOPRF).Sealer(VOPRF)
	if plain, err := later.Open(fresh, []byte("place")); err != nil || string(plain) != "secret" {
		t.Errorf("Open = %q, %v", plain, err)
	}
	if _, err := later.Open(record, []byte("place")); err == nil {
		t.Error("opens under a key that was dropped")
	}
	tok, err := token.Open(cfg.Token)
	must(t, err)
	defer tok.Close()
	n, err := number(old)
	must(t, err)
	if _, err := tok.Wrapper(tokenLabel(VOPRF), n); err == nil {
		t.Error("the dropped key is still in the token")
	}
}

// signed makes a whole signature with a server's half.
func signed(t testing.TB, h sealed.HalfSigner, phone *splitkey.Half, n2 []byte) {
	t.Helper()
	product, err := splitkey.Join(phone.Modulus(), n2)
	must(t, err)
	digest := sha512.Sum512([]byte("payload"))
	em, err := splitkey.PSS.Encode(splitkey.SHA512, digest[:], make([]byte, 64))
	must(t, err)
	share, err := phone.Share(em)
	must(t, err)
	s, err := h.Sign(product, phone.Modulus(), em, share)
	if err != nil || len(s) != splitkey.ProductSize {
		t.Fatalf("Sign = %d bytes, %v", len(s), err)
	}
}

// Halves are made, used and brought to a new key inside the token, and those that
// were made before it was there stay usable.
func TestHalvesInAToken(t *testing.T) {
	cfg := inToken(t, "halves", true)
	own := made(t, cfg, Modulus)
	phone, err := splitkey.Generate()
	must(t, err)
	before, err := splitkey.Generate()
	must(t, err)
	sealedBefore, err := sealed.Half(own.Sealer(Modulus), before)
	must(t, err)
	n2, record, err := sealed.NewHalf(own.Halves())
	must(t, err)
	if !strings.HasPrefix(string(record), halfMark) {
		t.Fatalf("the half was not made in the token: %x", record[:8])
	}
	id := rotate(t, cfg, Modulus, false)
	old := keyOf(t, own.Sealer(Modulus), record)
	var fresh [][]byte
	for _, r := range [][]byte{record, sealedBefore} {
		f, changed, err := own.Sealer(Modulus).Rewrap(r)
		if err != nil || !changed || keyOf(t, own.Sealer(Modulus), f) != id {
			t.Fatalf("Rewrap = %v, %v", changed, err)
		}
		fresh = append(fresh, f)
	}
	must(t, Drop(t.Context(), cfg, Modulus, old, none))
	later := opened(t, cfg, Modulus).Halves()
	for i, modulus := range [][]byte{n2, before.Modulus()} {
		h, err := sealed.OpenHalf(later, modulus, fresh[i])
		must(t, err)
		signed(t, h, phone, modulus)
		h.Wipe()
	}
	if _, err := sealed.OpenHalf(later, before.Modulus(), fresh[0]); err == nil {
		t.Error("a half opened in the place of another")
	}
	if _, err := sealed.OpenHalf(later, n2, record); err == nil {
		t.Error("a half opened under a key that was dropped")
	}
}

func TestSignerInAToken(t *testing.T) {
	ref := SignerRef{Label: "issuing", Token: soft(t, "signers")}
	s, err := CreateSigner(ref, token.P384)
	must(t, err)
	must(t, s.Close())
	if _, err := CreateSigner(ref, token.P384); !errors.Is(err, token.ErrExists) {
		t.Errorf("a second key of one label: %v", err)
	}
	again, err := OpenSigner(ref)
	must(t, err)
	defer again.Close()
	if pub, ok := s.Public().(*ecdsa.PublicKey); !ok || !pub.Equal(again.Public()) {
		t.Error("another key after reopening")
	}
}
