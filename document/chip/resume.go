package chip

import (
	"bytes"

	"github.com/tunnus-id/tunnus/document/lds"
)

// A part is the file in which a reading was broken off.
type part struct {
	group   int // 0: none
	content []byte
	stuck   int // readings that were lost here, one behind the other, in a long command
}

// mostStuck is how often a chip may be lost in a long command at one place until
// it gets short ones: it may have too little power for much at a time.
const mostStuck = 2

// size counts the bytes of what another reading can go on with.
func (r Reading) size() int {
	n := len(r.part.content)
	for _, g := range r.Groups {
		n += len(g)
	}
	return n
}

// lost notes that the reading was broken off, behind an earlier one.
func (r *Reading) lost(before Reading, long bool) {
	r.part.stuck = 0
	if long && r.size() <= before.size() {
		r.part.stuck = before.part.stuck + 1
	}
}

// of returns the reading if it is of the same document and access as the one that
// has begun, else nothing: the document is what its security object says, and who
// was let in by a weaker way must not bring files into a better one.
func (r Reading) of(now Reading) Reading {
	a, b := r.Access, now.Access
	if !bytes.Equal(r.SOD, now.SOD) || a.Protocol != b.Protocol || !a.Method.OID.Equal(b.Method.OID) ||
		a.Method.Domain != b.Method.Domain || !bytes.Equal(a.CardAccess, b.CardAccess) {
		return Reading{}
	}
	return r
}

// fits reports whether a file is the one that the security object lists. Only
// files of an earlier reading are looked at like this: what is read now is for the
// verifier to judge.
func fits(signed lds.SecurityObject, group int, file []byte) bool {
	if file == nil || !signed.Hash.Available() {
		return false
	}
	h := signed.Hash.New()
	h.Write(file)
	return bytes.Equal(h.Sum(nil), signed.Groups[group])
}
