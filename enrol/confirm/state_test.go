package confirm

import (
	"testing"

	"github.com/tunnus-id/tunnus"
)

func TestAfter(t *testing.T) {
	want := map[State]string{ // one letter an event, in the order of Events: the state it leads to, or a dot
		Asked:    "C.R.L",
		Claimed:  "CARDL",
		Answered: ".....",
		Refused:  ".....",
		Disputed: ".....",
		Lapsed:   ".....",
	}
	letter := map[State]byte{Asked: 'Q', Claimed: 'C', Answered: 'A', Refused: 'R', Disputed: 'D', Lapsed: 'L'}
	for _, s := range States() {
		for i, e := range Events() {
			to, err := s.After(e)
			if w := want[s][i]; w == '.' {
				if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
					t.Errorf("%s after %s is %s, %v; want state-conflict", s, e, to, err)
				}
			} else if err != nil || letter[to] != w {
				t.Errorf("%s after %s is %s, %v; want %c", s, e, to, err, w)
			}
		}
		if s.Over() != (want[s] == ".....") {
			t.Errorf("%s: Over = %v", s, s.Over())
		}
	}
}
