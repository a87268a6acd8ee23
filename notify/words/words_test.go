package words

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/notify/sms"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

func writer(t testing.TB) *Writer {
	t.Helper()
	w, err := New("tunnus-demo", sms.Fits)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var at = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func code(language, device string) Letter {
	return Letter{Kind: "otp", Language: language, Purpose: "new", Device: device, Code: "402817", Life: 5 * time.Minute, At: at}
}

func TestNothingIsMissing(t *testing.T) {
	for _, fault := range writer(t).book.Faults() {
		t.Error(fault)
	}
}

// A message with a code has one part, names purpose and device, and begins with the code.
func TestCodeMessageFits(t *testing.T) {
	w := writer(t)
	for _, l := range phrases.Languages() {
		for _, device := range []string{"Pixel 8", "Samsung Galaxy S24 Ultra", "", strings.Repeat("Very Long Model ", 10), strings.Repeat("длинная модель ", 10), "Телефон ÕÄÖÜ"} {
			text, err := w.Write(code(string(l), device))
			if err != nil || !sms.Fits(text.SMS) || !strings.HasPrefix(text.SMS, "402817") {
				t.Errorf("%s, %q: %v, %q", l, device, err, text.SMS)
			}
			whole := device == "Pixel 8" || device == "Samsung Galaxy S24 Ultra" && l != phrases.Russian // whose letters have no plain form
			if whole && !strings.Contains(text.SMS, device) {
				t.Errorf("%s: no device: %q", l, text.SMS)
			}
		}
	}
}

// Codes are in no subject, and in no letter but theirs.
func TestWhereCodesStand(t *testing.T) {
	w := writer(t)
	for _, key := range w.book.Keys(phrases.English) {
		kind, is := strings.CutSuffix(key, ".subject")
		if !is {
			continue
		}
		for _, l := range phrases.Languages() {
			letter := code(string(l), "Pixel 8")
			letter.Kind, letter.About = kind, "o…@example.org"
			text, err := w.Write(letter)
			if err != nil || text.Mail == "" || text.SMS == "" || strings.Contains(text.Subject, "402817") {
				t.Errorf("%s, %s: %v, %+v", kind, l, err, text)
			}
			if has := strings.Contains(text.Mail, "402817") && strings.Contains(text.SMS, "402817"); has != (kind == "otp") {
				t.Errorf("%s, %s: code %t", kind, l, has)
			}
			if !sms.Fits(text.SMS) {
				t.Errorf("%s, %s: more than one part: %q", kind, l, text.SMS)
			}
			if strings.Contains(text.Mail+text.SMS+text.Subject, "<no value>") || strings.Contains(text.Mail, "\n\n\n") {
				t.Errorf("%s, %s: %q", kind, l, text.Mail)
			}
		}
	}
	if _, err := w.Write(Letter{Kind: "nothing"}); err == nil {
		t.Error("a letter of no kind was written")
	}
}

// Who has to take new pictures reads until when, in the mail and in the message, and for
// which case.
func TestPicturesAreAskedForUntil(t *testing.T) {
	w := writer(t)
	for _, l := range phrases.Languages() {
		text, err := w.Write(Letter{Kind: "review-pictures", Language: string(l), Device: "Pixel 8", At: at, About: "7K3QZ-M2XWA"})
		const until = "2026-11-22 12:00 UTC"
		if err != nil || !strings.Contains(text.Mail, until) || !strings.Contains(text.SMS, until) || !strings.Contains(text.Mail, "7K3QZ-M2XWA") {
			t.Errorf("%s: %v, %+v", l, err, text)
		}
		if !sms.Fits(text.SMS) || strings.Contains(text.Mail, "Pixel") {
			t.Errorf("%s: %q, %q", l, text.SMS, text.Mail)
		}
	}
}

func TestLinkStandsInTheMail(t *testing.T) {
	l := Letter{Kind: "account-new", Language: "et", Device: "Pixel 8", At: at, Link: "https://id.example/notme/abc"}
	text, err := writer(t).Write(l)
	if err != nil || !strings.Contains(text.Mail, l.Link) || !strings.Contains(text.Mail, "2026-11-22 12:00 UTC") {
		t.Errorf("%v, %q", err, text.Mail)
	}
}

// Nothing that a phone claims becomes a link, a line, or more than forty characters.
func TestDeviceSpeaksThroughNoLetter(t *testing.T) {
	for claimed, want := range map[string]string{
		"Pixel 8":                        "Pixel 8",
		"http://evil.example/x?y=1":      "http evilexample xy1",
		"a\r\nBcc: eve@example.org":      "a Bcc eveexampleorg",
		"{{.code}} <b>":                  "code b",
		"\u202egnirts":                   "gnirts",
		"":                               "",
		strings.Repeat("x", 100):         strings.Repeat("x", 40),
		"call +372 5550000 (really), or": "call +372 5550000 (really) or",
	} {
		if got := Device(claimed); got != want {
			t.Errorf("%q became %q", claimed, got)
		}
	}
}

// Marks are taken off, Cyrillic stays.
func TestPlain(t *testing.T) {
	for text, want := range map[string]string{"Jūsų kodas – õäöü „šž“…": `Jusu kodas - oaou "sz"...`, "йод, ёлка": "йод, ёлка"} {
		if got := Plain(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// Whatever a phone claims, a code message has one part, one line and one code.
func FuzzCodeMessage(f *testing.F) {
	w := writer(f)
	f.Add("Pixel 8", uint8(0))
	f.Add("Модель {{.N}}\x00", uint8(5))
	digits := regexp.MustCompile(`^402817\b`)
	f.Fuzz(func(t *testing.T, device string, n uint8) {
		l := phrases.Languages()[int(n)%6]
		text, err := w.Write(code(fmt.Sprint(l), device))
		if err != nil || !sms.Fits(text.SMS) || !digits.MatchString(text.SMS) || strings.ContainsAny(text.SMS, "\r\n") {
			t.Errorf("%v, %q", err, text.SMS)
		}
	})
}
