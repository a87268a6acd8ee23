package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/asic"
)

// What is not understood is said to be so, and is never good.
func TestJudgeRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		least      asic.Level
		words      string
	}{
		{"nothing", "", asic.LT, "neither"},
		{"text", "hello", asic.LT, "neither"},
		{"a zip of nothing", "PK\x05\x06" + strings.Repeat("\x00", 18), asic.B, "files"},
		{"a cut zip", "PK\x03\x04", asic.B, "no zip archive"},
		{"a PDF for long", "%PDF-1.7", asic.LT, "--least T"},
		{"a PDF that is not signed", "%PDF-1.7", asic.B, "0 signatures"},
	} {
		v := judge([]byte(tt.file), asic.Trust{Now: time.Unix(1, 0), Least: tt.least})
		if v.OK || !strings.Contains(v.Why, tt.words) {
			t.Errorf("%s: %+v; want %q", tt.name, v, tt.words)
		}
	}
}

func TestVerifyEndsWithOneUnlessGood(t *testing.T) {
	if err := (&verifyFile{File: "x"}).tell(verdict{Checked: []string{"something"}, Why: "asic: no"}); err != errSaid {
		t.Errorf("refused: %v", err)
	}
	if err := (&verifyFile{File: "x", JSON: true}).tell(verdict{OK: true}); err != nil {
		t.Errorf("good: %v", err)
	}
}

// The common name of whoever signed comes from the file: it must not look as if the
// verdict said more, or other, lines.
func TestVerdictIsOneLineEach(t *testing.T) {
	for line, want := range map[string]string{
		"by Åsa, 東京":                            "by Åsa, 東京",
		"by X\nGOOD  a.asice\x1b[8m":            "by X\uFFFDGOOD  a.asice\uFFFD[8m",
		"by X\u202e\u2028\u0085\r\xff, trusted": "by X\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD, trusted",
	} {
		if got := printable(line); got != want {
			t.Errorf("%q is printed as %q", line, got)
		}
	}
	out := printed(t, func() {
		_ = (&verifyFile{File: "x"}).tell(verdict{Checked: []string{"a\nGOOD  x"}, Why: "b\nGOOD  x"})
	})
	if strings.Count(out, "\n") != 2 || strings.Contains(out, "\nGOOD") {
		t.Errorf("printed: %q", out)
	}
}

// printed returns what is written to the standard output meanwhile.
func printed(t *testing.T, do func()) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdout
	os.Stdout = f
	defer func() { os.Stdout = before }()
	do()
	b, err := os.ReadFile(f.Name())
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}
