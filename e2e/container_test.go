package e2e

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/need"
)

// signedApplication judges the container that the demonstration leaves: by xmlsec1, and by our
// own verifier in a process that has nothing but the file and the root.
func signedApplication(t *testing.T, keep string) {
	t.Helper()
	file := filepath.Join(keep, "application.asice")
	verify := func(file, root string) (string, error) {
		out, err := exec.CommandContext(t.Context(), binary, "verify", file, "--root", filepath.Join(keep, root)).CombinedOutput()
		return string(out), err
	}
	out, err := verify(file, "root.pem")
	if err != nil || !strings.Contains(out, "time-stamp:") || !strings.Contains(out, "status: the certificate of the signer was good") || !strings.Contains(out, "application: of ADA") {
		t.Errorf("tunnus verify: %v: %s", err, out)
	}
	if out, err := verify(file, "login.pem"); err == nil {
		t.Errorf("with another root: %s", out)
	}
	late, err := exec.CommandContext(t.Context(), binary, "verify", file, "--root", filepath.Join(keep, "root.pem"), "--at", "2040-01-01T00:00:00Z").CombinedOutput()
	if err == nil || !strings.Contains(string(late), "INDETERMINATE") || strings.Contains(string(late), "GOOD") {
		t.Errorf("after the end of the time-stamp authority: %v: %s", err, late)
	}
	dir := unzip(t, file)
	xmlsec(t, dir, keep, true)
	text := filepath.Join(dir, "application.txt")
	b, err := os.ReadFile(text)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(b, []byte("QUALIFIED"), []byte("ADVANCED!"), 1)
	if err := os.WriteFile(text, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	xmlsec(t, dir, keep, false)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.asice")
	if err := os.WriteFile(broken, bytes.Replace(whole, b, changed, 1), 0o600); err != nil { // nothing in it is compressed
		t.Fatal(err)
	}
	if out, err := verify(broken, "root.pem"); err == nil || !strings.Contains(out, "FAIL") {
		t.Errorf("a changed text: %v: %s", err, out)
	}
}

func xmlsec(t *testing.T, dir, keep string, good bool) {
	t.Helper()
	if _, err := exec.LookPath("xmlsec1"); err != nil {
		need.Missing(t, "xmlsec1 is not installed")
	}
	cmd := exec.CommandContext(t.Context(), "xmlsec1", "--verify", "--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
		"--trusted-pem", filepath.Join(keep, "root.pem"), "META-INF/signatures0.xml")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); (err == nil) != good {
		t.Errorf("xmlsec1: %v: %s", err, out)
	}
}

// unzip unpacks a container with the standard library.
func unzip(t *testing.T, file string) string {
	t.Helper()
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	dir := t.TempDir()
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
