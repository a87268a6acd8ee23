package asic_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// extract unpacks a container with the standard library's reader, not with ours.
func extract(t *testing.T, container []byte) string {
	t.Helper()
	dir := t.TempDir()
	r, err := zip.NewReader(bytes.NewReader(container), int64(len(container)))
	if err != nil {
		t.Fatal(err)
	}
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

// A second implementation of XML signatures takes what we sign, and sees what was changed.
func TestXmlsecVerifies(t *testing.T) {
	xmlsec, w := need.Tool(t, "xmlsec1"), theWorld(t)
	for level, container := range map[asic.Level][]byte{asic.B: pack(t, w.signed(t, asic.PKCS1)), asic.LT: w.long(t)} {
		dir := extract(t, container)
		if err := os.WriteFile(filepath.Join(dir, "root.pem"), pki.EncodeCertificates(w.root), 0o600); err != nil {
			t.Fatal(err)
		}
		verify := func() (string, error) {
			cmd := exec.CommandContext(t.Context(), xmlsec, "--verify", "--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
				"--trusted-pem", "root.pem", "--verification-time", noon.Local().Format("2006-01-02 15:04:05"), "META-INF/signatures0.xml")
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
		if out, err := verify(); err != nil {
			t.Errorf("level %s: %v: %s", level, err, out)
		}
		if err := os.WriteFile(filepath.Join(dir, "application.txt"), []byte("I do not apply.\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := verify(); err == nil {
			t.Errorf("level %s, with another file: %s", level, out)
		}
	}
}
