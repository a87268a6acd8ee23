package say

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

var zone = time.FixedZone("EET", 2*3600)

func speaker(t testing.TB, l phrases.Language) phrases.Speaker {
	t.Helper()
	b, err := phrases.Codes()
	if err != nil {
		t.Fatal(err)
	}
	return b.In(l)
}

func TestExplain(t *testing.T) {
	until := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	fromServer := tunnus.Fail(tunnus.CodeDocExpired, nil)
	fromServer.Public, fromServer.Reference, fromServer.Ways = "Sõna-sõnalt serverilt.", "7K3QZ-M2XWA", []string{"document", "no-such-way"}
	own := func(c tunnus.Code) *tunnus.Error { return tunnus.Fail(c, errors.New("cause")) }
	tests := []struct {
		name string
		l    phrases.Language
		err  error
		want string
	}{
		{"the app's own, in its language", phrases.Estonian, own(tunnus.CodePINDiff), "Sisestatud PIN-koodid on erinevad. Palun sisestage kaks korda sama PIN-kood. [pin-diff]"},
		{"with a note", phrases.Danish, own(tunnus.CodePINWeak).WithNote("pin-year", ""), "Denne PIN-kode kan ikke bruges. Vælg venligst en anden. Den er et årstal. [pin-weak]"},
		{"wrapped", phrases.English, fmt.Errorf("app: %w", own(tunnus.CodePINDiff)), "The two entries differ. Please type the same PIN twice. [pin-diff]"},
		{"the server's words as they come", phrases.Danish, fromServer, "Sõna-sõnalt serverilt. Andre muligheder: med et andet dokument. [doc-expired] Referencenummer: 7K3QZ-M2XWA."},
		{"tries left", phrases.Russian, own(tunnus.CodePINWrong).WithLeft(2), "Неверный PIN. Пожалуйста, попробуйте ещё раз. Осталось 2 попытки. [pin-wrong]"},
		{"a lock", phrases.English, own(tunnus.CodePINLock1).WithLeft(0).WithUntil(until), "Wrong PIN too often: locked for three hours. Please try again after that. Locked until 4 May 2026 at 14:00 (EET). [pin-lock-1]"},
		{"a time to wait", phrases.Latvian, own(tunnus.CodeOTPResends).WithUntil(until), "Pašlaik vairāk kodu nosūtīt nevar. Lūdzu, izmantojiet jaunāko kodu vai gaidiet līdz norādītajam laikam. Atkal varēs mēģināt 2026. gada 4. maijā plkst. 14:00 (EET). [otp-resends]"},
		{"a field", phrases.Lithuanian, own(tunnus.CodeFormMismatch).WithField("given_names"), "Įrašyti duomenys skiriasi nuo dokumento duomenų. Prašome rašyti tiksliai taip, kaip išspausdinta. Laukas: given names. [form-mismatch]"},
		{"no code", phrases.Latvian, errors.New("line: the line to the server is broken"), "the line to the server is broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Explain(speaker(t, tt.l), tt.err, zone); got != tt.want {
				t.Errorf("%q\nwant %q", got, tt.want)
			}
		})
	}
}

// Whatever a server sends, the terminal is told one printable line.
func TestAServerCannotSteerTheTerminal(t *testing.T) {
	evil := "a\x1b]0;owned\x07\x1b[2J\r\nb\u202e" + strings.Repeat("A", 1<<20)
	evil += strings.Repeat(" ! b", 1<<18)
	e := tunnus.Fail(tunnus.CodeDocExpired, nil).WithField(evil).WithLeft(1)
	e.Code, e.Public, e.Reference, e.Ways = tunnus.Code(evil), evil, evil, []string{evil}
	got := Explain(speaker(t, phrases.English), e, zone)
	if len(got) > 4000 || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%d bytes: %.300q", len(got), got)
	}
}
