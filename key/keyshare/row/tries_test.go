package row

import (
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"pgregory.net/rapid"
)

var ladder = tunnus.Ladder{{Failures: 3, Lock: 3 * time.Hour}, {Failures: 3, Lock: 24 * time.Hour}, {Failures: 3, Permanent: true}}

func at(minutes int) time.Time {
	return time.Unix(1_800_000_000, 0).UTC().Add(time.Duration(minutes) * time.Minute)
}

// The caps of K6: where each begins, what a PIN change is still served, and when
// the end is due.
func TestChargeAtTheCaps(t *testing.T) {
	for _, tt := range []struct {
		name             string
		generation, life int
		change           bool
		code             tunnus.Code
		due              bool
	}{
		{name: "new"},
		{name: "29 of a generation", generation: 29, life: 29},
		{name: "30 of a generation", generation: 30, life: 30, code: tunnus.CodePINWorn},
		{name: "30 of a generation, for a PIN change", generation: 30, life: 30, change: true},
		{name: "58 of a life", generation: 1, life: 58},
		{name: "59 of a life", generation: 1, life: 59, due: true},
		{name: "59 of a life, for a PIN change", generation: 40, life: 59, change: true, due: true},
	} {
		k := Key{ID: "k", Unconfirmed: tt.generation, LifeCount: tt.life}
		got, e, err := k.Charge(ladder, nil, Evaluation{At: at(0)}, tt.change)
		if tunnus.CodeOf(err) != tt.code || got.DueAt.IsZero() == tt.due {
			t.Errorf("%s: %v, due %s", tt.name, err, got.DueAt)
		}
		if err == nil && (got.Unconfirmed != tt.generation+1 || got.LifeCount != tt.life+1 || e.Seq != 1 || e.State != Reserved) {
			t.Errorf("%s: charged %d, %d", tt.name, got.Unconfirmed, got.LifeCount)
		}
	}
	for _, change := range []bool{false, true} {
		if _, _, err := (Key{LifeCount: MaxLife}).Charge(ladder, nil, Evaluation{At: at(0)}, change); !errors.Is(err, ErrEnds) {
			t.Errorf("60 of a life, for a change %v: %v", change, err)
		}
	}
}

// Counts are what was charged less what was followed by its own share, whatever
// comes in whatever order; success takes back its own try and no other (K5, K6).
func TestCountsByProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := Key{ID: "k", Generation: 1}
		var rows []Evaluation
		charged, confirmed := 0, 0
		for i := range rapid.IntRange(1, 80).Draw(rt, "steps") {
			after := rows[min(int(k.ClearedSeq), len(rows)):]
			next, e, err := k.Charge(ladder, after, Evaluation{At: at(i * 2000)}, rapid.Bool().Draw(rt, "change"))
			if err != nil {
				if left := (charged - confirmed); left < MaxGeneration && !Fold(ladder, after).Permanent {
					rt.Fatalf("refused after %d: %v", left, err)
				}
				return
			}
			k, charged = next, charged+1
			e.State = Answered
			rows = append(rows, e)
			if rapid.IntRange(0, 2).Draw(rt, "right") == 2 {
				rows[len(rows)-1].State = Confirmed
				k, confirmed = k.Forgive(e.Seq), confirmed+1
			}
			if k.Unconfirmed != charged-confirmed || k.LifeCount != charged-confirmed || k.LifeCount > MaxLife {
				rt.Fatalf("%d, %d counted; %d charged, %d confirmed", k.Unconfirmed, k.LifeCount, charged, confirmed)
			}
		}
	})
}

func TestUsable(t *testing.T) {
	for _, tt := range []struct {
		state  State
		reason string
		code   tunnus.Code
	}{
		{Ready, "", ""},
		{Begun, "", tunnus.CodeStateConflict},
		{Sealed, "", tunnus.CodeStateConflict},
		{Suspended, "lost", tunnus.CodeKeyUnusable},
		{Held, ReasonCopy, tunnus.CodeAccCloned},
		{Ended, ReasonCopy, tunnus.CodeAccCloned},
		{Ended, ReasonPIN, tunnus.CodePINLockPerm},
		{Ended, ReasonFactor, tunnus.CodeKeyUnusable},
	} {
		if err := (Key{State: tt.state, Reason: tt.reason}).Usable(); tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s (%s): %v", tt.state, tt.reason, err)
		}
	}
}

// A new generation begins with the hardenings that led to nothing, and has none of
// the old one's secrets.
func TestTurn(t *testing.T) {
	k := Key{
		ID: "k", Generation: 1, Counter: 7, Unconfirmed: 30, LifeCount: 33, Public: []byte("old"), SealedVOPRF: []byte("old"),
		Next: Next{Change: "t", Public: []byte("new"), SealedVOPRF: []byte("new"), Hardenings: 3},
	}
	got := k.Turn([]byte("n"), []byte("b"), at(1))
	if got.Generation != 2 || got.Counter != 8 || got.Unconfirmed != 2 || got.LifeCount != 32 || string(got.Public) != "new" ||
		string(got.SealedVOPRF) != "new" || got.Next.Change != "" || got.ChangedBy != "t" {
		t.Errorf("turned to %+v", got)
	}
}
