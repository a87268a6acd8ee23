package config

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// The register is a file, a table, or a service that we can prove ourselves to.
func TestRegister(t *testing.T) {
	for name, tt := range map[string]struct {
		file     string
		register any
		want     string // of the fault, "" if there is none
	}{
		"a file":                    {"people.json", nil, ""},
		"a table":                   {"", map[string]any{"database": true}, ""},
		"a service, by token":       {"", map[string]any{"url": "https://register.example", "token_file": "t"}, ""},
		"a service, by certificate": {"", map[string]any{"url": "https://register.example", "certificate_file": "c", "key_file": "k", "ca_file": "ca"}, ""},
		"none":                      {"", nil, "register_file: missing"},
		"two":                       {"people.json", map[string]any{"database": true}, "not together"},
		"nobody proves himself":     {"", map[string]any{"url": "https://register.example"}, "register: database, or url"},
		"half a certificate":        {"", map[string]any{"url": "https://register.example", "certificate_file": "c"}, "register: database, or url"},
		"a table with an address":   {"", map[string]any{"database": true, "url": "https://register.example"}, "register: database, or url"},
	} {
		c := maps.Clone(split()[Front])
		delete(c, "register_file")
		if tt.file != "" {
			c["register_file"] = tt.file
		}
		if tt.register != nil {
			c["register"] = tt.register
		}
		got, err := loadAs(t, c, Front)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if r := got.Register; r != nil && r.TokenFile != "" && !filepath.IsAbs(r.TokenFile) {
				t.Errorf("%s: %q is no path from the folder of the configuration", name, r.TokenFile)
			}
		} else if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", name, err, tt.want)
		}
	}
}
