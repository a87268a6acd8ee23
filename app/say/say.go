// Package say tells a failure to whoever holds the phone: in the words of the
// server that refused, or in the app's own where the app did, in one language.
package say

import (
	"errors"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// Explain says a failure in the words that a person is shown: what happened and
// what to do, which field is meant, how many tries are left, when a lock ends, which
// other ways are open, the code, and the reference number if there is one. Times
// are told in zone. Nothing that a terminal could take for more than text is left
// in it.
func Explain(s phrases.Speaker, err error, zone *time.Location) string {
	e, ok := errors.AsType[*tunnus.Error](err)
	if !ok {
		return plainly(err)
	}
	says := []string{sentence(s, e)}
	if e.Field != "" {
		says = append(says, s.Field(strings.ReplaceAll(e.Field, "_", " ")))
	}
	locked := strings.Contains(string(e.Code), "lock")
	if e.Left != nil && (*e.Left > 0 || e.Until == nil && !locked) { // else the lock says it
		says = append(says, s.Left(*e.Left))
	}
	if e.Until != nil {
		says = append(says, s.Until(e.Until.In(zone), locked))
	}
	ways := make([]phrases.Way, len(e.Ways))
	for i, w := range e.Ways {
		ways[i] = phrases.Way(w)
	}
	says = append(says, s.Ways(ways), "["+phrases.Clean(string(e.Code))+"]")
	if e.Reference != "" {
		says = append(says, s.Reference(e.Reference))
	}
	return strings.Join(strings.Fields(strings.Join(says, " ")), " ")
}

// sentence is what the server has said; what the app says itself, or what was only
// put together from a code, is said in the language of the speaker.
func sentence(s phrases.Speaker, e *tunnus.Error) string {
	own := e.Code.Sentence()
	if note := e.Note.Sentence(); note != "" {
		own += " " + note
	}
	if e.Public == own || e.Public == "" {
		return s.Detail(e)
	}
	words := strings.Fields(e.Public)
	words = words[:min(len(words), maxWords)]
	for i, w := range words {
		words[i] = phrases.Clean(w)
	}
	return strings.Join(words, " ")
}

// maxWords is how much of a server's sentence is shown.
const maxWords = 150

// plainly is an error without the name of the package that it comes from.
func plainly(err error) string {
	text := err.Error()
	for _, of := range []string{"app: ", "line: ", "vault: "} {
		text = strings.TrimPrefix(text, of)
	}
	return text
}
