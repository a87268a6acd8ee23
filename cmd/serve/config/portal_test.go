package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func portal() map[string]any {
	return map[string]any{
		"cards":      []any{map[string]any{"certificate_file": "cards.der", "countries": []string{"EE"}}},
		"responders": map[string]any{"ocsp.example:80": "10.0.0.7:80"}, "places_file": "places.csv",
	}
}

func TestPortal(t *testing.T) {
	c := good()
	c["origin"], c["portal"] = "https://id.example", portal()
	got, err := load(t, c)
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(got.Portal.Cards[0].CertificateFile) || !filepath.IsAbs(got.Portal.PlacesFile) {
		t.Errorf("paths are not taken from the folder of the file: %+v", got.Portal)
	}
}

func TestFaultsOfPortal(t *testing.T) {
	for want, change := range map[string]func(c, portal map[string]any){
		"origin":              func(c, _ map[string]any) { delete(c, "origin") },
		"portal.cards: miss":  func(_, p map[string]any) { delete(p, "cards") },
		"certificate_file":    func(_, p map[string]any) { p["cards"] = []any{map[string]any{"countries": []string{"EE"}}} },
		"portal.responders":   func(_, p map[string]any) { p["responders"] = map[string]any{"ocsp.example": "10.0.0.7:80"} },
		"portal.guesses":      func(_, p map[string]any) { p["guesses"] = -1 },
		`unknown field "card`: func(_, p map[string]any) { p["card"] = 1 },
	} {
		c, p := good(), portal()
		c["origin"], c["portal"] = "https://id.example", p
		change(c, p)
		if _, err := load(t, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
