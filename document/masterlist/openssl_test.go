package masterlist_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/document/masterlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
	"github.com/tunnus-id/tunnus/need"
)

// A second opinion: OpenSSL verifies our lists, and we its own, which it writes
// before it knows how long they get (indefinite lengths, the content in pieces).
func TestListsOfOpenSSL(t *testing.T) {
	openssl := need.Tool(t, "openssl")
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(openssl, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", args, out)
		}
	}
	write := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(file(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := made()
	root := func(cert []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}) }
	write("root", root(w.root))
	write("list", publish(nil))
	run("cms", "-verify", "-inform", "DER", "-in", file("list"), "-CAfile", file("root"), "-purpose", "any", "-attime", "1795348800", "-out", file("content"))
	want := issuer.MasterList(w.root, w.other, w.link)
	if got, err := os.ReadFile(file("content")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("OpenSSL reads another content: %v", err)
	}

	// The signer's key is OpenSSL's, the certificates are ours, and valid whenever
	// OpenSSL signs: it takes the machine's time.
	always := func(t issuer.Template, key *issuer.Key) []byte {
		t.NotBefore, t.NotAfter = now.AddDate(-20, 0, 0), now.AddDate(70, 0, 0)
		return must(issuer.Certify(t, key))
	}
	csca := always(issuer.CountrySigner(w.csca), w.csca.Key)
	run("ecparam", "-name", "brainpoolP384r1", "-genkey", "-noout", "-out", file("key"))
	run("pkey", "-in", file("key"), "-pubout", "-outform", "DER", "-out", file("pub"))
	tt := issuer.ListSigner(w.lists, w.csca)
	tt.Public = must(os.ReadFile(file("pub")))
	write("signer", root(always(tt, w.csca.Key)))
	write("root", root(csca))
	large := make([][]byte, 40)
	for i := range large {
		large[i] = w.other
	}
	write("content", issuer.MasterList(large...))
	run("cms", "-sign", "-stream", "-nodetach", "-binary", "-in", file("content"), "-econtent_type", "2.23.136.1.1.2", "-signer", file("signer"),
		"-inkey", file("key"), "-certfile", file("root"), "-md", "sha384", "-nosmimecap", "-outform", "DER", "-out", file("streamed"))
	streamed := must(os.ReadFile(file("streamed")))
	if streamed[1] != 0x80 {
		t.Fatal("it is not streamed")
	}
	l := must(masterlist.Parse(streamed))
	if root, err := l.Verify(pin(csca), nil, l.Signed); err != nil || !bytes.Equal(root.Raw, csca) || len(l.Certificates) != len(large) {
		t.Errorf("%d certificates, %v", len(l.Certificates), err)
	}
}
