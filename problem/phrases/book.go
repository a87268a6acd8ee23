package phrases

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Values are what is put into a message, by the name of the place; each goes
// through [Clean].
type Values map[string]string

// A Book is a set of messages in all languages. It may be used by several at once.
type Book struct {
	voices   map[Language]*i18n.Localizer
	messages map[Language]map[string]*i18n.Message
}

//go:embed active.*.json
var files embed.FS

// Codes opens the book of the failure codes. It takes some milliseconds: open it
// once and hand it on.
func Codes() (*Book, error) { return Open(files) }

// Open reads active.en.json … active.ru.json; all six must be there. That they
// agree is not looked at here: see [Book.Faults].
func Open(dir fs.FS) (*Book, error) {
	bundle := i18n.NewBundle(language.English)
	b := &Book{voices: map[Language]*i18n.Localizer{}, messages: map[Language]map[string]*i18n.Message{}}
	for _, l := range Languages() {
		name := fmt.Sprintf("active.%s.json", l)
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("phrases: %w", err)
		}
		file, err := bundle.ParseMessageFileBytes(text, name)
		if err != nil {
			return nil, fmt.Errorf("phrases: %s: %w", name, err)
		}
		b.messages[l] = map[string]*i18n.Message{}
		for _, m := range file.Messages {
			if b.messages[l][m.ID] != nil {
				return nil, fmt.Errorf("phrases: %s: %s stands twice", name, m.ID)
			}
			b.messages[l][m.ID] = m
		}
	}
	for _, l := range Languages() {
		b.voices[l] = i18n.NewLocalizer(bundle, string(l))
	}
	return b, nil
}

// Keys lists the keys that the book has in a language, sorted.
func (b *Book) Keys(l Language) []string { return slices.Sorted(maps.Keys(b.messages[l])) }

// Has reports whether the book has a key in a language.
func (b *Book) Has(l Language, key string) bool { return b.messages[l][key] != nil }

// Say says a message: in English if the language has it not, "" if English has
// not either. A place for which no value is given stays empty.
func (b *Book) Say(l Language, key string, v Values) string { return b.say(l, key, v, nil) }

// Count says a message in the plural form of n, which is put in as {{.N}}.
func (b *Book) Count(l Language, key string, n int, v Values) string { return b.say(l, key, v, &n) }

func (b *Book) say(l Language, key string, v Values, n *int) string {
	if !b.Has(l, key) {
		l = English
	}
	m := b.messages[l][key]
	if m == nil {
		return ""
	}
	data := map[string]string{}
	for _, form := range forms(m) {
		for _, name := range places(form) {
			data[name] = Clean(v[name])
		}
	}
	c := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	if n != nil {
		c.PluralCount, data["N"] = *n, fmt.Sprint(*n)
	}
	text, err := b.voices[l].Localize(c)
	if err != nil {
		return "" // a form that is not there, or no template: Faults tells it
	}
	return text
}

// place is where a value is put in.
var place = regexp.MustCompile(`\{\{\.([A-Za-z]+)\}\}`)

// places lists the names of the places of a text, sorted, each once.
func places(text string) []string {
	var out []string
	for _, m := range place.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// forms lists the plural forms that a message has, by their names.
func forms(m *i18n.Message) map[string]string {
	all := map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other}
	maps.DeleteFunc(all, func(_, text string) bool { return text == "" })
	return all
}

// maxValue is how much of a value is said, in characters.
const maxValue = 200

// Clean makes a value fit to be shown anywhere: on a page, in a terminal, in a
// line of a log. What is not printable is dropped (line ends, escapes, marks that
// turn the direction of writing), and so are the marks of HTML and of templates;
// what is too long is cut.
func Clean(value string) string {
	var out strings.Builder
	n := 0
	for i, r := range value {
		if n == maxValue || i > 4*maxValue {
			out.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) || r == utf8.RuneError || strings.ContainsRune("<>{}`", r) {
			continue
		}
		out.WriteRune(r)
		n++
	}
	return out.String()
}
