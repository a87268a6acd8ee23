//go:build pkcs11

package token

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/need"
)

// modules are where systems keep SoftHSM2.
var modules = []string{
	"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
	"/usr/local/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so",
}

const (
	testToken = "tunnus test"
	testPIN   = "971302"
)

// TestMain gives SoftHSM2 a folder with one token: it reads variable and folder
// once a process, so tests tell their keys apart by label.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tunnus-token-")
	if err != nil {
		panic(err)
	}
	conf := filepath.Join(dir, "softhsm2.conf")
	text := "directories.tokendir = " + dir + "\nobjectstore.backend = file\nlog.level = ERROR\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		panic(err)
	}
	if err := os.Setenv("SOFTHSM2_CONF", conf); err != nil {
		panic(err)
	}
	if tool, err := exec.LookPath("softhsm2-util"); err == nil {
		out, err := exec.Command(tool, "--init-token", "--free", "--label", testToken, "--pin", testPIN, "--so-pin", "1111").CombinedOutput()
		if err != nil {
			panic(string(out))
		}
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// soft is the token of SoftHSM2.
func soft(t testing.TB) Config {
	t.Helper()
	c := Config{Label: testToken, PINFile: filepath.Join(t.TempDir(), "pin")}
	for _, m := range modules {
		if _, err := os.Stat(m); err == nil {
			c.Module = m
		}
	}
	if _, err := exec.LookPath("softhsm2-util"); err != nil || c.Module == "" {
		need.Missing(t, "SoftHSM2 is missing")
	}
	if err := os.WriteFile(c.PINFile, []byte(testPIN+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

func open(t testing.TB, c Config) *Token {
	t.Helper()
	tok, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tok.Close(); err != nil {
			t.Error(err)
		}
	})
	return tok
}
