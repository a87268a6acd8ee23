package lock

import (
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Phase says whom a ledger charges.
type Phase string

// The phases of a registration, as the ledger sees them.
const (
	Proof     Phase = "proof"     // until the chip has proved itself: the device pays
	Judgement Phase = "judgement" // after it: the document pays
)

// Rules are the numbers of one phase.
type Rules struct {
	Phase   Phase
	Release string // the software that charges: what an incident is declared for
	Ladder  tunnus.Ladder
	Forget  time.Duration // earlier locks are forgotten after so long without a failure
	Grace   time.Duration // from the last step to the permanent row
	Life    time.Duration // a charge without verdict is a failure after so long

	// Copyable is the one lock that documents may get which prove no presence:
	// so many failures, so long, and no other within CopyableEvery (L2).
	Copyable      tunnus.Rung
	CopyableEvery time.Duration

	// Notes within NoteWindow make one counted failure ("counts when repeated").
	Notes      int
	NoteWindow time.Duration

	VoidEvery time.Duration // at most one void in so long (L5)
}

// A Condition is what a ledger says about the next attempt.
type Condition string

// The conditions. All but Free refuse.
const (
	Free    Condition = "free"
	Timed   Condition = "timed"
	Pending Condition = "permanent_pending" // the last step was reached; an incident of ours could still void it
	Forever Condition = "permanent"
)

// A State is the value of a fold over a ledger at one time.
type State struct {
	Condition Condition
	Until     time.Time // end of Timed, or of Pending, when it becomes Forever
	Left      int       // counted failures until the next lock
	Attempt   string    // the open attempt, "" if there is none
	Copyable  bool      // whether that one was charged as copyable

	// CopyableLeft is Left for a document that could be a copy. Review tells
	// that it has used up its lock: machines must not judge it any more for now.
	CopyableLeft int
	Review       bool

	voided time.Time
}

// Locked reports whether the state refuses attempts.
func (s State) Locked() bool { return s.Condition != Free }

// Fold works out where a ledger stands now. It reads and writes nothing.
func (r Rules) Fold(entries []Entry, now time.Time) State {
	return r.fold(entries, r.voided(entries), now)
}

// voided marks the entries that an incident has voided; nil if none has.
func (r Rules) voided(entries []Entry) (ours []bool) {
	for i, e := range entries {
		if e.Kind == Incident {
			ours = r.void(entries[:i], ours, e)
		}
	}
	return ours
}

func (r Rules) fold(entries []Entry, ours []bool, now time.Time) State {
	f := folding{rules: r}
	for i, e := range entries {
		f.lapse(e.At)
		if i >= len(ours) || !ours[i] {
			f.take(e)
		}
	}
	f.lapse(now)
	return f.state(now)
}

// concerns reports whether an incident would void anything more.
func (r Rules) concerns(entries []Entry, incident Entry) bool {
	before := r.voided(entries)
	for i, now := range r.void(entries, before, incident) {
		if now && (i >= len(before) || !before[i]) {
			return true
		}
	}
	return false
}

// void marks what an incident voids of the entries before it, beside what others
// have voided: those of its release, of its time, and of the grace before it. A
// ledger that was not Pending at that moment has nothing to be voided: before the
// last step time heals, and after the grace nothing does.
func (r Rules) void(entries []Entry, ours []bool, incident Entry) []bool {
	if r.fold(entries, ours, incident.At).Condition != Pending {
		return ours
	}
	ours = append(slices.Clone(ours), make([]bool, len(entries)-len(ours))...)
	attempts := map[string]bool{}
	for i, e := range entries {
		charge := e.Kind == Charged || e.Kind == Noted
		if charge && e.Release == incident.Release && e.Release != "" &&
			!e.At.Before(incident.From) && e.At.Before(incident.Until) && e.At.After(incident.At.Add(-r.Grace)) {
			ours[i] = true
			attempts[e.Attempt] = e.Kind == Charged
		} else if attempts[e.Attempt] && e.Kind != Charged && e.Kind != Noted && e.Attempt != "" {
			ours[i] = true // its verdict
		}
	}
	return ours
}

// folding is the fold under way.
type folding struct {
	rules    Rules
	standing tunnus.Standing
	failedAt time.Time // the last counted failure on the ladder
	lastStep time.Time // when the last step was reached
	settled  bool
	open     Entry // Attempt "" if none is
	notes    []time.Time
	voided   time.Time

	copyFailures int
	copyFailedAt time.Time
	copyLockedAt time.Time
}

// lapse closes an attempt whose time is over: it got no verdict, so it failed.
func (f *folding) lapse(now time.Time) {
	if f.open.Attempt == "" || now.Before(f.open.At.Add(f.rules.Life)) {
		return
	}
	f.fail(f.open.At.Add(f.rules.Life), f.open.Copyable)
	f.open = Entry{}
}

func (f *folding) take(e Entry) {
	switch e.Kind {
	case Charged:
		if f.open.Attempt != "" { // the ledger closes it first; two open ones must not be a way out
			f.fail(e.At, f.open.Copyable)
		}
		f.open = e
	case Noted:
		f.note(e)
	case Permanent:
		f.settled = true
	case Passed, Succeeded, Failed, Lapsed, Voided:
		if f.open.Attempt == e.Attempt {
			f.close(e)
		}
	}
}

func (f *folding) close(e Entry) {
	copyable := f.open.Copyable
	f.open = Entry{}
	switch e.Kind {
	case Failed, Lapsed:
		f.fail(e.At, copyable)
	case Succeeded:
		f.standing.Failures, f.copyFailures, f.notes = 0, 0, nil
	case Voided:
		f.voided = e.At
	}
}

func (f *folding) note(e Entry) {
	var recent []time.Time
	for _, at := range f.notes {
		if e.At.Sub(at) < f.rules.NoteWindow {
			recent = append(recent, at)
		}
	}
	f.notes = append(recent, e.At)
	if f.rules.Notes > 0 && len(f.notes) >= f.rules.Notes {
		f.notes = nil
		f.fail(e.At, e.Copyable)
	}
}

// fail counts one failure.
func (f *folding) fail(at time.Time, copyable bool) {
	if copyable {
		f.failCopyable(at)
		return
	}
	f.standing = f.remembered(at)
	was := f.standing.Permanent
	f.standing = f.rules.Ladder.Fail(f.standing, at)
	f.failedAt = at
	if f.standing.Permanent && !was {
		f.lastStep = at
	}
}

// failCopyable counts a failure of a document that proves no presence. Whoever
// has its data, and not the document, must not be able to lock it for long.
func (f *folding) failCopyable(at time.Time) {
	if at.Sub(f.copyFailedAt) > f.rules.CopyableEvery {
		f.copyFailures = 0
	}
	f.copyFailedAt = at
	f.copyFailures++
	if f.copyFailures >= f.rules.Copyable.Failures && !f.copyLockUsed(at) {
		f.copyLockedAt = at
		f.copyFailures = 0
	}
}

func (f *folding) copyLockUsed(now time.Time) bool {
	return !f.copyLockedAt.IsZero() && now.Before(f.copyLockedAt.Add(f.rules.CopyableEvery))
}

// remembered is the standing without what is forgotten by now.
func (f *folding) remembered(now time.Time) tunnus.Standing {
	if !f.standing.Permanent && now.Sub(f.failedAt) > f.rules.Forget {
		return tunnus.Standing{}
	}
	return f.standing
}

func (f *folding) state(now time.Time) State {
	standing := f.remembered(now)
	s := State{
		Condition: Free,
		Left:      f.rules.Ladder.Left(standing),
		Attempt:   f.open.Attempt,
		Copyable:  f.open.Copyable,
		Review:    f.copyLockUsed(now) && f.copyFailures >= f.rules.Copyable.Failures,
		voided:    f.voided,

		CopyableLeft: max(0, f.rules.Copyable.Failures-f.copyFailures),
	}
	copyUntil := f.copyLockedAt.Add(f.rules.Copyable.Lock)
	switch permanentAt := f.lastStep.Add(f.rules.Grace); {
	case f.settled, standing.Permanent && !now.Before(permanentAt):
		s.Condition, s.Left = Forever, 0
	case standing.Permanent:
		s.Condition, s.Until = Pending, permanentAt
	case standing.Locked(now):
		s.Condition, s.Until = Timed, standing.LockedUntil
	case !f.copyLockedAt.IsZero() && now.Before(copyUntil):
		s.Condition, s.Until = Timed, copyUntil
	}
	return s
}
