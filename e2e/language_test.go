package e2e

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// A phone that speaks Danish is refused in Danish, with a reference number by
// which the log of the server tells the cause; what the phone refuses by itself it
// says in Danish too.
func TestRefusalSpeaksTheLanguageOfThePhone(t *testing.T) {
	s := start(t)
	h := s.newHolder("eve")
	h.typed["surname"] = []string{"SOMEBODY"}
	v, err := vault.Open(filepath.Join(s.dir, "danish.phone"), tunnus.NewSecret([]byte("passphrase")))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	a, err := app.New(app.Config{
		Vault: v, Server: s.url, Client: s.http, Screen: h, Body: h, Clock: tunnus.SystemClock{},
		Claim: line.Claim{Version: "0.1.0", OS: "linux", OSVersion: "6"}, Language: phrases.Danish,
	})
	if err != nil {
		t.Fatal(err)
	}
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
	if got := a.Explain(err); !strings.Contains(got, "Referencenummer: "+e.Reference+".") || !strings.Contains(s.log.String(), e.Reference) {
		t.Errorf("explained %q; log %s", got, s.log)
	}
	own := tunnus.Fail(tunnus.CodePINDiff, nil)
	if got := a.Explain(own); !strings.HasPrefix(got, "De to indtastninger er forskellige.") {
		t.Errorf("the phone's own: %q", got)
	}
}
