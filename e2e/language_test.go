package e2e

import (
	"errors"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// A phone that speaks Danish is refused in Danish, with a reference number by
// which the log of the server tells the cause; what the phone refuses by itself it
// says in Danish too.
func TestRefusalSpeaksTheLanguageOfThePhone(t *testing.T) {
	s := start(t)
	h := s.newHolder("eve")
	h.typed["surname"] = []string{"SOMEBODY"}
	a := s.speaking(h, "danish.phone", phrases.Danish)
	book, err := phrases.Codes()
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Register(t.Context())
	e, ok := errors.AsType[*tunnus.Error](err)
	if !ok || e.Code != tunnus.CodeFormMismatch && e.Code != tunnus.CodeFormName {
		t.Fatalf("Register = %v; asked %v", err, h.asked)
	}
	if want := book.In(phrases.Danish).Sentence(e.Code); e.Public != want {
		t.Errorf("told %q; want %q", e.Public, want)
	}
	if got := a.Explain(err); !strings.Contains(got, "Referencenummer: "+e.Reference+".") {
		t.Errorf("explained %q", got)
	}
	until(t, "the server's log has the number", func() bool { return strings.Contains(s.log.String(), e.Reference) }) // a pipe brings it
	own := tunnus.Fail(tunnus.CodePINDiff, nil)
	if got := a.Explain(own); !strings.HasPrefix(got, "De to indtastninger er forskellige.") {
		t.Errorf("the phone's own: %q", got)
	}
}
