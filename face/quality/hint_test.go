package quality

import (
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
)

// Every hint and remark has its sentence, and no two the same code.
func TestHintsHaveSentences(t *testing.T) {
	all := append(Hints(), Remarks()...)
	for i, h := range all {
		if (tunnus.Note{Key: h.Note()}).Sentence() == "" {
			t.Errorf("%q has no sentence in note.go", h)
		}
		if Noted(h.Note()) != h || Noted("pin-"+string(h)) != None {
			t.Errorf("%q has the note %q, which is that of %q", h, h.Note(), Noted(h.Note()))
		}
		if slices.Contains(all[:i], h) {
			t.Errorf("%q stands twice", h)
		}
	}
	if None.Note() != "" {
		t.Errorf("no hint has the note %q", None.Note())
	}
	for key := range tunnus.Notes() {
		code, ok := strings.CutPrefix(key, NotePrefix+"photo-")
		if ok && !slices.Contains(Remarks(), Hint("photo-"+code)) {
			t.Errorf("note %q belongs to no remark", key)
		}
	}
}

func TestFirst(t *testing.T) {
	for _, tt := range []struct {
		give []Hint
		want Hint
	}{
		{nil, None},
		{[]Hint{None, "no-such-hint"}, None},
		{[]Hint{MouthOpen, Dark, Closer}, Dark},
		{[]Hint{EyesShut, HoldStill, ManyFaces}, ManyFaces},
	} {
		if got := First(tt.give...); got != tt.want {
			t.Errorf("First(%q) = %q; want %q", tt.give, got, tt.want)
		}
	}
}
