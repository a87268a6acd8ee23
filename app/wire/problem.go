package wire

import (
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Problem is a refusal, as application/problem+json.
type Problem struct {
	Code     tunnus.Code `json:"code"`
	Detail   string      `json:"detail"`
	Instance string      `json:"instance"`
	Left     *int        `json:"left"`
	Until    *time.Time  `json:"until"`
	Field    string      `json:"field"`
	Hint     string      `json:"hint"`
	Ways     []string    `json:"ways"`
}

// Failure is the refusal in the server's own words, so that an older app can
// tell a newer code.
func (p Problem) Failure() *tunnus.Error {
	e := &tunnus.Error{
		Code: p.Code, Public: p.Detail, Left: p.Left, Until: p.Until, Field: p.Field, Reference: p.Instance, Ways: p.Ways,
	}
	if hint := (tunnus.Note{Key: "hint-" + p.Hint}); hint.Sentence() != "" { // one that this app knows
		e.Note = hint
	}
	return e
}
