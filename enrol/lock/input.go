package lock

import (
	"crypto/sha256"
	"encoding/hex"
)

// An Input is a digest of what was judged, made by [InputOf]; the zero value is none.
type Input [sha256.Size]byte

// InputOf is the digest of parts in their order. What is new in each answer to a
// challenge must not be among them, or no input would ever be the same.
func InputOf(parts ...[]byte) Input {
	h := sha256.New()
	for _, p := range parts {
		h.Write(number(nil, int64(len(p))))
		h.Write(p)
	}
	return Input(h.Sum(nil))
}

// input is what a ledger remembers of an input. It is keyed, so that nobody can
// test a guess at a picture, and another one in each ledger, so that it joins none.
func (l *Ledger) input(key Key, in Input) string {
	return hex.EncodeToString(l.mac("tunnus/lock/input/v1", string(key), string(in[:])))
}
