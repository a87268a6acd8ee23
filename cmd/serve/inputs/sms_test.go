package inputs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/notify/sms"
)

func TestGateways(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	body := json.RawMessage(`{"to": "{to}", "text": "{text}"}`)
	smpp := &config.SMPPConfig{Addr: "127.0.0.1:2775", SystemID: "a", PasswordFile: secret, TLS: "none"}
	http := &config.SMSHTTPConfig{URL: "https://sms.example/", Body: body, SecretHeader: "Authorization", SecretFile: secret}
	for name, tt := range map[string]struct {
		c     *config.SMSConfig
		taken bool
	}{
		"none":              {nil, true},
		"smpp":              {&config.SMSConfig{From: "tunnus", SMPP: smpp}, true},
		"http":              {&config.SMSConfig{HTTP: http}, true},
		"no such password":  {&config.SMSConfig{From: "tunnus", SMPP: &config.SMPPConfig{Addr: "127.0.0.1:1", SystemID: "a", PasswordFile: secret + "x"}}, false},
		"no such CA":        {&config.SMSConfig{HTTP: &config.SMSHTTPConfig{URL: http.URL, Body: body, CAFile: secret}}, false},
		"plain, and public": {&config.SMSConfig{From: "tunnus", SMPP: &config.SMPPConfig{Addr: "smsc.example:1", SystemID: "a", PasswordFile: secret, TLS: "none"}}, false},
	} {
		g, err := newGateway(tt.c)
		if (err == nil) != tt.taken || tt.taken && (g == nil) != (tt.c == nil) {
			t.Errorf("%s: %v, %v", name, g, err)
		}
		if s, ok := g.(*sms.SMPP); ok {
			_ = s.Close()
		}
	}
}
