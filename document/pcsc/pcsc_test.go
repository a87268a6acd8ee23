package pcsc

import (
	"errors"
	"slices"
	"testing"
)

func TestNamed(t *testing.T) {
	all := []string{"ACS ACR1252 PICC", "ACS ACR1252 SAM", "Virtual PCD 00 00"}
	for _, tt := range []struct {
		word string
		want []string
	}{
		{"", all}, {"picc", all[:1]}, {"ACR", all[:2]}, {"none", nil},
	} {
		if got := named(all, tt.word); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q", tt.word, got)
		}
	}
}

// A build without readers says what to build.
func TestNotBuilt(t *testing.T) {
	if Built {
		return
	}
	if _, err := Wait(t.Context(), ""); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("%v", err)
	}
}
