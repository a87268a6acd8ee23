package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/key/hsm"
)

// A ceremony leaves encrypted keys under the usual names: the passphrase is all
// that has to be said of them.
func TestUsualKeyFilesNeedAPassphraseOnly(t *testing.T) {
	said := map[string]any{"passphrase_file": "p"}
	c := split()[Issue]
	c["authority"] = map[string]any{"folder": "ca", "issuing_key": said, "stamp_key": said, "responder_key": said}
	c["log"] = map[string]any{"key": said}
	got, err := loadAs(t, c, Issue)
	if err != nil {
		t.Fatal(err)
	}
	a := got.Authority
	for want, file := range map[string]string{
		"ca/" + IssuingKeyFile: a.IssuingKey.File, "ca/" + StampKeyFile: a.StampKey.File, "ca/" + ResponderKeyFile: a.ResponderKey.File, "data/log.key": got.Log.Key.File,
	} {
		if !strings.HasSuffix(file, "/"+want) {
			t.Errorf("%q; want %q", file, want)
		}
	}
	m := AuthorityConfig{Folder: "ca", IssuingKey: hsm.SignerRef{Label: "ca"}}
	if m.complete("/", true); m.IssuingKey.File != "" {
		t.Errorf("a key in a module: %q", m.IssuingKey.File)
	}
}

// The configurations in doc/roles.md are whole ones: each is read as the process
// that the words before it name.
func TestExamplesOfTheDocs(t *testing.T) {
	text, err := os.ReadFile("../../../doc/roles.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile("(?s)`(front|keyshare|issue)\\.json`:\n\n```json\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		var c map[string]any
		if err := json.Unmarshal([]byte(strings.ReplaceAll(m[2], "…", strings.Repeat("ab", 32))), &c); err != nil {
			t.Fatalf("%s: %v", m[1], err)
		}
		dir := t.TempDir()
		if m[1] == string(Issue) { // as a ceremony leaves it
			c["authority"].(map[string]any)["folder"] = dir
			for _, name := range []string{StampFile, ResponderFile} {
				if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := loadAs(t, c, Role(m[1])); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
		seen[m[1]] = true
	}
	if len(seen) != len(All()) {
		t.Errorf("examples of %v; want one for each role", seen)
	}
	for _, word := range []string{"issuing_key", "stamp_key", "responder_key", "authority.compatible", "--like smart-id"} {
		if !strings.Contains(string(text), word) {
			t.Errorf("%s is not described", word)
		}
	}
}
