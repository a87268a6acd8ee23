package row

import (
	"errors"
	"time"
)

// Limits of a PIN change, and of hardening before a blob exists.
const (
	MaxHardenings = 5                // evaluations for sealing a blob
	HardenTime    = 15 * time.Minute // how long after the proof of the old PIN
)

// errHardened says that a blob is not hardened any more.
var errHardened = errors.New("row: the time for hardening is over")

// Harden charges a hardening of the PIN to come; again says that it is the newest
// one once more, which was charged. It counts for the key's life: whoever has
// copied the phone in the middle of a change gets no guess for nothing.
func (k Key) Harden(body []byte, now time.Time) (out Key, again bool, err error) {
	if k.Next.Hardenings > 0 && string(k.Next.Hardened) == string(body) {
		return k, true, nil
	}
	if k.Next.Hardenings >= MaxHardenings || k.LifeCount >= MaxLife || now.Sub(k.Next.Since) >= HardenTime {
		return k, false, errHardened
	}
	k.Next.Hardenings++
	k.Next.Hardened = body
	k.LifeCount++
	if k.LifeCount >= MaxLife {
		k.DueAt = now.Add(HardenTime) // unless the change is confirmed
	}
	return k, false, nil
}

// Turn puts the next generation in the place of the one that lives, whose secrets
// go with it. The one hardening that led to the new blob is not counted; others
// are what the new generation begins with.
func (k Key) Turn(nonce, body []byte, now time.Time) Key {
	n := k.Next
	k.Generation++
	k.Public, k.SealedVOPRF = n.Public, n.SealedVOPRF
	k.ChangedBy, k.Changed = n.Change, body
	k.Next = Next{}
	k.LifeCount--
	k.Unconfirmed = n.Hardenings - 1
	k.Counter++
	k.RotatedAt = now
	k.LastNonce = nonce
	return k
}
