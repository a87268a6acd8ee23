package row

import (
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// Limits of tries (security.md K5, K6).
const (
	WarnAt        = 10               // unconfirmed evaluations of a generation: the holder is warned
	MaxGeneration = 30               // … and nothing but a PIN change is served
	MaxLife       = 60               // unconfirmed evaluations of a key: it ends
	ConfirmTime   = 10 * time.Minute // how long a right PIN is confirmed after its transaction ended
	FlightTime    = 10 * time.Second // how long an unanswered evaluation keeps others out
)

// ErrEnds says that a key's time has come: it is ended, and nothing is evaluated.
var ErrEnds = errors.New("row: wrong PIN too often, the key ends")

// Fold works out where a key stands on the ladder: a failure for each charged
// row, in their order. rows are those after Key.ClearedSeq.
func Fold(l tunnus.Ladder, rows []Evaluation) tunnus.Standing {
	var st tunnus.Standing
	for _, r := range rows {
		if r.State != Confirmed {
			st = l.Fail(st, r.At)
		}
	}
	return st
}

// Tries puts a standing into the words of the message.
func (k Key) Tries(l tunnus.Ladder, st tunnus.Standing, now time.Time) splitkey.Tries {
	t := splitkey.Tries{Left: l.Left(st), Permanent: st.Permanent, Unconfirmed: k.Unconfirmed}
	if st.Locked(now) && !st.Permanent {
		until := st.LockedUntil
		t.Left, t.LockedUntil = 0, &until
	}
	return t
}

// Locked is the refusal of a key that is locked; nil if it is not.
func Locked(st tunnus.Standing, now time.Time) error {
	cause := errors.New("row: locked after wrong PINs")
	switch {
	case !st.Locked(now):
		return nil
	case st.Permanent:
		return Gone(cause)
	case st.Rung <= 1:
		return tunnus.Fail(tunnus.CodePINLock1, cause).WithLeft(0).WithUntil(st.LockedUntil)
	}
	return tunnus.Fail(tunnus.CodePINLock2, cause).WithLeft(0).WithUntil(st.LockedUntil)
}

// worn is the refusal of a PIN that was tried too often.
func worn(k Key) error {
	return tunnus.Fail(tunnus.CodePINWorn, fmt.Errorf("row: %d tries of this generation were never confirmed", k.Unconfirmed))
}

// Charge charges a try, e, which gets its place: commit 1. rows are those after
// Key.ClearedSeq; change says that the try is for a PIN change, the one thing
// that is served to a PIN that is worn out. It fails with [ErrEnds] if the key
// is to end instead, and with the code of a lock if there is one.
func (k Key) Charge(l tunnus.Ladder, rows []Evaluation, e Evaluation, change bool) (Key, Evaluation, error) {
	st := Fold(l, rows)
	if st.Permanent || k.LifeCount >= MaxLife {
		return k, e, ErrEnds
	}
	if err := Locked(st, e.At); err != nil {
		return k, e, err
	}
	if k.Unconfirmed >= MaxGeneration && !change {
		return k, e, worn(k)
	}
	if n := len(rows); n > 0 && rows[n-1].State == Reserved && e.At.Sub(rows[n-1].At) < FlightTime {
		return k, e, tunnus.Conflict(errors.New("row: another try is under way"))
	}
	k.LastSeq++
	k.LastNonce = e.Nonce
	k.Unconfirmed++
	k.LifeCount++
	if l.Fail(st, e.At).Permanent || k.LifeCount >= MaxLife {
		k.DueAt = e.At.Add(ConfirmTime) // unless its right share comes
	}
	e.Key, e.Seq, e.Generation, e.State = k.ID, k.LastSeq, k.Generation, Reserved
	return k, e, nil
}

// Good says whether a share may be judged for a try: one of this transaction and
// generation, answered, and not used up. After the transaction's end it is good
// for ten minutes (K5). The cause of a refusal is returned, nil if it is good;
// used says that a wrong share has used the try up.
func (e Evaluation) Good(k Key, t Transaction, now time.Time) (cause error, used bool) {
	switch {
	case e.Transaction != t.ID || e.Generation != k.Generation:
		return errors.New("row: the try was for another transaction"), false
	case e.State == Misused:
		return errors.New("row: the try was used up by a wrong share"), true
	case e.State != Answered:
		return fmt.Errorf("row: the try is %s", e.State), false
	case t.Over(now) && now.Sub(e.At) > ConfirmTime:
		return errors.New("row: the transaction is over"), false
	}
	return nil, false
}

// Forgive is the key once the right share of a try came: that try was no failure,
// and those before it are forgiven on the ladder. What was never followed by its
// own share stays counted, for the generation and for life (K6).
func (k Key) Forgive(seq int64) Key {
	k.Unconfirmed--
	k.LifeCount--
	k.ClearedSeq = max(k.ClearedSeq, seq)
	return k
}

// Undue takes the end back that was due, if the standing after a right share
// allows it.
func (k Key) Undue(st tunnus.Standing) Key {
	if !st.Permanent && k.LifeCount < MaxLife {
		k.DueAt = time.Time{}
	}
	return k
}
