package tunnus

import (
	"errors"
	"fmt"
	"time"
)

// An Error is safe to show: all but Cause, which is for the log, may reach the
// caller. It is made by [Fail] alone.
type Error struct {
	Code   Code
	Public string     // in plain sentences, no identifiers of a person
	Note   Note       // the last of them, as a key that other languages have too
	Left   *int       // tries that are left, if that may be told
	Until  *time.Time // when a lock ends
	Field  string     // which field of a request is meant
	Cause  error      // nil if there is nothing more to say

	// Said by another process that refused; "" and nil of what fails here.
	Reference string   // number under which it stands in that one's log
	Ways      []string // other ways that are open, in words for machines
}

// Fail makes the error for one code, with the sentence that [Code.Sentence]
// gives it. Each code is raised in one place of the program (checked by a test).
func Fail(c Code, cause error) *Error {
	return &Error{Code: c, Public: c.Sentence(), Cause: cause}
}

// WithLeft adds the number of tries that are left.
func (e *Error) WithLeft(n int) *Error { e.Left = &n; return e }

// WithUntil adds the time at which a lock ends.
func (e *Error) WithUntil(t time.Time) *Error { t = t.UTC(); e.Until = &t; return e }

// WithField names the field of the request that is meant.
func (e *Error) WithField(name string) *Error { e.Field = name; return e }

// Error implements error, for logs.
func (e *Error) Error() string {
	if e.Cause == nil {
		return string(e.Code)
	}
	return fmt.Sprintf("%s: %v", e.Code, e.Cause)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf reports err's code: "" for nil, [CodeInternal] for an error that carries none.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// Conflict is the failure of a step that is not open now, or of a write whose
// ground has moved: somebody else was faster.
func Conflict(cause error) *Error { return Fail(CodeStateConflict, cause) }

// BadRequest is the failure of a field that cannot be what it says.
func BadRequest(field string, cause error) *Error {
	return Fail(CodeBadRequest, cause).WithField(field)
}

// NotFound is the failure of an identifier that the caller has no claim to, or
// that does not exist: the two look alike.
func NotFound(cause error) *Error { return Fail(CodeNotFound, cause) }
