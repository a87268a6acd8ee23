package restore

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/key/keyshare/row"
)

// A Copy is what of a key is kept at the second place, and what a restore is
// merged with: the key without its server half, and its tries.
type Copy struct {
	Key   row.Key
	Tries []row.Evaluation
}

// CopyOf is what of a key goes to the second place with each write of it: the row
// without the server's half, and the try that was written with it, if any. Of two
// copies the one with the higher Key.Rev is the newer; tries add up, and of one
// try the later [row.Evaluation.State] counts.
func CopyOf(k row.Key, tries ...row.Evaluation) Copy {
	k.SealedHalf = nil
	return Copy{k, tries}
}

// severity orders states by what they allow: of two, the one that allows less wins.
var severity = map[row.State]int{row.Begun: 0, row.Sealed: 1, row.Ready: 2, row.Suspended: 3, row.Held: 4, row.Ended: 5}

// Merge joins what a restored store has of a key with what the second place has,
// so that no protection is lost: the state that allows less, the higher generation
// with its own secrets, the higher counter and the higher counts, all tries of
// both. What is cleared by a right share in either is cleared: both are one
// history, of which one lacks the end. The revision is above both. A key that the
// store does not have has no server half any more, so it has ended.
func Merge(have, other Copy) Copy {
	k := other.Key
	k.SealedHalf = nil
	if have.Key.ID != "" {
		k = mergeKeys(have.Key, other.Key)
	}
	tries := mergeTries(have.Tries, other.Tries)
	if n := len(tries); n > 0 {
		k.LastSeq = max(k.LastSeq, tries[n-1].Seq)
	}
	k.Rev = max(have.Key.Rev, other.Key.Rev) + 1
	return Copy{stand(k, have.Key), tries}
}

func mergeKeys(a, b row.Key) row.Key {
	out := a
	switch {
	case b.Generation > a.Generation:
		out.Generation, out.Public, out.SealedVOPRF = b.Generation, b.Public, b.SealedVOPRF
		out.Changed, out.ChangedBy, out.Unconfirmed, out.Next = b.Changed, b.ChangedBy, b.Unconfirmed, b.Next
	case b.Generation == a.Generation:
		out.Unconfirmed = max(a.Unconfirmed, b.Unconfirmed)
		if b.Rev > a.Rev {
			out.Next = b.Next
		}
	}
	if b.Counter > a.Counter {
		out.Counter, out.RotatedAt = b.Counter, b.RotatedAt
	}
	if cmp.Or(cmp.Compare(b.Counter, a.Counter), cmp.Compare(b.LastSeq, a.LastSeq)) > 0 {
		out.LastNonce = b.LastNonce
	}
	out.LastSeq = max(a.LastSeq, b.LastSeq)
	out.ClearedSeq = max(a.ClearedSeq, b.ClearedSeq)
	out.LifeCount = max(a.LifeCount, b.LifeCount)
	out.Hardenings = max(a.Hardenings, b.Hardenings)
	if out.Account == "" {
		out.Account = b.Account
	}
	out.DueAt = sooner(a.DueAt, b.DueAt)
	if severity[b.State] > severity[a.State] {
		out.State, out.Reason, out.EndsAt = b.State, b.Reason, b.EndsAt
	} else if b.State == row.Held && a.State == row.Held {
		out.EndsAt = sooner(a.EndsAt, b.EndsAt)
	}
	return out
}

// stand makes a merged key one that may stand. One whose half was assigned, or
// whose generation was made, after what was restored, ends. What the store did not
// know of its account's end is told again.
func stand(k, have row.Key) row.Key {
	signs := severity[k.State] >= severity[row.Ready]
	if k.State != row.Ended && (have.ID == "" || signs && len(k.SealedHalf) == 0 || len(k.SealedVOPRF) == 0) {
		k.State, k.Reason, k.EndsAt = row.Ended, row.ReasonLost, time.Time{}
	}
	if k.State == row.Ended {
		k.SealedVOPRF, k.SealedHalf, k.Next = nil, nil, row.Next{}
	}
	if k.State != have.State && (k.State == row.Ended || k.State == row.Held) {
		k.DueAt = k.CreatedAt // at once
	}
	return k
}

// sooner is the earlier of two times, of which zero is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// mergeTries is all tries of both. Of the same one, known by its nonce, the later
// state counts. Where both have another try in one place, the store went on before
// this merge: its own go behind all others, where nothing that is past forgives them.
func mergeTries(have, other []row.Evaluation) []row.Evaluation {
	var out []row.Evaluation
	last := int64(0)
	for _, e := range slices.Concat(other, have) {
		last = max(last, e.Seq)
	}
	for _, e := range slices.Concat(sorted(other), sorted(have)) {
		same := slices.IndexFunc(out, func(o row.Evaluation) bool { return bytes.Equal(o.Nonce, e.Nonce) })
		taken := slices.ContainsFunc(out, func(o row.Evaluation) bool { return o.Seq == e.Seq })
		switch {
		case same >= 0:
			out[same] = laterOf(out[same], e)
			continue
		case taken:
			last++
			e.Seq = last
		}
		out = append(out, e)
	}
	return sorted(out)
}

// progress orders the states of a try as they come; the last two end it, and of
// them the one that stays charged wins.
var progress = map[string]int{row.Reserved: 0, row.Answered: 1, row.Confirmed: 2, row.Misused: 3}

func laterOf(a, b row.Evaluation) row.Evaluation {
	if progress[b.State] > progress[a.State] {
		b.Seq = a.Seq
		return b
	}
	return a
}

func sorted(rows []row.Evaluation) []row.Evaluation {
	return slices.SortedFunc(slices.Values(rows), func(a, b row.Evaluation) int { return cmp.Compare(a.Seq, b.Seq) })
}
