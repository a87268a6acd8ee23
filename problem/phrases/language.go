package phrases

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// A Language is one that tunnus speaks, as its ISO 639-1 code.
type Language string

// The languages.
const (
	English    Language = "en"
	Estonian   Language = "et"
	Lithuanian Language = "lt"
	Latvian    Language = "lv"
	Danish     Language = "da"
	Russian    Language = "ru"
)

// Languages lists all, English first: it is the source, and what is spoken where
// nothing else is asked for.
func Languages() []Language {
	return []Language{English, Estonian, Lithuanian, Latvian, Danish, Russian}
}

// maxAccept is how much is read of an Accept-Language, in bytes.
const maxAccept = 512

// Spoken are languages by their names, such as a scheme file has them.
func Spoken(names []string) (all []Language) {
	for _, n := range names {
		all = append(all, Language(n))
	}
	return all
}

// Accept returns the language that a request asks for first among those that are
// spoken (RFC 9110 §12.5.4, lookup as RFC 4647 §3.4); header are the values of its
// Accept-Language. If none fits, or nothing can be made of the header, it is
// English, or the first of spoken where English is not spoken. Of a header that is
// too long, the beginning is read. A language does not stand for its neighbours:
// nobody who asks for Norwegian is answered in Danish.
func Accept(header []string, spoken []Language) Language {
	usual := English
	if len(spoken) > 0 && !slices.Contains(spoken, English) {
		usual = spoken[0]
	}
	asked := strings.Join(header, ",")
	if len(asked) > maxAccept {
		asked = asked[:maxAccept]
		asked = asked[:max(strings.LastIndexByte(asked, ','), 0)]
	}
	tags, _, err := language.ParseAcceptLanguage(asked)
	if err != nil {
		return usual
	}
	for _, t := range tags { // the heaviest first, those of weight 0 left out
		if base, sure := t.Base(); sure == language.Exact && slices.Contains(spoken, Language(base.String())) {
			return Language(base.String())
		}
	}
	return usual
}

// Locale returns the language of a locale's name, such as "et_EE.UTF-8", or of a
// language tag; English if it is none of ours.
func Locale(name string) Language {
	end := strings.IndexFunc(name, func(r rune) bool { return r < 'a' || r > 'z' })
	if end >= 0 {
		name = name[:end]
	}
	if slices.Contains(Languages(), Language(name)) {
		return Language(name)
	}
	return English
}
