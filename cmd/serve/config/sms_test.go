package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// block is a configuration with a gateway for text messages.
func block(sms any) map[string]any {
	c := good()
	c["sms"] = sms
	return c
}

func TestSMSGateways(t *testing.T) {
	c, err := load(t, block(map[string]any{
		"from": "tunnus", "smpp": map[string]any{"addr": "smsc.example:3550", "system_id": "tunnus", "password_file": "smpp.password"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.SMS.SMPP.TLS != "mandatory" || !filepath.IsAbs(c.SMS.SMPP.PasswordFile) || c.SMS.SMPP.CAFile != "" {
		t.Errorf("%+v", c.SMS.SMPP)
	}
	c, err = load(t, block(map[string]any{"http": map[string]any{
		"url": "https://sms.example/v1", "body": map[string]string{"to": "{to}", "text": "{text}"}, "secret_header": "Authorization", "secret_file": "key",
	}}))
	if err != nil || !filepath.IsAbs(c.SMS.HTTP.SecretFile) || !strings.Contains(string(c.SMS.HTTP.Body), "{text}") {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestSMSFaults(t *testing.T) {
	for want, sms := range map[string]any{
		"sms: one of smpp and http":        map[string]any{"from": "tunnus"},
		"sms.smpp: addr, system_id":        map[string]any{"from": "tunnus", "smpp": map[string]any{"addr": "a:1"}},
		"sms.smpp.tls:":                    map[string]any{"from": "tunnus", "smpp": map[string]any{"addr": "a:1", "system_id": "a", "password_file": "p", "tls": "some"}},
		"sms.from:":                        map[string]any{"smpp": map[string]any{"addr": "a:1", "system_id": "a", "password_file": "p"}},
		"sms.http: url and body":           map[string]any{"http": map[string]any{"url": "https://a.example"}},
		"secret_header and secret_file go": map[string]any{"http": map[string]any{"url": "https://a.example", "body": 1, "secret_file": "f"}},
		"pasword":                          map[string]any{"smpp": map[string]any{"pasword": "x"}},
	} {
		if _, err := load(t, block(sms)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
