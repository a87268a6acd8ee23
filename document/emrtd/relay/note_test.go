package relay

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
)

// proven is a proof of ada's chip.
func proven(t *testing.T) emrtd.ChipProof {
	t.Helper()
	adas().Reset()
	m := meet(t, adas(), adas().AccessKey(), asItIs)
	if m.kept == nil {
		t.Fatalf("%+v", m)
	}
	return *m.kept
}

func TestNote(t *testing.T) {
	proof := proven(t)
	var n Note
	conflict := func(what string, err error) {
		t.Helper()
		if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			t.Errorf("%s: %v", what, err)
		}
	}
	conflict("no run was opened", n.Keep(Run{}, 0, proof))
	conflict("no run was opened for this challenge", n.Keep(Run{1, 1}, 1, proof))
	first := n.Open(1)
	second := n.Open(1)
	conflict("of two at once, the first", n.Keep(first, 1, proof))
	conflict("for the next challenge", n.Keep(second, 2, proof))
	if err := n.Keep(second, 1, proof); err != nil {
		t.Fatal(err)
	}
	conflict("twice", n.Keep(second, 1, proof))
	var back Note
	if err := json.Unmarshal(must(json.Marshal(n)), &back); err != nil || !reflect.DeepEqual(back, n) {
		t.Errorf("in a row: %+v, %v", back, err)
	}
	if got := n.Take(1); !got.Of(adas().Group(14)) || !reflect.ValueOf(n).IsZero() {
		t.Errorf("taken: %+v; left: %+v", got, n)
	}
	if got := n.Take(1); !got.IsZero() {
		t.Error("it was judged twice")
	}
	if got := back.Take(2); !got.IsZero() {
		t.Error("the proof for another challenge was taken")
	}
}

// What a run has shown is dropped when another is opened, and a run for one challenge
// does not pass for one with the same number for the next.
func TestNoteOfTwoRuns(t *testing.T) {
	proof := proven(t)
	var n Note
	old := n.Open(1)
	if err := n.Keep(old, 1, proof); err != nil {
		t.Fatal(err)
	}
	n.Open(1)
	if got := n.Take(1); !got.IsZero() {
		t.Error("the proof of a run that was begun anew is still there")
	}
	n = Note{}
	if r := n.Open(2); r == old || r.String() != "2/1" {
		t.Errorf("the run is %s", r)
	}
	if tunnus.CodeOf(n.Keep(old, 2, proof)) != tunnus.CodeStateConflict {
		t.Error("a run for the challenge before was taken")
	}
}
