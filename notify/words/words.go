// Package words holds the words of letters, in the six languages: what mails and
// text messages say about codes and accounts.
//
// A letter names what happened, on which device and when, and how to say "not me".
// It names no person and carries no personal code. A code stands in the text of a
// mail and not in its subject, which shows on locked screens and in logs of mail
// servers. A text message has one part where that is possible, and one with a code
// always: letters lose their marks (õ to o) and then the device its end, before
// anything else is lost.
//
// The files are go-i18n's, as package phrases reads them; [phrases.Book.Faults] is
// their test. To add a kind of letter: two keys, `kind.subject` and `kind`, in all six.
package words

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/tunnus-id/tunnus/problem/phrases"
)

//go:embed active.*.json
var files embed.FS

// Files are the messages, for the tests and tools that look at them.
func Files() fs.FS { return files }

// A Letter is what has to be said.
type Letter struct {
	Kind     string // "otp", or one that the files have
	Language string // such as "et"; another one than the six is English
	Purpose  string // of a code: a key such as "new", or words of ours
	Device   string // model that a phone claims; cleaned before it is shown
	Code     string
	Life     time.Duration // of the code
	At       time.Time     // when it happened, or when an appointment is
	About    string        // a date, a masked contact, the number of a case
	Link     string        // where one tap says "not me"
}

// A Text is a letter in words.
type Text struct {
	Subject, Mail string
	SMS           string // of one part if it fits
}

// A Writer writes letters of one scheme.
type Writer struct {
	book   *phrases.Book
	scheme string
	fits   func(text string) bool
}

// New makes a writer. The scheme's name begins every subject and message; fits tells
// whether a text message is of one part.
func New(scheme string, fits func(text string) bool) (*Writer, error) {
	b, err := phrases.Open(files)
	return &Writer{b, scheme, fits}, err
}

// Write writes a letter. It fails for a kind that the files do not have.
func (w *Writer) Write(l Letter) (Text, error) {
	if !w.book.Has(phrases.English, l.Kind+".subject") {
		return Text{}, fmt.Errorf("words: no letter of kind %q", l.Kind)
	}
	in := phrases.Language(l.Language)
	if !slices.Contains(phrases.Languages(), in) {
		in = phrases.English
	}
	if l.Device = Device(l.Device); l.Device == "" {
		l.Device = w.book.Say(in, "device.unknown", nil)
	}
	if key := "purpose." + l.Purpose; w.book.Has(phrases.English, key) {
		l.Purpose = w.book.Say(in, key, nil)
	}
	t := Text{Subject: w.scheme + ": " + w.book.Say(in, l.Kind+".subject", nil)}
	if l.Kind == "otp" {
		t.Mail, t.SMS = w.codeMail(in, l), w.codeSMS(in, l)
		return t, nil
	}
	t.Mail, t.SMS = w.notice(in, l)
	return t, nil
}

// values are what the messages may name.
func (w *Writer) values(l Letter) phrases.Values {
	return phrases.Values{
		"code": l.Code, "purpose": l.Purpose, "device": l.Device, "about": l.About, "link": l.Link, "scheme": w.scheme,
		"time": l.At.UTC().Format("2006-01-02 15:04 MST"),
	}
}

func (w *Writer) codeMail(in phrases.Language, l Letter) string {
	say := func(key string) string { return w.book.Say(in, key, w.values(l)) }
	minutes := max(int(l.Life.Round(time.Minute)/time.Minute), 1)
	return strings.Join([]string{
		say("otp.code"),
		say("purpose") + "\n" + say("device"),
		say("otp.device") + " " + w.book.Count(in, "otp.life", minutes, nil),
		say("otp.warning"),
		say("otp.nothing"),
	}, "\n\n") + "\n"
}

// codeSMS writes a message that has one part, whatever device and language.
func (w *Writer) codeSMS(in phrases.Language, l Letter) string {
	for n := maxDevice; ; n-- {
		l.Device = cut(l.Device, n)
		text := w.book.Say(in, "otp.sms", w.values(l))
		if plain := Plain(text); !w.fits(text) && w.fits(plain) {
			text = plain
		}
		if w.fits(text) || n == 0 {
			return text
		}
	}
}

// notice writes a letter about an account.
func (w *Writer) notice(in phrases.Language, l Letter) (mail, sms string) {
	say := func(key string) string { return w.book.Say(in, key, w.values(l)) }
	not := "not-me"
	if l.Kind == "account-ward" { // it is about somebody else
		not = "ward"
	}
	line, details, last := say(l.Kind), say("device")+"\n"+say("time"), say(not)
	switch {
	case strings.HasPrefix(l.Kind, "appointment-") || strings.HasPrefix(l.Kind, "review-"):
		details, last = say("reference"), ""
	case l.Link != "":
		last = say(not + ".link")
	}
	mail = strings.TrimSpace(strings.Join([]string{line, details, last}, "\n\n")) + "\n"
	for _, text := range []string{line + " " + last, Plain(line + " " + last), line, Plain(line)} {
		if sms = strings.TrimSpace(w.scheme + ": " + text); w.fits(sms) {
			return mail, sms
		}
	}
	return mail, Plain(w.scheme + ": " + say(l.Kind+".subject"))
}

// Plain takes the marks off Latin letters, so that a text message can hold more of them.
func Plain(text string) string {
	var out strings.Builder
	latin := false // the letter that a mark belongs to
	for _, r := range norm.NFD.String(text) {
		mark := unicode.Is(unicode.Mn, r)
		if !mark {
			latin = unicode.Is(unicode.Latin, r)
		}
		switch {
		case mark && latin:
		case r == '–' || r == '—':
			out.WriteByte('-')
		case strings.ContainsRune("„“”«»", r):
			out.WriteByte('"')
		case r == '…':
			out.WriteString("...")
		case r == '•':
			out.WriteByte('*')
		default:
			out.WriteRune(r)
		}
	}
	return norm.NFC.String(out.String())
}

const maxDevice = 40

// Device makes the model that a phone claims fit to be shown: letters, digits
// and a few signs, at most 40 characters. Nothing that programs turn into a link
// survives, so that nobody's letter speaks through ours.
func Device(claimed string) string {
	keep := func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-+()", r):
			return r
		case r == '_' || r == '/' || r == ',' || unicode.IsSpace(r):
			return ' '
		}
		return -1
	}
	return cut(strings.Join(strings.Fields(strings.Map(keep, claimed)), " "), maxDevice)
}

// cut keeps the first n characters.
func cut(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return strings.TrimSpace(string(r[:n]))
	}
	return text
}
