package storetest

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/sweep"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

// sitting makes a session with a value in every field that is a plain one.
func sat(id string) sitting.Session {
	return sitting.Session{
		ID: id, Device: "device", Route: way.Route{Way: way.Desk, Purpose: way.Renew, Minor: true}, Revision: "desk/1", State: way.Open, Why: tunnus.CodeFaceNoMatch,
		Claim: scheme.Claim{App: "1.0.0", OS: "linux", OSVersion: "6", Model: "Ö"},
		Facts: way.Facts{
			"terms":   {Mark: way.Attested, At: check.At(1), Revision: "passport/1", Detail: map[string]string{"version": "1"}},
			"consent": {Mark: way.Attested, At: check.At(2)},
		},
		Challenges: 2, ChallengeAt: check.At(3), Document: "document", Copyable: true, Attempts: 1, Attempt: "attempt", Captures: 2,
		Account: "account", LoginKey: "login", SignKey: "sign", Replaces: "older", Vouched: "other", Transaction: "txn",
		Due: check.At(300), CreatedAt: check.At(0), ExpiresAt: check.At(1800), Payload: []byte{0, 0xff},
	}
}

// Enrolments tests an implementation of [sitting.Store], over one database with
// an [account.Store].
func Enrolments(t *testing.T, fresh func(t *testing.T) check.Fixture[EnrolPorts]) {
	t.Run("keeps a session whole", func(t *testing.T) {
		f := fresh(t)
		v := sat("s")
		check.Must(t, "Commit", f.Port().Commit(t.Context(), sitting.Change{Session: v, Events: check.Event("enrol.start", "s")}))
		v.Rev = 1
		f.Reopen()
		got, err := f.Port().Session(t.Context(), "s")
		check.Whole(t, "Session", got, err, v)
		ended := sitting.Session{ID: "s", Rev: 1, Route: v.Route, State: way.Expired}
		check.Must(t, "Commit", f.Port().Commit(t.Context(), sitting.Change{Session: ended, Events: check.Event("enrol.end", "s")}))
		ended.Rev = 2
		got, err = f.Port().Session(t.Context(), "s")
		check.Same(t, "Session, ended", got, err, ended)
		check.Events(t, f, "s", "enrol.start", "enrol.end")
		_, err = f.Port().Session(t.Context(), "other")
		check.Code(t, "another session", err, tunnus.CodeNotFound)
	})
	t.Run("commit needs the revision", func(t *testing.T) {
		f := fresh(t)
		for rev := range int64(2) {
			check.One(t, "Commit", func(i int) error {
				v := sat("s")
				v.Rev = rev
				letters := []otp.Letter{{ID: fmt.Sprint(rev, "-", i)}}
				return f.Port().Commit(t.Context(), sitting.Change{Session: v, Letters: letters, Events: check.Event("enrol.fact", "s")})
			})
		}
		check.Events(t, f, "s", "enrol.fact", "enrol.fact")
		if n := f.Letters(); n != 2 {
			t.Errorf("%d letters wait; want 2", n)
		}
	})
	t.Run("all of a change or nothing", func(t *testing.T) { wholeChange(t, fresh(t)) })
	t.Run("lists what is overdue", func(t *testing.T) { overdue(t, fresh(t)) })
	t.Run("finds the latest of a device", func(t *testing.T) { latest(t, fresh(t)) })
	t.Run("nothing sealed is left in an ended session", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Commit", f.Port().Commit(t.Context(), sitting.Change{Session: sat("s")}))
		check.Refused(t, f, "UPDATE enrol_session SET state = 'done'", "UPDATE enrol_session SET state = 'asleep'")
	})
}

// EnrolPorts is an [sitting.Store] and the accounts that it writes too.
type EnrolPorts struct {
	sitting.Store
	Accounts   account.Store
	Containers container.Store
}

func wholeChange(t *testing.T, f check.Fixture[EnrolPorts]) {
	a, waiting := anAccount(t, "a", 0), signedContainer("a", 1)
	change := sitting.Change{
		Session: sat("s"), Account: &a, Container: &waiting, Letters: []otp.Letter{{ID: "letter"}}, Events: check.Event("enrol.issued", "s"),
	}
	check.Must(t, "Commit", f.Port().Commit(t.Context(), change))
	a.Rev = 1
	got, err := f.Port().Accounts.Get(t.Context(), "a")
	check.Same(t, "account", got, err, a)
	waiting.Rev = 1
	kept, err := f.Port().Containers.Container(t.Context(), "a")
	check.Same(t, "container", kept, err, waiting)

	again := signedContainer("a", 2)
	stale, device, made := a, anAccount(t, "b", 0), anAccount(t, "c", 0)
	stale.Rev, device.Device, made.Device = 7, a.Device, "another"
	for what, bad := range map[string]sitting.Change{
		"a stale account":          {Account: &stale},
		"a taken device":           {Account: &device},
		"a second container":       {Container: &again},
		"a letter sent twice":      {Letters: []otp.Letter{{ID: "letter"}}},
		"a voucher that has moved": {Account: &made, Voucher: &stale},
		"a voucher of nowhere":     {Account: &made, Voucher: &device},
	} {
		bad.Session, bad.Events = sat("s"), check.Event("enrol.bad", "s")
		bad.Session.Rev, bad.Session.Attempts = 1, 9
		check.Code(t, what, f.Port().Commit(t.Context(), bad), tunnus.CodeStateConflict)
	}
	v := sat("s")
	v.Rev = 1
	session, err := f.Port().Session(t.Context(), "s")
	check.Same(t, "session", session, err, v)
	check.Events(t, f, "s", "enrol.issued")
	check.Must(t, "Commit by the word of another", f.Port().Commit(t.Context(), sitting.Change{Session: v, Account: &made, Voucher: &a}))
	got, err = f.Port().Accounts.Get(t.Context(), "a") // whoever vouches is not changed by it
	check.Same(t, "voucher", got, err, a)
}

// latest: the newest session of a device is found that has not ended badly, but by its time.
func latest(t *testing.T, f check.Fixture[EnrolPorts]) {
	for id, v := range map[string]sitting.Session{
		"first": {Device: "d", State: way.Parked, CreatedAt: check.At(1)}, "second": {Device: "d", State: way.Open, CreatedAt: check.At(2)},
		"ended": {Device: "d", State: way.Refused, CreatedAt: check.At(3)}, "undoing": {Device: "d", State: way.Undoing, CreatedAt: check.At(4)},
		"other": {Device: "e", State: way.Open, CreatedAt: check.At(5)}, "over": {Device: "x", State: way.Expired, CreatedAt: check.At(6)},
		"made": {Device: "y", State: way.Done, CreatedAt: check.At(7)},
		"slow": {Device: "z", State: way.Expired, Why: tunnus.CodeSesTimeout, CreatedAt: check.At(8)}, "slower": {Device: "z", State: way.Undoing, Why: tunnus.CodeSesTimeout, CreatedAt: check.At(9)},
	} {
		v.ID, v.Route = id, way.Route{Way: way.IDCard, Purpose: way.New}
		check.Must(t, id, f.Port().Commit(t.Context(), sitting.Change{Session: v}))
	}
	got, err := f.Port().Latest(t.Context(), "d")
	check.Same(t, "the newest", got.ID, err, "second")
	got, err = f.Port().Latest(t.Context(), "y")
	check.Same(t, "that is done", got.ID, err, "made")
	got, err = f.Port().Latest(t.Context(), "z")
	check.Same(t, "that has run out of time", got.ID, err, "slower")
	_, err = f.Port().Latest(t.Context(), "x")
	check.Code(t, "of a device whose session has ended badly", err, tunnus.CodeNotFound)
}

func overdue(t *testing.T, f check.Fixture[EnrolPorts]) {
	for id, v := range map[string]sitting.Session{
		"late": {State: way.Open, Due: check.At(20)}, "later": {State: way.Open, Due: check.At(10)}, "later2": {State: way.Open, Due: check.At(10)},
		"early": {State: way.Open, Due: check.At(21)}, "done": {State: way.Done, Due: check.At(5)},
		"chip": {State: way.Open, Due: check.At(20), Document: "d"}, "chip-early": {State: way.Open, Due: check.At(21), Document: "d"},
		"planned": {State: way.Open, Due: check.At(19), Document: "d", Account: "a"}, "parked": {State: way.Parked, Due: check.At(18), Document: "d"},
		"waiting": {State: way.Parked, Due: check.At(21), Document: "d"},
		"undoing": {State: way.Undoing, Due: check.At(90), Document: "d", Account: "a"},
		"refused": {State: way.Refused, Due: check.At(5)}, "expired": {State: way.Expired, Due: check.At(5), Account: "a"},
	} {
		v.ID, v.Route = id, way.Route{Way: way.IDCard, Purpose: way.New}
		check.Must(t, id, f.Port().Commit(t.Context(), sitting.Change{Session: v}))
	}
	rest := []sweep.Place{{Due: check.At(10), ID: "later"}, {Due: check.At(10), ID: "later2"}, {Due: check.At(20), ID: "late"}}
	holding := []sweep.Place{{Due: check.At(18), ID: "parked"}, {Due: check.At(19), ID: "planned"}, {Due: check.At(20), ID: "chip"}, {Due: check.At(90), ID: "undoing"}}
	for holds, want := range map[bool][]sweep.Place{true: holding, false: rest} {
		got, err := f.Port().Overdue(t.Context(), check.At(20), holds, sweep.Place{}, 10)
		check.Same(t, fmt.Sprintf("Overdue, holds %v", holds), got, err, want)
		got, err = f.Port().Overdue(t.Context(), check.At(20), holds, sweep.Place{}, 1)
		check.Same(t, "Overdue, one", got, err, want[:1])
		got, err = f.Port().Overdue(t.Context(), check.At(20), holds, want[0], 10)
		check.Same(t, "Overdue, behind the first", got, err, want[1:])
		got, err = f.Port().Overdue(t.Context(), check.At(20), holds, want[len(want)-1], 10)
		check.Same(t, "Overdue, behind the last", got, err, want[len(want):])
	}
}
