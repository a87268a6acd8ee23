// Package desktest holds what every implementation of the ports of staff, review,
// desks, appointments and incidents must do.
package desktest

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/roster"
	"github.com/tunnus-id/tunnus/staff/support"
	"github.com/tunnus-id/tunnus/store/storetest/check"
)

func member(id string) staff.Member {
	return staff.Member{
		ID: id, Roles: []staff.Role{staff.Agent, staff.Reviewer}, Key: []byte{1, 2}, Mark: "of " + id, Counter: 0,
		AddedAt: check.At(1), EndedAt: time.Time{},
	}
}

// Staff tests an implementation of [roster.Store].
func Staff(t *testing.T, fresh func(t *testing.T) check.Fixture[roster.Store]) {
	t.Run("keeps members whole", func(t *testing.T) {
		f := fresh(t)
		_, err := f.Port().Member(t.Context(), "a")
		check.Code(t, "Member of none", err, tunnus.CodeNotFound)
		want := member("a")
		check.Must(t, "SaveMember", f.Port().SaveMember(t.Context(), want, check.Event("staff.add", "staff/a")))
		check.Must(t, "Count", f.Port().Count(t.Context(), "a", 7))
		f.Reopen()
		want.Rev, want.Counter = 1, 7
		got, err := f.Port().Member(t.Context(), "a")
		check.Same(t, "Member", got, err, want)
		want.EndedAt = check.At(5)
		check.Must(t, "SaveMember", f.Port().SaveMember(t.Context(), want, check.Event("staff.end", "staff/a")))
		want.Rev = 2
		got, err = f.Port().Member(t.Context(), "a")
		check.Whole(t, "an ended one", got, err, want)
		check.Must(t, "SaveMember", f.Port().SaveMember(t.Context(), member("B"), nil))
		all, err := f.Port().Members(t.Context())
		if len(all) != 2 || err != nil {
			t.Errorf("Members = %v, %v", all, err)
		}
		check.Events(t, f, "staff/a", "staff.add", "staff.end")
		check.Code(t, "an old revision", f.Port().SaveMember(t.Context(), member("a"), check.Event("staff.add", "staff/a")), tunnus.CodeStateConflict)
		check.Events(t, f, "staff/a", "staff.add", "staff.end")
	})
	t.Run("a person works under one ID at a time, and is known under all", func(t *testing.T) {
		f := fresh(t)
		first, second := member("a"), member("b")
		second.Mark = first.Mark
		check.Must(t, "SaveMember", f.Port().SaveMember(t.Context(), first, nil))
		check.Code(t, "SaveMember under two IDs", f.Port().SaveMember(t.Context(), second, check.Event("staff.add", "staff/b")), tunnus.CodeStateConflict)
		check.Events(t, f, "staff/b")
		first.Rev, first.EndedAt = 1, check.At(3)
		check.Must(t, "SaveMember", f.Port().SaveMember(t.Context(), first, nil))
		check.Must(t, "SaveMember when the first has ended", f.Port().SaveMember(t.Context(), second, nil))
		check.Must(t, "SaveMember of another", f.Port().SaveMember(t.Context(), member("c"), nil))
		same, err := f.Port().ByMark(t.Context(), first.Mark)
		if err != nil || len(same) != 2 || same[0].ID != "a" || same[1].ID != "b" {
			t.Errorf("ByMark = %v, %v", same, err)
		}
	})
	t.Run("a counter rises, once a value, and not for who has ended", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "SaveMember", f.Port().SaveMember(t.Context(), member("a"), nil))
		check.One(t, "Count", func(int) error { return f.Port().Count(t.Context(), "a", 5) })
		for _, n := range []int64{5, 4} {
			check.Code(t, "Count of no more", f.Port().Count(t.Context(), "a", n), tunnus.CodeStateConflict)
		}
		check.Code(t, "Count of none", f.Port().Count(t.Context(), "b", 9), tunnus.CodeStateConflict)
		m := member("a")
		m.Rev, m.EndedAt = 1, check.At(3)
		check.Must(t, "SaveMember", f.Port().SaveMember(t.Context(), m, nil))
		check.Code(t, "Count of one who has ended", f.Port().Count(t.Context(), "a", 9), tunnus.CodeStateConflict)
	})
}

// SupportPorts are ports over one database.
type SupportPorts struct {
	support.Store
	support.Findings
}

// Support tests implementations of [support.Store] and [support.Findings].
func Support(t *testing.T, fresh func(t *testing.T) check.Fixture[SupportPorts]) {
	t.Run("counts looks by member and time", func(t *testing.T) { looks(t, fresh(t)) })
	t.Run("a consent is taken once", func(t *testing.T) { consents(t, fresh(t)) })
	t.Run("keeps findings whole, and lists those that wait, oldest first", func(t *testing.T) { findings(t, fresh(t)) })
}

func looks(t *testing.T, f check.Fixture[SupportPorts]) {
	look := func(member string, second int, accounts ...string) int {
		t.Helper()
		rows := []support.LookUp{{Member: member, Case: "C", At: check.At(second)}}
		for _, a := range accounts {
			rows = append(rows, support.LookUp{Account: a, Member: member, Case: "C", At: check.At(second)})
		}
		n, err := f.Port().LookedUp(t.Context(), rows, check.At(2), check.Event("staff.look", "staff/"+member))
		check.Must(t, "LookedUp", err)
		return n
	}
	look("a", 1, "x")
	look("b", 2, "x")
	if n := look("a", 2, "x", "y"); n != 1 {
		t.Errorf("first look since the second = %d", n)
	}
	if n := look("a", 3); n != 2 {
		t.Errorf("second look = %d", n)
	}
	f.Reopen()
	got, err := f.Port().LookUps(t.Context(), "y", 10)
	check.Same(t, "LookUps", got, err, []support.LookUp{{Account: "y", Member: "a", Case: "C", At: check.At(2)}})
	if got, err := f.Port().LookUps(t.Context(), "x", 2); len(got) != 2 || err != nil || got[1].At != check.At(2) {
		t.Errorf("LookUps of x = %v, %v", got, err)
	}
	if got, err := f.Port().LookUps(t.Context(), "", 9); len(got) != 0 || err != nil {
		t.Errorf("LookUps of no account = %v, %v", got, err)
	}
	if n, err := f.Port().LookedUp(t.Context(), nil, check.At(0), check.Event("staff.alarm", "staff/a")); n != 0 || err != nil {
		t.Errorf("LookedUp of nothing = %d, %v", n, err)
	}
	check.Events(t, f, "staff/a", "staff.look", "staff.look", "staff.look", "staff.alarm")
}

func consents(t *testing.T, f check.Fixture[SupportPorts]) {
	add := func(account string, mac byte) {
		t.Helper()
		check.Must(t, "AddConsent", f.Port().AddConsent(t.Context(), account, []byte{mac}, check.At(9), check.Event("staff.consent", account)))
	}
	take := func(mac byte, second int) (string, error) {
		return f.Port().TakeConsent(t.Context(), []byte{mac}, check.At(second))
	}
	add("x", 1)
	add("x", 2)
	_, err := take(1, 3)
	check.Code(t, "a replaced one", err, tunnus.CodeNotFound)
	_, err = take(2, 9)
	check.Code(t, "a late one", err, tunnus.CodeNotFound)
	won := make(chan string, 50)
	check.Race(t, func(int) error {
		a, err := take(2, 3)
		if err == nil {
			won <- a
		} else if tunnus.CodeOf(err) == tunnus.CodeNotFound {
			err = nil
		}
		return err
	})
	if n := len(won); n != 1 || <-won != "x" {
		t.Errorf("%d of 50 took it", n)
	}
	check.Events(t, f, "x", "staff.consent", "staff.consent")
}

func findings(t *testing.T, f check.Fixture[SupportPorts]) {
	save := func(v support.Finding, kind string) error {
		return f.Port().SaveFinding(t.Context(), v, check.Event(kind, v.ID))
	}
	_, err := f.Port().Finding(t.Context(), "a")
	check.Code(t, "Finding of none", err, tunnus.CodeNotFound)
	want := support.Finding{ID: "a", Kind: support.OfFraud, Account: "x", Case: "C", State: support.Opened, Opened: "ag-1", OpenedAt: check.At(2)}
	check.Must(t, "SaveFinding", save(want, "finding.open"))
	early, lapsed := want, want
	early.ID, early.Kind, early.OpenedAt = "b", support.OfHolder, check.At(1)
	lapsed.ID, lapsed.State, lapsed.EndedAt = "c", support.Lapsed, check.At(3)
	check.Must(t, "SaveFinding", save(early, "finding.open"))
	check.Must(t, "SaveFinding", save(lapsed, "finding.open"))
	want.Rev, want.State, want.Seconded, want.EndedAt = 1, support.Seconded, "ag-2", check.At(4)
	check.One(t, "SaveFinding", func(int) error { return save(want, "finding.second") })
	f.Reopen()
	want.Rev = 2
	got, err := f.Port().Finding(t.Context(), "a")
	check.Whole(t, "Finding", got, err, want)
	early.Rev = 1
	list, err := f.Port().Waiting(t.Context(), 9)
	check.Same(t, "Waiting", list, err, []support.Finding{want, early}) // what two have found does not wait behind what one says
	if list, err = f.Port().Waiting(t.Context(), 1); len(list) != 1 || err != nil || list[0].ID != "a" {
		t.Errorf("Waiting = %v, %v", list, err)
	}
	check.Events(t, f, "a", "finding.open", "finding.second")
	check.Refused(t, f,
		"UPDATE staff_finding SET seconded = opened",
		"UPDATE staff_finding SET seconded = ''",
		"UPDATE staff_finding SET kind = 'witch'",
		"UPDATE staff_finding SET account = ''")
}

func session(id, sitting string) desk.Session {
	return desk.Session{
		ID: id, Sitting: sitting, Device: "hk", Booking: "B", Officer: "reg-1", State: desk.Attested, Mark: "m", Challenges: 2,
		ChallengeAt: check.At(1), Proved: true, Copyable: true, Expired: true, Checks: map[string]string{"trust": "successful"},
		Exceptions: []desk.Exception{{Kind: desk.NoChip, Raised: "reg-1", Agreed: "reg-2"}}, Statement: []byte("{}"), Signed: []byte("{1}"),
		CodeMAC: []byte{9}, CodeUntil: check.At(2), Tries: 3, Payload: []byte{7}, CreatedAt: check.At(0), Expires: check.At(60), EndedAt: check.At(61),
	}
}

// Desks tests an implementation of [desk.Store].
func Desks(t *testing.T, fresh func(t *testing.T) check.Fixture[desk.Store]) {
	t.Run("keeps sessions whole", func(t *testing.T) {
		f := fresh(t)
		_, err := f.Port().Desk(t.Context(), "a")
		check.Code(t, "Desk of none", err, tunnus.CodeNotFound)
		_, err = f.Port().DeskOf(t.Context(), "s")
		check.Code(t, "DeskOf none", err, tunnus.CodeNotFound)
		want := session("a", "s")
		check.Must(t, "SaveDesk", f.Port().SaveDesk(t.Context(), want, check.Event("desk.open", "a")))
		f.Reopen()
		want.Rev = 1
		got, err := f.Port().Desk(t.Context(), "a")
		check.Whole(t, "Desk", got, err, want)
		check.Code(t, "an old revision", f.Port().SaveDesk(t.Context(), session("a", "s"), check.Event("desk.open", "a")), tunnus.CodeStateConflict)
		check.Events(t, f, "a", "desk.open")
	})
	t.Run("one live session a sitting; the newest is found", func(t *testing.T) {
		f := fresh(t)
		check.One(t, "SaveDesk", func(i int) error {
			return f.Port().SaveDesk(t.Context(), session(string(rune('a'+i)), "s"), nil)
		})
		have, err := f.Port().DeskOf(t.Context(), "s")
		check.Must(t, "DeskOf", err)
		have.State, have.Payload, have.CodeMAC = desk.Ended, nil, nil
		check.Must(t, "SaveDesk", f.Port().SaveDesk(t.Context(), have, nil))
		next := session("next", "s")
		next.CreatedAt = check.At(1)
		check.Must(t, "SaveDesk", f.Port().SaveDesk(t.Context(), next, nil))
		if got, err := f.Port().DeskOf(t.Context(), "s"); got.ID != "next" || err != nil {
			t.Errorf("DeskOf = %s, %v", got.ID, err)
		}
	})
	t.Run("overdue are those that live or hold something", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "SaveDesk", f.Port().SaveDesk(t.Context(), session("live", "1"), nil))
		holds, done := session("holds", "2"), session("done", "3")
		holds.State, done.State, done.Payload = desk.Activated, desk.Activated, nil
		check.Must(t, "SaveDesk", f.Port().SaveDesk(t.Context(), holds, nil))
		check.Must(t, "SaveDesk", f.Port().SaveDesk(t.Context(), done, nil))
		got, err := f.Port().OverdueDesks(t.Context(), check.At(59), 9)
		check.Same(t, "before", got, err, []string{})
		got, err = f.Port().OverdueDesks(t.Context(), check.At(60), 9)
		check.Same(t, "then", got, err, []string{"holds", "live"})
	})
	t.Run("the database refuses what the table does not know", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "SaveDesk", f.Port().SaveDesk(t.Context(), session("a", "s"), nil))
		check.Refused(t, f,
			"UPDATE desk_session SET state = 'unlocked'",
			"UPDATE desk_session SET state = 'ended'", // holds a payload
			"UPDATE desk_session SET mark = ''",
			"UPDATE desk_session SET officer = ''")
	})
}

func reviewed(id, sitting string) review.Case {
	return review.Case{
		ID: id, Session: sitting, Kind: review.Copyable, State: review.Once, Mark: "m", Claimant: "rev-2", ClaimedAt: check.At(1),
		First: "rev-1", Second: "x", Reason: review.SamePerson, Folder: []byte{1}, Pictures: []byte{2}, Contact: []byte{3},
		Until: check.At(10), ParkedAt: check.At(0), Expires: check.At(60), EndedAt: check.At(5),
	}
}

// Reviews tests an implementation of [review.Store].
func Reviews(t *testing.T, fresh func(t *testing.T) check.Fixture[review.Store]) {
	t.Run("keeps cases whole, with letters and events", func(t *testing.T) {
		f := fresh(t)
		_, err := f.Port().Case(t.Context(), "a")
		check.Code(t, "Case of none", err, tunnus.CodeNotFound)
		_, err = f.Port().Of(t.Context(), "s")
		check.Code(t, "Of none", err, tunnus.CodeNotFound)
		want := reviewed("a", "s")
		letter := []otp.Letter{{ID: "l", Kind: "review-approved", Sealed: []byte{1}}}
		check.Must(t, "Save", f.Port().Save(t.Context(), want, letter, check.Event("review.park", "a")))
		f.Reopen()
		want.Rev = 1
		got, err := f.Port().Of(t.Context(), "s")
		check.Whole(t, "Of", got, err, want)
		check.Code(t, "an old revision", f.Port().Save(t.Context(), reviewed("a", "s"), nil, check.Event("review.park", "a")), tunnus.CodeStateConflict)
		check.Events(t, f, "a", "review.park")
		if n := f.Letters(); n != 1 {
			t.Errorf("%d letters", n)
		}
	})
	t.Run("one case a sitting waits", func(t *testing.T) {
		f := fresh(t)
		check.One(t, "Save", func(i int) error { return f.Port().Save(t.Context(), reviewed(string(rune('a'+i)), "s"), nil, nil) })
	})
	t.Run("lists come oldest first, in pages", func(t *testing.T) {
		f := fresh(t)
		for i, id := range []string{"c", "b", "a"} {
			c := reviewed(id, id)
			c.ParkedAt = check.At(i)
			check.Must(t, "Save", f.Port().Save(t.Context(), c, nil, nil))
		}
		got, err := f.Port().List(t.Context(), review.Waiting, check.At(0), check.At(0), "", 2)
		check.Same(t, "first page", got, err, []string{"c", "b"})
		got, err = f.Port().List(t.Context(), review.Waiting, check.At(0), check.At(0), "b", 2)
		check.Same(t, "second page", got, err, []string{"a"})
	})
	t.Run("stale are pictures, claims and cases", func(t *testing.T) { stale(t, fresh(t)) })
	t.Run("the database refuses what the table does not know", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Save", f.Port().Save(t.Context(), reviewed("a", "s"), nil, nil))
		check.Refused(t, f,
			"UPDATE review_case SET state = 'approved'", // holds pictures
			"UPDATE review_case SET state = 'approved', folder = '', pictures = '', contact = '', second = first",
			"UPDATE review_case SET claimant = first",
			"UPDATE review_case SET state = 'forgotten'")
	})
}

func stale(t *testing.T, f check.Fixture[review.Store]) {
	pictures, claim, over, fine := reviewed("pictures", "1"), reviewed("claim", "2"), reviewed("over", "3"), reviewed("fine", "4")
	pictures.Claimant = ""
	claim.Pictures, claim.ClaimedAt = nil, check.At(0)
	over.Pictures, over.Claimant, over.Expires = nil, "", check.At(12)
	fine.Pictures, fine.Claimant = nil, ""
	for _, c := range []review.Case{pictures, claim, over, fine} {
		check.Must(t, "Save", f.Port().Save(t.Context(), c, nil, nil))
	}
	list := func(now, claimed int) []string {
		t.Helper()
		got, err := f.Port().List(t.Context(), review.Stale, check.At(now), check.At(claimed), "", 9)
		check.Must(t, "List", err)
		return got
	}
	check.Same(t, "nothing yet", list(9, -1), nil, []string{})
	check.Same(t, "pictures", list(10, -1), nil, []string{"pictures"})
	check.Same(t, "claim", list(9, 0), nil, []string{"claim"})
	check.Same(t, "all", list(12, 0), nil, []string{"claim", "over", "pictures"})
}
