package mrz_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// blocks reads the blocks of text in the files that match, without comments.
func blocks(t testing.TB, glob string) []string {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files (%v)", glob, err)
	}
	var all []string
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(b), "\n") // the comment
		all = append(all, strings.Split(strings.TrimSpace(text), "\n\n")...)
	}
	return all
}

func TestSpecimens(t *testing.T) {
	keys := []string{
		"L898902C3674081221204159", "D23145890774081221204159", "D23145890774081221204159",
		"D23145890734934071279507122", "D23145890734934071279507122",
	}
	for i, text := range blocks(t, "testdata/good/*.txt") {
		z, err := mrz.Parse(text)
		if err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		if got := z.String(); got != text {
			t.Errorf("printed\n%s\nwant\n%s", got, text)
		}
		if got := z.AccessKey(); got != keys[i] {
			t.Errorf("access key %s; want %s", got, keys[i])
		}
		again, err := mrz.ParseChip(strings.ReplaceAll(text, "\n", ""))
		if err != nil || again != z {
			t.Errorf("from a chip: %+v, %v", again, err)
		}
	}
}

func TestPassportFields(t *testing.T) {
	z, err := mrz.Parse(blocks(t, "testdata/good/*.txt")[0])
	want := mrz.Zone{
		Kind: mrz.TD3, Document: "P", Issuer: "UTO", Surname: "ERIKSSON", GivenNames: "ANNA MARIA", Number: "L898902C3",
		Nationality: "UTO", Birth: "740812", Sex: "F", Expiry: "120415", Optional1: "ZE184226B",
	}
	if err != nil || z != want {
		t.Errorf("got %+v, %v; want %+v", z, err, want)
	}
}

func TestLongNumberOfCard(t *testing.T) {
	all := blocks(t, "testdata/good/*.txt")
	for _, text := range all[3:] {
		z, err := mrz.Parse(text)
		if err != nil || z.Number != "D23145890734" || z.Optional1 != "" {
			t.Errorf("%s: number %q, optional %q, %v", z.Kind, z.Number, z.Optional1, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, block := range blocks(t, "testdata/bad/*.txt") {
		field, text, _ := strings.Cut(block, "\n")
		_, err := mrz.Parse(text)
		if tunnus.CodeOf(err) != tunnus.CodeMRZTypedBad {
			t.Errorf("%s\n%v; want %s", text, err, tunnus.CodeMRZTypedBad)
			continue
		}
		if e, _ := errors.AsType[*tunnus.Error](err); e.Field != field {
			t.Errorf("%s\nfield %q; want %q", text, e.Field, field)
		}
	}
}

// An error reaches logs: it must not repeat what the lines say.
func TestErrorsTellNothing(t *testing.T) {
	for _, block := range blocks(t, "testdata/bad/*.txt") {
		_, text, _ := strings.Cut(block, "\n")
		_, err := mrz.Parse(text)
		for _, secret := range []string{"ERIKSSON", "7408", "L898902", "D2314"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("error tells %q: %v", secret, err)
			}
		}
	}
}

func TestCenturies(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tests := []struct{ field, date, want string }{
		{"birth", "740812", "1974-08-12"},
		{"birth", "261122", "2026-11-22"},
		{"birth", "261123", "1926-11-23"},
		{"birth", "000229", "2000-02-29"},
		{"expiry", "351231", "2035-12-31"},
		{"expiry", "691231", "2069-12-31"},
		{"expiry", "700101", "1970-01-01"},
		{"expiry", "950712", "1995-07-12"},
	}
	for _, tt := range tests {
		z := mrz.Zone{Birth: tt.date, Expiry: tt.date}
		got, err := z.ExpiryDate()
		if tt.field == "birth" {
			got, err = z.BirthDate(now)
		}
		if err != nil || got.Format(time.DateOnly) != tt.want {
			t.Errorf("%s %s = %v, %v; want %s", tt.field, tt.date, got, err, tt.want)
		}
	}
	if _, err := (mrz.Zone{Birth: "74<<<<"}).BirthDate(now); err == nil {
		t.Error("a date with unknown parts was told")
	}
}

func TestCleanTakesWhatIsTyped(t *testing.T) {
	want := blocks(t, "testdata/good/*.txt")[0]
	typed := "\r\n " + strings.ToLower(strings.ReplaceAll(want, "\n", " \r\n\r\n")) + "\r\n"
	if got := mrz.Clean(typed); got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// What Parse accepts must print back unchanged: two readings of one document
// would be two people.
func FuzzParse(f *testing.F) {
	for _, text := range blocks(f, "testdata/good/*.txt") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, in string) {
		z, err := mrz.Parse(in)
		if err != nil {
			return
		}
		if got := z.String(); got != in {
			t.Errorf("round trip: %q became %q", in, got)
		}
	})
}
