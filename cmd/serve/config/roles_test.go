package config

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// split are good configurations of the three processes of a service.
func split() map[Role]map[string]any {
	front := good()
	delete(front, "authority")
	pin := strings.Repeat("ab", 32)
	front["authority"] = "ca"
	front["remote"] = map[string]any{
		"certificate_file": "front.pem", "key_file": "front.key",
		"keyshare": map[string]any{"url": "https://keyshare.internal:9443", "certificate_sha256": pin},
		"issue":    map[string]any{"url": "https://issue.internal:9443", "ca_file": "internal.pem", "name": "issue.internal"},
	}
	served := func(name string) map[string]any {
		return map[string]any{
			"certificate_file": name + ".pem", "key_file": name + ".key", "listen": "10.0.0.2:9443",
			"callers": []any{map[string]any{"ca_file": "internal.pem", "name": "front.internal"}},
		}
	}
	all := map[Role]map[string]any{
		Front:    front,
		Keyshare: {"data": "data", "scheme": "tunnus", "keys": "keys", "remote": served("keyshare")},
		Issue: {
			"data": "data", "scheme": "tunnus", "remote": served("issue"), "public_url": "http://pki.example", "public_listen": "0.0.0.0:80",
			"authority": map[string]any{"folder": "ca", "issuing_key": map[string]any{"file": "ca/issuing.age", "passphrase_file": "passphrase"}},
		},
	}
	for _, c := range all {
		c["second"], c["log"] = good()["second"], good()["log"]
	}
	return all
}

func loadAs(t *testing.T, c map[string]any, roles ...Role) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tunnus.json")
	if err := os.WriteFile(path, sure(json.Marshal(c))(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, roles)
}

func TestEachRoleHasItsConfig(t *testing.T) {
	for role, c := range split() {
		got, err := loadAs(t, c, role)
		if err != nil {
			t.Errorf("%s: %v", role, err)
			continue
		}
		if role == Issue && !filepath.IsAbs(got.Remote.Callers[0].CAFile) {
			t.Errorf("path of a CA: %q", got.Remote.Callers[0].CAFile)
		}
	}
}

// A process must not even name what belongs to another: the front no pool and no
// issuing key, keyshare and issue nothing of the front.
func TestForeignKeysAreRefused(t *testing.T) {
	all := split()
	for _, tt := range []struct {
		role Role
		key  string
		v    any
	}{
		{Front, "key_pool", 4},
		{Front, "public_listen", "0.0.0.0:80"},
		{Front, "authority", map[string]any{"folder": "ca", "issuing_key": map[string]any{"file": "k", "passphrase_file": "p"}}},
		{Keyshare, "authority", "ca"},
		{Keyshare, "listen", "0.0.0.0:8443"},
		{Keyshare, "smtp", map[string]any{"host": "mail.example"}},
		{Keyshare, "sms", map[string]any{"from": "tunnus"}},
		{Keyshare, "register_file", "people.json"},
		{Issue, "keys", "keys"},
		{Issue, "trust_list", "trust"},
		{Issue, "relying_parties", []any{map[string]any{"uuid": partyUUID}}},
	} {
		c := maps.Clone(all[tt.role])
		c[tt.key] = tt.v
		if _, err := loadAs(t, c, tt.role); err == nil || !strings.Contains(err.Error(), tt.key) || !strings.Contains(err.Error(), "belongs to the role") {
			t.Errorf("%s with %s: %v", tt.role, tt.key, err)
		}
	}
}

// What is wrong with how processes find and know each other is told, all at once.
func TestRemoteFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		role   Role
		change func(remote map[string]any)
		want   string
	}{
		"nobody may call":          {Keyshare, func(r map[string]any) { delete(r, "callers") }, "remote.callers: missing"},
		"nobody can call":          {Keyshare, func(r map[string]any) { delete(r, "listen") }, "remote.listen: missing"},
		"no certificate":           {Issue, func(r map[string]any) { delete(r, "key_file") }, "certificate_file and key_file"},
		"keyshare is nowhere":      {Front, func(r map[string]any) { delete(r, "keyshare") }, "remote.keyshare: missing"},
		"issue is called by issue": {Issue, func(r map[string]any) { r["issue"] = map[string]any{} }, "remote.issue: this process does not call it"},
		"a CA and no name":         {Front, func(r map[string]any) { delete(r["issue"].(map[string]any), "name") }, "ca_file and name go together"},
		"half a pin":               {Front, func(r map[string]any) { r["keyshare"].(map[string]any)["certificate_sha256"] = "abab" }, "64 hex digits"},
		"a pin and a CA":           {Front, func(r map[string]any) { r["issue"].(map[string]any)["certificate_sha256"] = strings.Repeat("ab", 32) }, "one of the two"},
		"known by nothing":         {Keyshare, func(r map[string]any) { r["callers"] = []any{map[string]any{}} }, "remote.callers[0]: certificate_sha256, or ca_file"},
		"a caller with an address": {Keyshare, func(r map[string]any) { r["callers"].([]any)[0].(map[string]any)["url"] = "https://x:1" }, "remote.callers[0]: url"},
		"a front that is called":   {Front, func(r map[string]any) { r["listen"] = "0.0.0.0:1" }, "no role that others call"},
	} {
		c := split()[tt.role]
		tt.change(c["remote"].(map[string]any))
		if _, err := loadAs(t, c, tt.role); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", name, err, tt.want)
		}
	}
}

// A process that stands alone calls nobody and is called by nobody.
func TestAloneNeedsNoRemote(t *testing.T) {
	c := good()
	c["remote"] = map[string]any{"certificate_file": "c", "key_file": "k"}
	if _, err := loadAs(t, c, All()...); err == nil || !strings.Contains(err.Error(), "for nothing") {
		t.Errorf("error = %v", err)
	}
}

func TestParseRoles(t *testing.T) {
	for s, want := range map[string]Roles{
		"all": All(), "front": {Front}, "keyshare,issue": {Keyshare, Issue}, "front,keyshare,issue": All(),
	} {
		if got, err := ParseRoles(s); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "front,", "front,front", "FRONT", "front keyshare", "all,front", "everything"} {
		if got, err := ParseRoles(s); err == nil {
			t.Errorf("%q is taken for %v", s, got)
		}
	}
}

// What a restored backup must not forget has a second place, outside the sandbox.
func TestSecondPlaceIsDemanded(t *testing.T) {
	c := good()
	delete(c, "second")
	if _, err := loadAs(t, c, All()...); err == nil || !strings.Contains(err.Error(), "second: missing") {
		t.Errorf("error = %v", err)
	}
	c["second_file"] = "second.url"
	got, err := loadAs(t, c, All()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := got.SecondPlace(); err == nil {
		t.Error("a file that is not there was taken for a second place")
	}
}

// Secrets and addresses of a database stand in a file of their own.
func TestDatabase(t *testing.T) {
	dir := t.TempDir()
	c := &Config{Data: dir}
	if where, err := c.Database(); err != nil || where != filepath.Join(dir, "tunnus.db") {
		t.Errorf("without a file: %q, %v", where, err)
	}
	c.DatabaseFile = filepath.Join(dir, "database")
	for content, want := range map[string]string{
		"postgres://u:p@db.internal/tunnus\n": "postgres://u:p@db.internal/tunnus", "mysql://db.internal": "", "": "", "/var/lib/other.db": "",
	} {
		if err := os.WriteFile(c.DatabaseFile, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		where, err := c.Database()
		if where != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", content, where, err)
		}
		if err != nil && strings.Contains(err.Error(), "mysql") {
			t.Errorf("the error tells what is in the file: %v", err)
		}
	}
}
