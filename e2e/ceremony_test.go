package e2e

import (
	"crypto/x509"
	"encoding/hex"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/e2e/program"
)

// example is a JSON block of a document, with its places changed to those of a test.
func example(t *testing.T, document string, n int, places *strings.Replacer) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "doc", document))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) <= n {
		t.Fatalf("%s: %d examples", document, len(blocks))
	}
	return places.Replace(blocks[n][1])
}

// Whoever has the documents only makes a scheme's keys in two sittings, by the
// scripts in doc/ceremony.md, and serves the role issue from the folder that
// these leave, by the configuration in doc/roles.md.
func TestCeremonyIsServedByTheDocs(t *testing.T) {
	s := &split{server: &server{t: t, dir: t.TempDir(), log: &program.Output{}}}
	pin := s.certify("issue")
	public := free(t)
	places := strings.NewReplacer("/run/secrets/", s.dir+"/secret-", "/media/root", s.dir+"/medium", "/var/lib/tunnus", s.dir+"/data", "/mnt/second/", s.dir+"/second-",
		"…", pin, "10.0.0.3:9443", free(t), "0.0.0.0:80", public, "http://pki.id.example", "http://"+public)
	put := func(name, content string) string {
		path := filepath.Join(s.dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, name := range []string{"root", "issuing", "responder", "stamp", "log"} {
		put("secret-"+name, "a long passphrase for "+name+"\n")
	}
	for i, name := range []string{"first.json", "second.json"} {
		script := put(name, example(t, "ceremony.md", i, places))
		if out, err := exec.Command(binary, "ceremony", script).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	rules, err := os.ReadFile("../scheme/nordic.json")
	if err != nil {
		t.Fatal(err)
	}
	put("nordic.json", string(rules))
	cmd := exec.Command(binary, "serve", "--roles", "issue", "--config", put("issue.json", example(t, "roles.md", 1, places)))
	cmd.Stderr = s.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	root, issuing := certificate(t, s.dir, "root"), certificate(t, s.dir, "issuing")
	for _, path := range append(pointers(issuing), pointers(certificate(t, s.dir, "stamp"))...) {
		if !served(path) {
			t.Errorf("%s is not served; the process said: %s", path, s.log)
		}
	}
	for _, want := range []string{"/ca/" + keyID(root) + ".cer", "/crl/" + keyID(root) + ".crl"} {
		if !slices.Contains(pointers(issuing), "http://"+public+want) {
			t.Errorf("the issuing CA's certificate does not point to %s, but to %v", want, pointers(issuing))
		}
	}
}

// served waits until a page is there.
func served(url string) bool {
	for range 200 {
		if resp, err := http.Get(url); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return true
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// pointers are the addresses in a certificate of which something can be fetched.
func pointers(c *x509.Certificate) []string {
	return slices.Concat(c.IssuingCertificateURL, c.CRLDistributionPoints)
}

func keyID(c *x509.Certificate) string { return hex.EncodeToString(c.SubjectKeyId) }

func certificate(t *testing.T, dir, name string) *x509.Certificate {
	t.Helper()
	c, err := pemFile(filepath.Join(dir, "daily", name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return c[0]
}
