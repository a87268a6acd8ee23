package idcard_test

import (
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/idcard"
)

func TestOrigins(t *testing.T) {
	w := newWorld(t)
	for o, ok := range map[string]bool{
		"https://ria.ee": true, "https://localhost:8443": true, "https://xn--jogeva-p5a.example": true, "https://[::1]:8443": true,
		"": false, "ria.ee": false, "http://ria.ee": false, "https://ria.ee/": false, "https://ria.ee:443": false, "https://RIA.ee": false,
		"https://jõgeva.example": false, "https://ria.ee?x": false, "https://ria.ee#x": false, "https://me@ria.ee": false, "https://": false,
		"https://ria.ee:": false, "HTTPS://ria.ee": false, "https://ria .ee": false,
	} {
		c := w.config
		c.Origin = o
		if _, err := idcard.New(c); (err == nil) != ok {
			t.Errorf("%q: %v", o, err)
		}
	}
}

// Every fault of a configuration is told at once.
func TestConfigFaults(t *testing.T) {
	w := newWorld(t)
	login, _ := w.issue(t, mari(t)).Certificates()
	_, err := idcard.New(idcard.Config{
		MaxAge:  -1,
		Issuers: []idcard.Issuer{{Certificate: login, Countries: []string{"XX"}}, {}, {Certificate: w.issuer.CA()}, {Certificate: w.issuer.CA(), Countries: []string{"xx"}}},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"origin", "issuer 1: not", "issuer 2: not", "issuer 3: its countries", "issuer 4: its countries", "age", "responders"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told in:\n%v", want, err)
		}
	}
	if _, err := idcard.New(idcard.Config{Origin: origin, Status: w.config.Status}); err == nil || !strings.Contains(err.Error(), "no issuers") {
		t.Errorf("without issuers: %v", err)
	}
}
