package phrases

import (
	"slices"
	"strings"
	"testing"
)

func TestAccept(t *testing.T) {
	tests := []struct {
		name   string
		header []string
		spoken []Language
		want   Language
	}{
		{"none", nil, Languages(), English},
		{"empty", []string{""}, Languages(), English},
		{"one", []string{"et"}, Languages(), Estonian},
		{"region", []string{"lt-LT"}, Languages(), Lithuanian},
		{"capitals", []string{"LV-lv"}, Languages(), Latvian},
		{"by weight", []string{"de;q=0.9, da;q=0.3, ru;q=0.8"}, Languages(), Russian},
		{"order among equals", []string{"da, ru"}, Languages(), Danish},
		{"two lines are one list", []string{"de", "da"}, Languages(), Danish},
		{"refused", []string{"da;q=0, et;q=0.1"}, Languages(), Estonian},
		{"only refused", []string{"da;q=0"}, Languages(), English},
		{"any", []string{"*"}, Languages(), English},
		{"neighbours are not taken", []string{"nb, nn, sv"}, Languages(), English},
		{"nor these", []string{"uk, be"}, Languages(), English},
		{"not in the scheme", []string{"da, lt"}, []Language{Lithuanian, Latvian}, Lithuanian},
		{"a scheme with English", []string{"de"}, []Language{Latvian, English}, English},
		{"a scheme without", []string{"de"}, []Language{Latvian, Russian}, Latvian},
		{"scheme without languages", []string{"lv"}, nil, English},
		{"no header at all", []string{"\x00;;q=7,,"}, Languages(), English},
		{"too long: the beginning counts", []string{"lv, " + strings.Repeat("de, ", 1000) + "et"}, Languages(), Latvian},
		{"too long: the end does not", []string{strings.Repeat("de-DE-1996, ", 1000) + "et"}, Languages(), English},
		{"too long with few names", []string{strings.Repeat("x-"+strings.Repeat("aaaaaaaa-", 9)+"a, ", 8) + "et"}, Languages(), English},
		{"one name too long", []string{strings.Repeat("a", 5000)}, Languages(), English},
		{"many hyphens", []string{strings.Repeat("a-", 400)}, Languages(), English},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Accept(tt.header, tt.spoken); got != tt.want {
				t.Errorf("Accept(%.80q, %s) = %s; want %s", tt.header, tt.spoken, got, tt.want)
			}
		})
	}
}

func TestLocale(t *testing.T) {
	for name, want := range map[string]Language{
		"et_EE.UTF-8": Estonian, "lv": Latvian, "ru-RU": Russian, "da_DK@euro": Danish,
		"": English, "C": English, "POSIX": English, "C.UTF-8": English, "de_DE.UTF-8": English, "ET": English, "../et": English,
	} {
		if got := Locale(name); got != want {
			t.Errorf("Locale(%q) = %s; want %s", name, got, want)
		}
	}
}

// Whatever is asked for, one of the languages of the scheme is spoken; and a
// language that is named alone is, wherever it is spoken.
func FuzzAccept(f *testing.F) {
	for _, seed := range []string{"", "et", "da;q=0.1, ru", "*;q=0", "x-y-z", "de-DE-u-co-phonebk", "\xff", strings.Repeat("a-", 300)} {
		f.Add(seed, uint8(7))
	}
	f.Fuzz(func(t *testing.T, header string, set uint8) {
		var spoken []Language
		for i, l := range Languages() {
			if set>>i&1 == 1 {
				spoken = append(spoken, l)
			}
		}
		got := Accept([]string{header}, spoken)
		if len(spoken) > 0 && !slices.Contains(spoken, got) || len(spoken) == 0 && got != English {
			t.Errorf("Accept(%q, %s) = %s", header, spoken, got)
		}
		if slices.Contains(spoken, Language(header)) && got != Language(header) {
			t.Errorf("Accept(%q, %s) = %s", header, spoken, got)
		}
	})
}
