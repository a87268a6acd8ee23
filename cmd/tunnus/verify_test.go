package main

import (
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
