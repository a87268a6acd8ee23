package inputs

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/sandbox"
	files "github.com/tunnus-id/tunnus/scheme"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// sure returns v, or ends the test.
func sure[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestTrustListFolder(t *testing.T) {
	w := sure(sandbox.Open(filepath.Join(t.TempDir(), "world"), tunnus.SystemClock{}))(t)
	put := func(name, content string) {
		if err := os.WriteFile(w.Path("trust", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("README", "not a certificate")
	if err := os.Mkdir(w.Path("trust", "old.pem"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := TrustList(w.Path("trust")); err != nil {
		t.Errorf("with other files beside: %v", err)
	}
	put("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	if _, err := TrustList(w.Path("trust")); err == nil {
		t.Error("a private key was taken for a certificate")
	}
	if _, err := TrustList(t.TempDir()); err == nil {
		t.Error("an empty folder was taken")
	}
	if _, err := TrustList(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("nothing was taken")
	}
}

// What `tunnus trust import` wrote is read, whole and with somebody on it.
func TestTrustListOfAFile(t *testing.T) {
	w := sure(sandbox.Open(filepath.Join(t.TempDir(), "world"), tunnus.SystemClock{}))(t)
	anchor := sure(TrustList(w.Path("trust")))(t).Anchors[0]
	d := trustlist.NewDraft(new(trustlist.List), time.Now(), anchor.Fingerprint())
	if _, err := d.Add(anchor.Raw); err != nil {
		t.Fatal(err)
	}
	list := sure(d.Finish())(t)
	name := filepath.Join(t.TempDir(), "list.json")
	for _, tt := range []struct {
		content []byte
		ok      bool
	}{{list.Format(), true}, {list.Format()[1:], false}, {new(trustlist.List).Format(), false}, {nil, false}} {
		if err := os.WriteFile(name, tt.content, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := TrustList(name)
		if (err == nil) != tt.ok || tt.ok && len(got.Anchors) != 1 {
			t.Errorf("%d bytes: %v", len(tt.content), err)
		}
	}
}

// An issuing CA whose key and certificate do not belong together is found at the
// start, and not at the first certificate.
func TestIssuerKeyMustFit(t *testing.T) {
	one := sure(sandbox.Open(filepath.Join(t.TempDir(), "one"), tunnus.SystemClock{}))(t)
	authority := config.AuthorityConfig{Folder: one.Path("authority"), IssuingKey: hsm.SignerRef{File: one.Path("authority", "issuing.key")}}
	two := sure(sandbox.Open(filepath.Join(t.TempDir(), "two"), tunnus.SystemClock{}))(t)
	if _, err := Issuer(authority); err != nil {
		t.Fatal(err)
	}
	other := sure(os.ReadFile(two.Path("authority", "issuing.key")))(t)
	if err := os.WriteFile(one.Path("authority", "issuing.key"), other, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Issuer(authority); err == nil {
		t.Error("the key of another CA was taken")
	}
}

// A front that finds a secret of another role in its folders does not start.
func TestFrontHasNoSecretsOfOthers(t *testing.T) {
	dir := t.TempDir()
	cfg := &config.Config{Roles: config.Roles{config.Front}, Authority: config.AuthorityConfig{Folder: dir}, Keys: config.KeysConfig{Config: hsm.Config{Folder: dir}}}
	if err := ownSecrets(cfg); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"issuing.key", "stamp.key", "responder.key", "voprf.key", "modulus.key"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := ownSecrets(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// The root's key is no server's: one that finds it in its folder does not start.
func TestRootKeyBelongsToNoServer(t *testing.T) {
	w := sure(sandbox.Open(filepath.Join(t.TempDir(), "world"), tunnus.SystemClock{}))(t)
	cfg := &config.Config{Roles: config.Roles{config.Issue}, Authority: config.AuthorityConfig{Folder: w.Path("authority")}}
	if err := new(Inputs).readAuthority(cfg); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.Path("authority", "root.key"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := new(Inputs).readAuthority(cfg); err == nil {
		t.Error("it started")
	}
}

// A sandbox approves what nobody has looked at: a CA that means it is not for one,
// neither in the process that issues nor in the one that asks.
func TestSandboxHasNoRealCA(t *testing.T) {
	dir := t.TempDir()
	a := sure(pki.NewAuthority(pki.Scheme{Name: "tunnus", Country: "EX", Organisation: "Example"}, time.Now()))(t)
	for name, c := range map[string]*x509.Certificate{"root.pem": a.Root, "issuing.pem": a.Issuing} {
		if err := os.WriteFile(filepath.Join(dir, name), pki.EncodeCertificates(c), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range config.All() {
		cfg := &config.Config{Roles: config.Roles{role}, Authority: config.AuthorityConfig{Folder: dir}}
		if err := new(Inputs).readAuthority(cfg); err != nil {
			t.Errorf("%s: %v", role, err)
		}
		cfg.Sandbox = true
		if err := new(Inputs).readAuthority(cfg); (err == nil) != (role == config.Keyshare) {
			t.Errorf("%s in a sandbox: %v", role, err)
		}
	}
}

// What is published as the root's list is the root's.
func TestRootListIsOfTheRoot(t *testing.T) {
	w := sure(sandbox.Open(filepath.Join(t.TempDir(), "world"), tunnus.SystemClock{}))(t)
	c := config.AuthorityConfig{Folder: w.Path("authority")}
	root, issuing := sure(Root(c))(t), sure(Issuing(c))(t)
	if list, err := RootList(c, root); err != nil || len(list) == 0 {
		t.Errorf("%d bytes, %v", len(list), err)
	}
	if _, err := RootList(c, issuing); err == nil {
		t.Error("a list of another authority")
	}
	if err := os.Remove(w.Path("authority", "root.crl")); err != nil {
		t.Fatal(err)
	}
	if list, err := RootList(c, root); list != nil || err != nil {
		t.Errorf("none: %d bytes, %v", len(list), err)
	}
}

// Rules that approve faces unattended are not served without their report.
func TestUnattendedNeedsItsReport(t *testing.T) {
	name := filepath.Join(t.TempDir(), "scheme.json")
	file := strings.Replace(string(files.Nordic()), `"unattended": false`,
		`"unattended": true, "calibration_report": "Lab, 6", "calibration_folder": "lab", "calibration_id": "`+strings.Repeat("0", 64)+`"`, 1)
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{SchemeFile: name, Roles: config.Roles{config.Front}}
	if r, err := readRules(cfg); err == nil || !strings.Contains(err.Error(), "faces.unattended: no face may be approved") {
		t.Errorf("%v, %v", r.Unattended, err)
	}
	cfg.Roles = config.Roles{config.Issue} // judges no faces
	if r, err := readRules(cfg); err != nil || r.Unattended {
		t.Errorf("%v, %v", r.Unattended, err)
	}
}
