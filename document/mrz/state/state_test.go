package state

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Whoever issues under another name than its country signer's is in the table
// (facts of published master lists: KS, EU, UN, CN for Hong Kong and Macao, and BM).
func TestCountries(t *testing.T) {
	for issuer, want := range map[string]string{
		"D": "DE", "DEU": "DE", "GBR": "GB", "GBD": "GB BM", "BMU": "BM", "GBN": "GB", "GBO": "GB", "GBP": "GB", "GBS": "GB",
		"EUE": "EU", "UNO": "UN", "UNA": "UN", "UNK": "UN", "XOM": "XO", "RKS": "KS", "HKG": "CN", "MAC": "CN", "CHN": "CN",
		"TWN": "TW", "EST": "EE", "LVA": "LV", "LTU": "LT", "FIN": "FI", "DNK": "DK", "UTO": "XX",
		"XXA": "", "XXB": "", "XXC": "", "XXX": "", "": "", "DE": "", "WSA": "",
	} {
		if got := Countries(issuer); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: %q; want %q", issuer, got, want)
		}
	}
	form := regexp.MustCompile(`^([A-Z]|[A-Z]{3}) [A-Z]{2}( [A-Z]{2})?$`)
	for issuer, country := range countries {
		if !form.MatchString(issuer + " " + country) {
			t.Errorf("%q: %q", issuer, country)
		}
	}
	if len(countries) < 249 {
		t.Errorf("%d states", len(countries))
	}
}
