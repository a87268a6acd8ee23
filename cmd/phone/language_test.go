package phone

import (
	"errors"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tunnus-id/tunnus"
)

// Every command of the app explains a failure in the language of its flags: those of
// package holder too.
func TestEveryCommandExplainsInItsLanguage(t *testing.T) {
	for _, line := range []string{
		"register", "accounts", "wait", "pin1", "list", "block X", "unblock X", "close", "freeze X", "history", "trust X", "speak et",
		"contact list", "contact add x@example.test", "contact confirm X 1", "contact remove X",
	} {
		var cli struct {
			App Command `cmd:""`
		}
		parser, err := kong.New(&cli, kong.Vars{"app_state": "none"})
		if err != nil {
			t.Fatal(err)
		}
		k, err := parser.Parse(append(strings.Fields("app "+line), "--lang", "ru"))
		if err != nil {
			t.Fatal(line, err)
		}
		e := tunnus.Fail(tunnus.CodeNotFound, errors.New("cause"))
		e.Reference = "6HFXZ-YMPYX"
		if got := Explain(k, e); !strings.HasPrefix(got, "Здесь такого нет.") || !strings.HasSuffix(got, "Номер обращения: 6HFXZ-YMPYX.") {
			t.Errorf("%s: %q", line, got)
		}
	}
}
