package row

import (
	"errors"

	"github.com/tunnus-id/tunnus"
)

// maxMoved bounds how often a step is tried whose rows keep moving.
const maxMoved = 4

// ErrMoved says that a row changed between reading and writing it: the step is
// judged anew from the rows as they are now.
var ErrMoved = errors.New("row: somebody else was faster")

// Moved turns a store's conflict into [ErrMoved].
func Moved(err error) error {
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return ErrMoved
	}
	return err
}

// Settled runs a step until its rows hold still. again is false the first time.
// The loser of a race reads again, finds the stored answer if the request was the
// same, and never takes what has become stale meanwhile for a copy's (K14).
func Settled[T any](step func(again bool) (T, error)) (T, error) {
	for i := range maxMoved {
		v, err := step(i > 0)
		if !errors.Is(err, ErrMoved) {
			return v, err
		}
	}
	var none T
	return none, tunnus.Conflict(ErrMoved)
}
