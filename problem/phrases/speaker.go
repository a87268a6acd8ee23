package phrases

import (
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Speaker tells failures in one language. The zero one knows only what the
// root package says, in English.
type Speaker struct {
	book     *Book
	language Language
}

// In returns the speaker of a language over the book of [Codes].
func (b *Book) In(l Language) Speaker { return Speaker{b, l} }

// Language returns the language; English for the zero speaker.
func (s Speaker) Language() Language {
	if s.book == nil {
		return English
	}
	return s.language
}

// Knows reports whether the speaker has words of its own for a code.
func (s Speaker) Knows(c tunnus.Code) bool {
	return s.book != nil && s.book.Has(s.language, string(c)) && s.book.Has(s.language, string(c)+nextKey)
}

// nextKey is what the key of a code's next step ends with.
const nextKey = ".next"

// Sentence says what happened and what to do now.
func (s Speaker) Sentence(c tunnus.Code) string {
	if !s.Knows(c) {
		return c.Sentence()
	}
	return s.book.Say(s.language, string(c), nil) + " " + s.Next(c)
}

// Next says what to do now; "" if there are no words for it.
func (s Speaker) Next(c tunnus.Code) string {
	if !s.Knows(c) {
		return ""
	}
	return s.book.Say(s.language, string(c)+nextKey, nil)
}

// Detail says a failure: the sentence of its code, and of the note that it carries.
// Nothing else of it is said: neither its cause nor [tunnus.Error.Public].
func (s Speaker) Detail(e *tunnus.Error) string {
	note := tunnus.Note{Key: e.Note.Key, Value: Clean(e.Note.Value)}
	text := note.Sentence()
	if s.Knows(e.Code) {
		text = s.note(note)
	}
	return strings.TrimSpace(s.Sentence(e.Code) + " " + text)
}

// hintKey is what the key of a note begins with that is a hint.
const hintKey = "hint-"

// Hint returns the code of the hint that a note is: what would make a picture of a face
// better. It is "" of any other note.
func Hint(n tunnus.Note) string {
	code, ok := strings.CutPrefix(n.Key, hintKey)
	if !ok || n.Sentence() == "" {
		return ""
	}
	return code
}

// Hint says a hint, by its code; "" if there is no such hint.
func (s Speaker) Hint(code string) string {
	return s.note(tunnus.Note{Key: hintKey + code})
}

// note says the sentence of a note, "" of one that there is not.
func (s Speaker) note(n tunnus.Note) string {
	if text := n.Sentence(); text == "" || s.book == nil {
		return text
	}
	return s.word("note."+n.Key, Values{"value": n.Value})
}

// word says a message of the book, "" if it is not there.
func (s Speaker) word(key string, v Values) string {
	if s.book == nil {
		return ""
	}
	return s.book.Say(s.language, key, v)
}

// Left says how many tries are left.
func (s Speaker) Left(n int) string {
	switch {
	case s.book == nil:
		return ""
	case n <= 0:
		return s.word("left-none", nil)
	}
	return s.book.Count(s.language, "left", n, nil)
}

// Field says which field is meant.
func (s Speaker) Field(name string) string { return s.word("field", Values{"value": name}) }

// Reference says the number under which support finds the case.
func (s Speaker) Reference(ref string) string { return s.word("reference", Values{"value": ref}) }

// Ways says which other ways are open; "" if none is, or none is known.
func (s Speaker) Ways(ways []Way) string {
	var out []string
	for _, w := range ways {
		if text := s.word("way."+string(w), nil); text != "" {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return s.word("ways", Values{"value": strings.Join(out, "; ")})
}

// Until says when a lock ends, in the zone of t, rounded up to the minute; locked
// tells a lock from a mere time to wait.
func (s Speaker) Until(t time.Time, locked bool) string {
	key := "until"
	if locked {
		key = "locked-until"
	}
	return s.word(key, Values{"value": s.Moment(t.Add(time.Minute - 1).Truncate(time.Minute))})
}

// Moment says a date and a time of day as they stand in a sentence after "on", with
// the zone of t: by its short name, or as hours from UTC where it has none.
func (s Speaker) Moment(t time.Time) string {
	return s.word("moment", Values{"date": s.Date(t), "time": t.Format("15:04"), "zone": t.Format("MST")})
}

// Date says a date as it stands in a sentence after "on".
func (s Speaker) Date(t time.Time) string {
	return s.word("date", Values{"year": t.Format("2006"), "month": s.word("month."+t.Format("1"), nil), "day": t.Format("2")})
}

// Wait says a time to wait in its two greatest units, rounded up to the second:
// "2 days 3 hours", "45 seconds".
func (s Speaker) Wait(d time.Duration) string {
	if s.book == nil {
		return ""
	}
	rest := max(int((d+time.Second-1)/time.Second), 1)
	var out []string
	for _, u := range []struct {
		key     string
		seconds int
	}{{"days", 24 * 3600}, {"hours", 3600}, {"minutes", 60}, {"seconds", 1}} {
		n := rest / u.seconds
		rest %= u.seconds
		if n > 0 {
			out = append(out, s.book.Count(s.language, u.key, n, nil))
		}
		if len(out) == 2 || len(out) == 1 && n == 0 {
			break
		}
	}
	return strings.Join(out, " ")
}
