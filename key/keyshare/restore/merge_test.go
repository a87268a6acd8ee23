package restore

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"pgregory.net/rapid"
)

func at(minutes int) time.Time {
	return time.Unix(1_800_000_000, 0).UTC().Add(time.Duration(minutes) * time.Minute)
}

// history draws what happened to a key, one row after each write; the tries that
// the row goes with are those up to its LastSeq, in their state of then.
func history(rt *rapid.T) []Copy {
	k := row.Key{
		ID: "k", Rev: 1, State: row.Ready, Generation: 1, Counter: 1, CreatedAt: at(0), SealedVOPRF: []byte{1}, SealedHalf: []byte{2},
	}
	var tries []row.Evaluation
	out := []Copy{{k, nil}}
	for i := range rapid.IntRange(1, 20).Draw(rt, "writes") {
		k.Rev++
		switch rapid.SampledFrom([]string{"try", "try", "right", "turn", "hold", "end"}).Draw(rt, "write") {
		case "try":
			k.LastSeq, k.Counter, k.LastNonce = k.LastSeq+1, k.Counter+1, fmt.Append(nil, i)
			k.Unconfirmed, k.LifeCount = k.Unconfirmed+1, k.LifeCount+1
			tries = append(slices.Clone(tries), row.Evaluation{Key: "k", Seq: k.LastSeq, Generation: k.Generation, Nonce: k.LastNonce, State: row.Answered, At: at(i)})
		case "right":
			if n := len(tries); n > 0 && tries[n-1].State == row.Answered {
				tries = slices.Clone(tries)
				tries[n-1].State = row.Confirmed
				k = k.Forgive(tries[n-1].Seq)
			}
		case "turn":
			k.Next = row.Next{Public: []byte{9}, SealedVOPRF: fmt.Append(nil, "g", k.Generation+1), Hardenings: 1}
			k.LifeCount++
			k = k.Turn(nil, nil, at(i))
		case "hold":
			if k.State == row.Ready {
				k.State, k.Reason, k.EndsAt, k.DueAt = row.Held, row.ReasonCopy, at(i+1000), at(i)
			}
		case "end":
			k.State, k.Reason, k.SealedVOPRF, k.SealedHalf, k.EndsAt, k.DueAt = row.Ended, "closed", nil, nil, time.Time{}, at(i)
		}
		out = append(out, Copy{k, tries})
		if k.State == row.Ended {
			break
		}
	}
	return out
}

// A backup merged with the second place is the key as it was at the end, whatever
// was lost: nothing of it is weaker, and merging again changes nothing.
func TestMergeByProperty(t *testing.T) {
	ladder := tunnus.Ladder{{Failures: 3, Lock: 3 * time.Hour}, {Failures: 3, Permanent: true}}
	rapid.Check(t, func(rt *rapid.T) {
		all := history(rt)
		backup := all[rapid.IntRange(0, len(all)-1).Draw(rt, "backup")]
		end := all[len(all)-1]
		second := CopyOf(end.Key, end.Tries...)
		got := Merge(backup, second)
		k, want := got.Key, end.Key
		if k.State != want.State || k.Generation != want.Generation || !bytes.Equal(k.SealedVOPRF, want.SealedVOPRF) ||
			k.Counter != want.Counter || k.ClearedSeq != want.ClearedSeq || k.LastSeq != want.LastSeq || !bytes.Equal(k.LastNonce, want.LastNonce) {
			rt.Fatalf("merged %+v; want %+v", k, want)
		}
		if k.LifeCount < want.LifeCount || k.Unconfirmed < want.Unconfirmed || k.Rev <= want.Rev || k.Rev <= backup.Key.Rev {
			rt.Fatalf("counts %d, %d, revision %d; were %d, %d, %d", k.LifeCount, k.Unconfirmed, k.Rev, want.LifeCount, want.Unconfirmed, want.Rev)
		}
		if fold := func(c Copy) tunnus.Standing {
			return row.Fold(ladder, slices.DeleteFunc(slices.Clone(c.Tries), func(e row.Evaluation) bool { return e.Seq <= c.Key.ClearedSeq }))
		}; fold(got) != fold(end) {
			rt.Fatalf("on the ladder at %+v; was at %+v", fold(got), fold(end))
		}
		if (k.State == row.Held || k.State == row.Ended) && k.DueAt.IsZero() {
			rt.Fatal("nobody is told of it")
		}
		again := Merge(got, second)
		again.Key.Rev = got.Key.Rev
		if fmt.Sprint(again) != fmt.Sprint(got) {
			rt.Fatalf("merged again: %+v; was %+v", again, got)
		}
	})
}

// A store that went on before the merge loses no try by it: its own go behind all
// others, where nothing that is past forgives them.
func TestMergeOfTwoBranches(t *testing.T) {
	try := func(seq int64, nonce, state string) row.Evaluation {
		return row.Evaluation{Key: "k", Seq: seq, Nonce: []byte(nonce), State: state}
	}
	base := row.Key{ID: "k", State: row.Ready, Generation: 1, SealedVOPRF: []byte{1}, SealedHalf: []byte{2}}
	have, second := base, base
	have.LastSeq, second.LastSeq, second.ClearedSeq = 2, 3, 3
	got := Merge(
		Copy{have, []row.Evaluation{try(1, "a", row.Answered), try(2, "ours", row.Answered)}},
		CopyOf(second, try(1, "a", row.Misused), try(2, "b", row.Answered), try(3, "c", row.Confirmed)),
	)
	want := []row.Evaluation{try(1, "a", row.Misused), try(2, "b", row.Answered), try(3, "c", row.Confirmed), try(4, "ours", row.Answered)}
	if fmt.Sprint(got.Tries) != fmt.Sprint(want) || got.Key.LastSeq != 4 || got.Key.ClearedSeq != 3 {
		t.Errorf("%v, last %d, cleared %d", got.Tries, got.Key.LastSeq, got.Key.ClearedSeq)
	}
}

// What was made after the backup has no server half, or no VOPRF key: it has ended.
func TestMergeOfWhatIsLost(t *testing.T) {
	ready := row.Key{ID: "k", Rev: 4, State: row.Ready, Generation: 2, SealedVOPRF: []byte{1}, SealedHalf: []byte{2}, CreatedAt: at(0)}
	sealed := ready
	sealed.State, sealed.SealedHalf, sealed.Generation = row.Sealed, nil, 1
	bare := ready
	bare.SealedVOPRF, bare.Generation = nil, 3
	for name, tt := range map[string][2]Copy{
		"key":        {{}, CopyOf(ready)},
		"half":       {{Key: sealed}, CopyOf(ready)},
		"generation": {{Key: ready}, CopyOf(bare)},
	} {
		k := Merge(tt[0], tt[1]).Key
		if k.State != row.Ended || k.Reason != row.ReasonLost || k.DueAt != at(0) || k.SealedVOPRF != nil || k.SealedHalf != nil {
			t.Errorf("%s: %s (%s), due %s", name, k.State, k.Reason, k.DueAt)
		}
	}
}

// The second place never holds the server's half.
func TestCopyOf(t *testing.T) {
	if c := CopyOf(row.Key{ID: "k", SealedHalf: []byte{1}}); c.Key.SealedHalf != nil {
		t.Error("the server's half is in the copy")
	}
}

func TestEpoch(t *testing.T) {
	e := Epoch{at(1), at(3)}
	for minute, want := range map[int]bool{0: false, 1: true, 2: true, 3: false} {
		if e.Open(at(minute)) != want {
			t.Errorf("open at %d: %v", minute, !want)
		}
	}
	if (Epoch{}).Open(at(0)) {
		t.Error("no epoch is open")
	}
}
