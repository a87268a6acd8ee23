package phrases

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// plurals are the CLDR forms that whole numbers have, by language.
var plurals = map[Language][]string{
	English:    {"one", "other"},
	Estonian:   {"one", "other"},
	Lithuanian: {"few", "one", "other"},
	Latvian:    {"one", "other", "zero"},
	Danish:     {"one", "other"},
	Russian:    {"few", "many", "one", "other"},
}

// ends are the marks with which a sentence may end.
const ends = ".?!:"

// Faults names all that is missing or unlike in the book, sorted by key: a key that
// not every language has, other places than in English, plural forms that are not
// those of the language, words left in English, in two scripts or in the wrong one,
// and marks left of a template. None is the only good answer.
func (b *Book) Faults() []string {
	var out []string
	for _, l := range Languages() {
		for _, key := range b.Keys(l) {
			if !b.Has(English, key) {
				out = append(out, fmt.Sprintf("%s: %s has it, English has not", key, l))
				continue
			}
			for _, f := range unlike(l, b.messages[English][key], b.messages[l][key]) {
				out = append(out, fmt.Sprintf("%s: %s %s", key, l, f))
			}
		}
		for _, key := range b.Keys(English) {
			if !b.Has(l, key) {
				out = append(out, fmt.Sprintf("%s: %s has it not", key, l))
			}
		}
	}
	slices.Sort(out)
	return out
}

// unlike finds the faults of one message in one language.
func unlike(l Language, source, m *i18n.Message) []string {
	var out []string
	have, counted := forms(m), source.One != ""
	want := []string{"other"}
	if counted {
		want = plurals[l]
	}
	for _, form := range want {
		if have[form] == "" {
			out = append(out, "has not the form "+form)
		}
	}
	for form, text := range have {
		if !slices.Contains(want, form) {
			out = append(out, "has a form "+form+" that nothing asks for")
		}
		if l != English && (text == source.Other || text == source.One) {
			out = append(out, "is left in English")
		}
		if !slices.Equal(places(text), places(source.Other)) {
			out = append(out, fmt.Sprintf("has the places %q, English %q", places(text), places(source.Other)))
		}
		out = append(out, badly(l, place.ReplaceAllString(text, "1"))...)
		worded := strings.ContainsFunc(place.ReplaceAllString(source.Other, ""), unicode.IsLetter)
		if worded && end(text) != end(source.Other) {
			out = append(out, fmt.Sprintf("ends with %q, English with %q", end(text), end(source.Other)))
		}
	}
	return out
}

// end returns the mark that ends a text, "" if it is none.
func end(text string) string {
	if last := text[len(text)-1:]; strings.Contains(ends, last) {
		return last
	}
	return ""
}

// badly finds what no text of a language may look like; its places are filled.
func badly(l Language, text string) []string {
	var out []string
	if strings.ContainsAny(text, "{}<>\n\t") {
		out = append(out, "has marks of a template or a page, or a line end")
	}
	if strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
		out = append(out, "has spaces that nobody sees")
	}
	cyrillic := false
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		latin, own := strings.ContainsFunc(word, isLatin), strings.ContainsFunc(word, isCyrillic)
		cyrillic = cyrillic || own
		switch {
		case latin && own:
			out = append(out, fmt.Sprintf("writes %q in two scripts", word))
		case own && l != Russian:
			out = append(out, fmt.Sprintf("writes %q in Cyrillic", word))
		case latin && l == Russian && strings.ToUpper(word) != word:
			out = append(out, fmt.Sprintf("writes %q in Latin", word))
		}
	}
	if l == Russian && !cyrillic && strings.ContainsFunc(text, unicode.IsLetter) {
		out = append(out, "has no word of its own")
	}
	return out
}

func isLatin(r rune) bool    { return unicode.Is(unicode.Latin, r) }
func isCyrillic(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }
