package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/api"
	"github.com/tunnus-id/tunnus/staff/stafftest"
	"github.com/tunnus-id/tunnus/staff/support"
)

// written sees to it, in every test of this package, that each act of staff that was
// done is in the audit log under the member who signed it, and what it answered was
// written down before. What only lists, and shows nobody, is let through.
func (w *world) written(next http.Handler) http.Handler {
	w.did = map[string]bool{}
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" { // a conversation: looked at where it is held
			next.ServeHTTP(out, r)
			return
		}
		member := r.Header.Get(staff.HeaderMember)
		before := w.linesOf(member)
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		act := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		if r.Method == http.MethodPost && member != "" && rec.Code == http.StatusOK {
			if w.did[act] = true; w.linesOf(member) <= before {
				w.t.Errorf("%s left no line under %s", r.URL.Path, member)
			}
		}
		for k, v := range rec.Header() {
			out.Header()[k] = v
		}
		out.WriteHeader(rec.Code)
		_, _ = out.Write(rec.Body.Bytes())
	})
}

// linesOf counts the lines that name a member.
func (w *world) linesOf(member string) (n int) {
	w.t.Helper()
	_, r := w.store.Database().Raw()
	err := r.QueryRow("SELECT count(*) FROM audit_line WHERE instr(CAST(record AS text), $1) > 0", `"staff":"`+member+`"`).Scan(&n)
	if err != nil {
		w.t.Error(err)
	}
	return n
}

// Every act of staff is written down: each of them is done here once, but those at a
// desk that TestDeskOverHTTP does (written looks at those too).
func TestEveryStaffActIsWrittenDown(t *testing.T) {
	w := fresh(t)
	agent, rev, second := w.hire("ag-1", staff.Agent), w.hire("rev-1", staff.Reviewer), w.hire("rev-2", staff.Reviewer)
	boss, boss2 := w.hire("sup-1", staff.Supervisor), w.hire("sup-2", staff.Supervisor)
	officer, other := w.hire("reg-1", staff.Officer), w.hire("reg-2", staff.Officer)

	ticket := desk.Ticket{Sitting: strings.Repeat("A", 43), Device: strings.Repeat("A", 43)}
	printed := mrz.Zone{
		Kind: mrz.TD3, Document: "P", Issuer: "UTO", Nationality: "UTO", Surname: "BERG", GivenNames: "BO", Number: "X7654321",
		Birth: "850202", Expiry: "310202", Sex: "M", Optional1: "198502020018",
	}
	var o desk.Opening
	w.must(officer, "/desks", api.Scan{Ticket: ticket.String()}, &o)
	w.must(officer, "/desks/"+o.ID+"/challenge", nil, nil)
	w.must(officer, "/desks/"+o.ID+"/raise", desk.Wish{Kind: desk.NoChip, Zone: printed.String()}, nil)
	w.must(other, "/desks/"+o.ID+"/second", api.Answer{Agrees: true}, nil)
	w.must(officer, "/desks/"+o.ID+"/stop", nil, nil)

	w.must(agent, "/people", api.Question{Country: "XX", Code: "198502020018", Case: o.ID}, nil)
	w.must(agent, "/accounts/acc/close", api.Closing{Reason: support.Asked, Case: o.ID}, nil)
	var f support.Finding
	w.must(agent, "/accounts/acc/find", api.Found{Kind: support.OfFraud, Case: o.ID}, &f)
	w.must(officer, "/findings/"+f.ID+"/second", nil, nil)
	w.did["second"] = false // it is done elsewhere too
	for _, approve := range []bool{true, false} {
		mark := stafftest.Marker().Mark(stafftest.Person(t, "198502020018"))
		c, err := w.reviews.Park(t.Context(), review.Parcel{Session: "s" + map[bool]string{true: "1", false: "2"}[approve], Kind: review.DoubtfulFace, Mark: mark, Pictures: review.Pictures{Portrait: []byte("p")}})
		if err != nil {
			t.Fatal(err)
		}
		at := "/reviews/" + c.ID
		w.must(rev, at+"/claim", nil, nil)
		w.must(rev, at+"/leave", nil, nil)
		w.must(second, at+"/claim", nil, nil)
		w.must(second, at+"/view", nil, nil)
		if approve {
			w.must(second, at+"/approve", api.Decision{Reason: review.SamePerson}, nil)
		} else {
			w.must(second, at+"/decline", api.Decision{Reason: review.Reasons(review.Decline)[0]}, nil)
		}
	}
	var i struct{ ID string }
	w.must(boss, "/incidents", api.Fault{Release: "1.2", From: time.Now().Add(-2 * time.Hour), Until: time.Now().Add(-time.Hour), Case: "OPS-1"}, &i)
	w.must(boss2, "/incidents/"+i.ID+"/second", nil, nil)

	for _, act := range []string{"people", "close", "find", "claim", "leave", "view", "approve", "decline", "desks", "challenge", "raise", "second", "stop", "incidents"} {
		if !w.did[act] {
			t.Errorf("%s was not done", act)
		}
	}
}
