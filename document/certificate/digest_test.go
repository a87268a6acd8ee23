package certificate_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
	"github.com/tunnus-id/tunnus/need"
)

// The commands of doc/trust.md give the digests by which rules name a certificate and
// its key, however its curve is written.
func TestDigestsOfOpenSSL(t *testing.T) {
	openssl := need.Tool(t, "openssl")
	text, err := os.ReadFile("../../doc/trust.md")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "openssl ") {
			commands = append(commands, strings.Replace(line, "openssl ", openssl+" ", -1))
		}
	}
	if len(commands) != 2 {
		t.Fatalf("%d commands in doc/trust.md", len(commands))
	}
	explicit := must(issuer.NewEC("brainpoolP384r1"))
	explicit.Explicit = true
	for kind, k := range map[string]*issuer.Key{"rsa": must(issuer.NewRSA(2048)), "named": must(issuer.NewEC("brainpoolP256r1")), "explicit": explicit} {
		dir := t.TempDir()
		der := must(issuer.Certify(issuer.Template{Serial: 5, Issuer: name("DS"), Subject: name("DS"), NotBefore: from, NotAfter: until, Public: k.Public()}, k))
		if err := os.WriteFile(filepath.Join(dir, "ds.der"), der, 0o600); err != nil {
			t.Fatal(err)
		}
		c := must(certificate.Parse(der))
		signed, key := c.Signed(), c.KeyDigest()
		for i, want := range [][]byte{signed[:], key[:]} {
			cmd := exec.Command("sh", "-c", commands[i])
			cmd.Dir = dir
			out, err := cmd.Output()
			if err != nil || !strings.HasPrefix(string(out), fmt.Sprintf("%x", want)) {
				t.Errorf("%s: %q, %v; want %x", kind, out, err, want)
			}
		}
	}
}
