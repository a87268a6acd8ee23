package wire

import (
	"encoding/json"
	"testing"

	"github.com/tunnus-id/tunnus"
)

// What would make a picture better reaches the app as a note of its own words; a hint
// that it does not know is told by the server's words only.
func TestHintOfARefusal(t *testing.T) {
	for body, want := range map[string]string{
		`{"code":"face-quality","detail":"x","hint":"eyes-shut"}`: "Open your eyes.",
		`{"code":"face-quality","detail":"x","hint":"stand-up"}`:  "",
		`{"code":"face-quality","detail":"x"}`:                    "",
	} {
		var p Problem
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Fatal(err)
		}
		e := p.Failure()
		if got := e.Note.Sentence(); got != want || e.Code != tunnus.CodeFaceQuality || e.Public != "x" {
			t.Errorf("%s: note %q, %+v; want %q", body, got, e, want)
		}
	}
}
