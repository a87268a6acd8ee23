package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// good is a configuration of a real service without a fault.
func good() map[string]any {
	return map[string]any{
		"listen": "0.0.0.0:8443", "data": "data", "scheme": "tunnus", "authority": map[string]any{"folder": "ca", "issuing_key": map[string]any{"file": "ca/issuing.age", "passphrase_file": "passphrase"}}, "keys": "/etc/tunnus/keys",
		"second": "/mnt/second/tunnus.db", "log": map[string]any{"key": map[string]any{"file": "log.age", "passphrase_file": "passphrase"}},
		"trust_list": "trust", "scheme_file": "scheme.json", "register_file": "register.json",
		"tls":  map[string]any{"certificate_file": "tls.pem", "key_file": "tls.key"},
		"smtp": map[string]any{"host": "mail.example", "port": 587, "from": "no-reply@id.example"},
		"relying_parties": []any{map[string]any{
			"uuid": partyUUID, "names": []string{"Bank"}, "networks": []string{"192.0.2.0/24"}, "certificate_sha256": strings.Repeat("ab", 32),
		}},
	}
}

func load(t *testing.T, c any) (*Config, error) {
	t.Helper()
	b, ok := c.(string)
	if !ok {
		b = string(sure(json.Marshal(c))(t))
	}
	path := filepath.Join(t.TempDir(), "tunnus.json")
	if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, All())
}

const partyUUID = "00000000-0000-4000-8000-000000000000"

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

func TestGoodConfig(t *testing.T) {
	c, err := load(t, good())
	if err != nil {
		t.Fatal(err)
	}
	if c.SMTP.TLS != "mandatory" || c.KeyPool != 8 {
		t.Errorf("defaults: %q, %d", c.SMTP.TLS, c.KeyPool)
	}
	if !filepath.IsAbs(c.Data) || filepath.Base(c.Data) != "data" || c.Keys.Folder != "/etc/tunnus/keys" {
		t.Errorf("paths: %q, %q", c.Data, c.Keys.Folder)
	}
}

// Every fault is named, and none hides another.
func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	_, err := load(t, map[string]any{
		"plain_http": true, "sandbox": true, "tls": map[string]any{"key_file": "k"}, "key_pool": -1,
		"smtp": map[string]any{"tls": "some", "user": "u"},
		"relying_parties": []any{
			map[string]any{"uuid": "x", "networks": []string{"all"}, "certificate_sha256": "zz"},
		},
	})
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, want := range []string{
		"listen:", "data:", "authority:", "keys:", "trust_list:", "scheme_file:", "register_file:", "scheme:", "sandbox:", "plain_http:", "tls:",
		"smtp:", "smtp.port:", "smtp.tls:", "user and password_file", "key_pool:", "uuid:", "names:", "relying_parties[0].networks:",
		"relying_parties[0].certificate_sha256:",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in:\n%v", want, err)
		}
	}
}

func TestConfigThatIsNone(t *testing.T) {
	unknown := good()
	unknown["unatended"] = true
	whole := string(sure(json.Marshal(good()))(t))
	for name, c := range map[string]any{
		"unknown key": unknown, "not JSON": "listen: 1", "empty": "", "cut short": whole[:50],
		"two values": whole + whole, "a bracket more": whole + "}", "too large": whole + strings.Repeat(" ", maxConfig),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := load(t, c); err == nil {
				t.Error("it was taken")
			}
		})
	}
}

// Plain HTTP and plain SMTP are for this machine alone.
func TestPlainIsForLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:8080": true, "127.9.9.9:1": true, "[::1]:8080": true, "localhost:8080": true, "LOCALHOST:1": true,
		"0.0.0.0:8080": false, ":8080": false, "192.0.2.1:80": false, "localhost.example:80": false, "127.0.0.1.example:80": false,
		"[::]:80": false, "127.0.0.1": false, "": false,
	} {
		c := good()
		c["listen"], c["plain_http"] = address, true
		delete(c, "tls")
		if _, err := load(t, c); (err == nil) != want {
			t.Errorf("plain_http on %q: %v", address, err)
		}
	}
	for host, want := range map[string]bool{"127.0.0.1": true, "localhost": true, "mail.example": false, "10.0.0.1": false} {
		c := good()
		c["smtp"] = map[string]any{"host": host, "port": 25, "from": "a@b.example", "tls": "none"}
		if _, err := load(t, c); (err == nil) != want {
			t.Errorf("plain SMTP to %q: %v", host, err)
		}
	}
}

// Outside the sandbox an address alone does not identify a relying party (P1).
func TestPinsAreDemandedOutsideTheSandbox(t *testing.T) {
	c := good()
	delete(c["relying_parties"].([]any)[0].(map[string]any), "certificate_sha256")
	if _, err := load(t, c); err == nil || !strings.Contains(err.Error(), "pins") {
		t.Errorf("error = %v", err)
	}
	c["sandbox"], c["scheme"] = true, "tunnus-demo"
	if _, err := load(t, c); err != nil {
		t.Errorf("in the sandbox: %v", err)
	}
}

// What only a sandbox may have is never open under the real scheme's name.
func TestSandboxHasItsOwnScheme(t *testing.T) {
	c := good()
	c["sandbox"] = true
	if _, err := load(t, c); err == nil || !strings.Contains(err.Error(), "sandbox:") {
		t.Errorf("error = %v", err)
	}
}

// Nobody else's identifiers stand in a real certificate.
func TestForeignIdentifiersAreForASandbox(t *testing.T) {
	c := good()
	c["authority"] = map[string]any{"folder": "ca", "compatible": true}
	if _, err := load(t, c); err == nil || !strings.Contains(err.Error(), "authority.compatible:") {
		t.Errorf("outside a sandbox: %v", err)
	}
}

// The clock of a real service is the machine's.
func TestClockOffsetIsOfASandboxOnly(t *testing.T) {
	c := good()
	c["sandbox_clock_offset"] = "-96h"
	if _, err := load(t, c); err == nil || !strings.Contains(err.Error(), "sandbox_clock_offset: only") {
		t.Errorf("outside a sandbox: %v", err)
	}
	c["sandbox"], c["scheme"] = true, "tunnus-demo"
	if got, err := load(t, c); err != nil || got.ClockOffset() != -96*time.Hour {
		t.Errorf("in a sandbox: %v", err)
	}
	for _, bad := range []string{"tomorrow", "1000h", "0s"} {
		c["sandbox_clock_offset"] = bad
		if _, err := load(t, c); err == nil || !strings.Contains(err.Error(), "sandbox_clock_offset: such as") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
