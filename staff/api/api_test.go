package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/appointment"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/incident"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/api"
	"github.com/tunnus-id/tunnus/staff/client"
	"github.com/tunnus-id/tunnus/staff/roster"
	"github.com/tunnus-id/tunnus/staff/stafftest"
	"github.com/tunnus-id/tunnus/staff/support"
	"github.com/tunnus-id/tunnus/store"
	rows "github.com/tunnus-id/tunnus/store/desk"
)

// sealer binds to places and hides nothing but from a look.
type sealer struct{}

func (sealer) Seal(plain, aad []byte) ([]byte, error) {
	return fmt.Appendf(nil, "%x|%s", aad, base64.StdEncoding.EncodeToString(plain)), nil
}

func (sealer) Open(sealed, aad []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, fmt.Appendf(nil, "%x|", aad))
	if !ok {
		return nil, errors.New("sealed for another place")
	}
	return base64.StdEncoding.DecodeString(string(rest))
}

// utopia is a scheme, a sitting and accounts: the invented state with one applicant.
type utopia struct {
	closed []string
	found  []string
	record func(context.Context, []tunnus.Event) error
}

func (*utopia) Accepts(emrtd.Verified) error { return nil }
func (*utopia) Issuer(string) string         { return "XX" }
func (*utopia) Person(_ context.Context, id string) (tunnus.PersonCode, error) {
	if id != "acc" {
		return tunnus.PersonCode{}, tunnus.NotFound(errors.New("none"))
	}
	return tunnus.ParsePersonCode("XX", "198502020018")
}

func (*utopia) Mine(context.Context, tunnus.PersonCode) ([]support.Account, error) {
	return []support.Account{{ID: "acc", State: "active"}}, nil
}

func (u *utopia) Close(ctx context.Context, id string, events []tunnus.Event) error {
	u.closed = append(u.closed, id)
	return u.record(ctx, events)
}

func (u *utopia) Fraud(_ context.Context, id, first, second string) error {
	u.found = append(u.found, "fraud "+id+" "+first+" "+second)
	return nil
}

func (u *utopia) Settle(_ context.Context, id, first, second string) error {
	u.found = append(u.found, "holder "+id+" "+first+" "+second)
	return nil
}

func (*utopia) AtDesk(context.Context, string, string) (string, error) { return "Phone", nil }

// codes makes the scheme's Person of the desk.
type codes struct{ *utopia }

// Takes implements [desk.Scheme].
func (codes) Takes(mrz.Zone) error { return nil }

func (codes) Person(country, code string) (tunnus.PersonCode, error) {
	return tunnus.ParsePersonCode(country, code)
}

type world struct {
	*httptest.Server
	t       *testing.T
	store   *store.Store
	roster  *roster.Roster
	reviews *review.Service
	desks   *desk.Service
	utopia  *utopia
	country *virtual.Country
	did     map[string]bool // acts, by the last word of their path
	log     bytes.Buffer
}

func fresh(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, utopia: &utopia{}}
	var err error
	if w.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	clock := tunnus.SystemClock{}
	if w.country, err = virtual.NewCountry(clock.Now()); err != nil {
		t.Fatal(err)
	}
	trust, err := trustlist.Of(w.country.CSCA())
	if err != nil {
		t.Fatal(err)
	}
	secret, d := tunnus.NewSecret([]byte("0123456789abcdef0123456789abcdef")), w.store.Database()
	rules := lock.Rules{Phase: lock.Proof, Ladder: tunnus.Ladder{{Failures: 5, Lock: time.Hour}}, Life: time.Hour, Grace: 14 * 24 * time.Hour}
	ledger := lock.New(w.store.Ledger(), rules, secret, clock)
	w.roster = roster.New(rows.NewStaff(d), "demo", clock)
	w.reviews = review.New(rows.NewReviews(d), sealer{}, review.DefaultRules, clock)
	w.desks, err = desk.New(desk.Config{
		Rules: desk.DefaultRules, Scheme: codes{w.utopia}, Trust: trust, Secret: secret, Marker: stafftest.Marker(), Store: rows.NewDesks(d),
		Sittings: w.utopia, Tab: lock.Tab{Documents: ledger, Devices: ledger}, Sealer: sealer{}, Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	sup, err := support.New(support.Config{Store: rows.NewStaff(d), Findings: rows.NewStaff(d), Cases: w.store.Audit(), Accounts: w.utopia, Marker: stafftest.Marker(), Secret: secret, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	var always []appointment.Hours
	for day := range 7 {
		always = append(always, appointment.Hours{Day: time.Weekday(day), From: 0, To: 24 * 60})
	}
	diary, err := appointment.New(rows.NewBookings(d), []appointment.Office{{ID: "north", Zone: time.UTC, Minutes: 30, Desks: 1, Hours: always}}, sealer{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	slow := lock.Addresses{Paces: rows.NewPaces(d), Rules: lock.Pace{Window: time.Hour, Free: 8, Every: time.Hour}, Names: ledger, Clock: clock}
	w.utopia.record = w.store.Certificates().Record
	w.Server = httptest.NewServer(w.written(api.New(api.Config{
		Roster: w.roster, Support: sup, Reviews: w.reviews, Desks: w.desks, Diary: diary,
		Incidents: incident.New(rows.NewIncidents(d), ledger, rules.Grace, clock), Scheme: "demo", Slow: slow, Clock: clock, Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
	}).Routes()))
	t.Cleanup(w.Server.Close)
	return w
}

// hire adds a member and returns his line.
func (w *world) hire(id string, roles ...staff.Role) *client.Client {
	w.t.Helper()
	key, err := device.GenerateKey()
	if err != nil {
		w.t.Fatal(err)
	}
	public, err := device.Public(key)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.roster.Add(w.t.Context(), staff.Member{ID: id, Roles: roles, Key: public, Mark: stafftest.Mark(w.t, id)}); err != nil {
		w.t.Fatal(err)
	}
	return &client.Client{Server: w.URL, Scheme: "demo", Member: id, Key: key, HTTP: w.Client(), Clock: tunnus.SystemClock{}}
}

// must posts and reads the answer.
func (w *world) must(c *client.Client, path string, in, out any) {
	w.t.Helper()
	if err := c.Do(w.t.Context(), http.MethodPost, "/staff/v1"+path, in, out); err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
}

func (w *world) refused(c *client.Client, method, path string, in any, want tunnus.Code) {
	w.t.Helper()
	err := c.Do(w.t.Context(), method, "/staff/v1"+path, in, nil)
	no, ok := errors.AsType[*client.Refused](err)
	if !ok || no.Code != want || no.Reference == "" {
		w.t.Errorf("%s %s: %v; want %q", method, path, err, want)
	}
}

func TestReviewOverHTTP(t *testing.T) {
	w := fresh(t)
	one, two := w.hire("rev-1", staff.Reviewer), w.hire("rev-2", staff.Reviewer)
	c, err := w.reviews.Park(t.Context(), review.Parcel{
		Session: "s", Kind: review.DoubtfulFace, Mark: "applicant", Contact: "bo@mail.example",
		Pictures: review.Pictures{Portrait: []byte("portrait"), Frames: [][]byte{[]byte("frame")}}, Folder: review.Folder{Zone: "ZONE-CANARY"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var queue []review.Brief
	if err := one.Do(t.Context(), http.MethodGet, "/staff/v1/reviews", nil, &queue); err != nil || len(queue) != 1 || queue[0].ID != c.ID {
		t.Fatalf("queue %v, %v", queue, err)
	}
	at := "/reviews/" + c.ID
	w.refused(w.hire("ag-1", staff.Agent), http.MethodPost, at+"/claim", nil, tunnus.CodeStaffNoRight)
	for _, who := range []*client.Client{one, two} {
		var seen api.Case
		w.must(who, at+"/claim", nil, nil)
		w.must(who, at+"/view", nil, &seen)
		if string(seen.Pictures.Portrait) != "portrait" || len(seen.Approve) == 0 {
			t.Errorf("seen %+v", seen)
		}
		w.must(who, at+"/approve", api.Decision{Reason: review.SamePerson}, nil)
		w.refused(one, http.MethodPost, at+"/claim", nil, map[bool]tunnus.Code{true: tunnus.CodeStaffFourEyes, false: tunnus.CodeStateConflict}[who == one])
	}
	if v, ok, err := w.reviews.Outcome(t.Context(), "s"); !ok || err != nil || v.State != review.Approved {
		t.Errorf("Outcome = %+v, %v, %v", v, ok, err)
	}
	if strings.Contains(w.log.String(), "CANARY") {
		t.Error("the log names what was seen")
	}
}

// An officer's reader carries chip authentication; the key is the server's.
func TestChipAuthenticationAtADeskOverHTTP(t *testing.T) {
	w := fresh(t)
	officer := w.hire("reg-1", staff.Officer)
	text := func(b byte) string { return base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) }
	var o desk.Opening
	w.must(officer, "/desks", api.Scan{Ticket: desk.Ticket{Sitting: text(1), Device: text(2)}.String()}, &o)
	p, err := w.country.Issue(berg(t, func(h *virtual.Holder) {
		h.Chip, h.AuthGroup, h.ChipAuth = virtual.ChipPlain, 12, []security.Auth{security.NewAuth(true, apdu.AES128)}
	}))
	if err != nil {
		t.Fatal(err)
	}
	at := "/desks/" + o.ID
	var ch api.Challenge
	w.must(officer, at+"/challenge", nil, &ch)
	read := func(who *client.Client) (chip.Reading, error) {
		p.Reset()
		server := &relay.Reader{Dial: func(ctx context.Context, group [sha256.Size]byte) (relay.Conn, error) {
			return who.Relay(ctx, "/staff/v1"+at+"/relay", group)
		}}
		defer server.Close()
		return chip.Request{AccessKey: p.AccessKey(), Challenge: ch.Challenge, Prover: server}.Read(t.Context(), p)
	}
	_, err = read(w.hire("reg-2", staff.Officer))
	if no, ok := errors.AsType[*client.Refused](err); !ok || no.Code != tunnus.CodeNotFound {
		t.Errorf("another officer: %v", err)
	}
	before := w.linesOf("reg-1")
	got, err := read(officer)
	if err != nil {
		t.Fatal(err)
	}
	if w.linesOf("reg-1") <= before {
		t.Error("the run left no line")
	}
	w.refused(officer, http.MethodPost, at+"/read", api.Chip{SOD: got.SOD, Groups: got.Groups, Access: "usb"}, tunnus.CodeBadRequest)
	var r desk.Reading
	w.must(officer, at+"/read", api.Chip{SOD: got.SOD, Groups: got.Groups, Access: string(got.Access.Protocol), CardAccess: got.Access.CardAccess}, &r)
	if r.Copyable || r.Checks["chip-authentication"] != "successful" || r.Checks["rounds_ms"] == "" {
		t.Errorf("reading %v", r.Checks)
	}
	w.refused(officer, http.MethodGet, at+"/relay", nil, tunnus.CodeBadRequest) // of no data group
}

// berg is an invented person.
func berg(t *testing.T, change func(*virtual.Holder)) virtual.Holder {
	t.Helper()
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 60, 80)), nil); err != nil {
		t.Fatal(err)
	}
	h := virtual.Holder{
		Surname: "BERG", Number: "X7654321", PersonCode: "198502020018", Birth: time.Date(1985, 2, 2, 0, 0, 0, 0, time.UTC),
		Expiry: time.Now().AddDate(5, 0, 0), Portrait: portrait.Bytes(), Chip: virtual.ChipECDSA,
	}
	if change != nil {
		change(&h)
	}
	return h
}

func TestDeskOverHTTP(t *testing.T) {
	w := fresh(t)
	officer := w.hire("reg-1", staff.Officer)
	text := func(b byte) string { return base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) }
	tk := desk.Ticket{Sitting: text(1), Device: text(2)}
	var o desk.Opening
	w.must(officer, "/desks", api.Scan{Ticket: tk.String()}, &o)
	p, err := w.country.Issue(berg(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	at := "/desks/" + o.ID
	var ch api.Challenge
	w.must(officer, at+"/challenge", nil, &ch)
	answer, err := p.Prove(ch.Challenge)
	if err != nil {
		t.Fatal(err)
	}
	var r desk.Reading
	w.must(officer, at+"/read", api.Chip{SOD: p.SOD(), Groups: p.Groups(), ActiveAuth: answer}, &r)
	if r.Person.Surname != "BERG" {
		t.Fatalf("reading %+v", r.Person)
	}
	var st json.RawMessage
	if err := officer.Do(t.Context(), http.MethodGet, "/staff/v1"+at+"/statement", nil, &st); err != nil {
		t.Fatal(err)
	}
	var act api.Activation
	w.must(officer, at+"/sign", st, &act)
	if id, err := w.desks.Activate(t.Context(), tk.Sitting, tk.Device, act.Code); err != nil || id != o.ID {
		t.Errorf("Activate = %s, %v", id, err)
	}
	// Support finds the desk by its reference; the log and the lines name nobody.
	var lines []support.Line
	if err := w.hire("ag-1", staff.Agent).Do(t.Context(), http.MethodGet, "/staff/v1/cases/"+o.ID, nil, &lines); err != nil || len(lines) < 5 {
		t.Errorf("lines %v, %v", lines, err)
	}
	if text := fmt.Sprint(lines) + w.log.String(); strings.Contains(text, "BERG") || strings.Contains(text, "19850202") || strings.Contains(text, act.Code) {
		t.Error("a line names the person, or the code")
	}
}

func TestOnlySignedRequestsAreServed(t *testing.T) {
	w := fresh(t)
	agent := w.hire("ag-1", staff.Agent)
	for name, change := range map[string]func(*http.Request){
		"nothing":      func(r *http.Request) { r.Header = http.Header{} },
		"another path": func(r *http.Request) { r.URL.Path = "/staff/v1/incidents" },
		"another ID":   func(r *http.Request) { r.Header.Set(staff.HeaderMember, "ag-2") },
		"bad base64":   func(r *http.Request) { r.Header.Set(staff.HeaderSignature, "!") },
		"huge":         func(r *http.Request) { r.Header.Set(staff.HeaderSignature, strings.Repeat("A", 4000)) },
		"a later time": func(r *http.Request) { r.Header.Set(staff.HeaderCounter, fmt.Sprint(time.Now().UnixMilli()+1000)) },
	} {
		via := *agent.HTTP
		via.Transport = changing{agent.HTTP.Transport, change}
		forged := client.Client{Server: agent.Server, Scheme: "demo", Member: "ag-1", Key: agent.Key, HTTP: &via, Clock: agent.Clock}
		err := forged.Do(t.Context(), http.MethodGet, "/staff/v1/reviews", nil, nil)
		if no, ok := errors.AsType[*client.Refused](err); !ok || no.Code != tunnus.CodeBadSignature || no.Status != http.StatusUnauthorized {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// changing changes requests behind the back of whoever signed them.
type changing struct {
	http.RoundTripper
	change func(*http.Request)
}

func (c changing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	c.change(r)
	return c.RoundTripper.RoundTrip(r)
}

// There is no route that lifts, unlocks, resets or shows what staff must not see.
func TestNoRouteLiftsALock(t *testing.T) {
	w := fresh(t)
	king := w.hire("sup-1", staff.Roles()...)
	for _, path := range []string{"/locks/x/lift", "/documents/x/unlock", "/accounts/acc/unblock", "/accounts/acc/pin", "/reviews/x/pictures", "/accounts"} {
		if err := king.Do(t.Context(), http.MethodPost, "/staff/v1"+path, nil, nil); err == nil {
			t.Errorf("%s was served", path)
		}
	}
	w.must(king, "/desks", api.Scan{Ticket: desk.Ticket{Sitting: strings.Repeat("A", 43), Device: strings.Repeat("A", 43)}.String()}, nil)
	w.refused(king, http.MethodPost, "/accounts/acc/close", api.Closing{Reason: support.Asked, Case: "7K3QZ-M2XWA"}, tunnus.CodeNotFound)
	if len(w.utopia.closed) != 0 {
		t.Errorf("closed %v", w.utopia.closed)
	}
}

func TestAppointmentsOverHTTP(t *testing.T) {
	w := fresh(t)
	at := time.Now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)
	post := func(path string, in any) (int, api.Given) {
		t.Helper()
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.Client().Post(w.URL+"/appointments/v1"+path, "application/json", bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var g api.Given
		if err := json.NewDecoder(r.Body).Decode(&g); err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, g
	}
	status, b := post("/bookings", api.Wanted{Office: "north", At: at})
	if status != http.StatusOK || !b.At.Equal(at) {
		t.Fatalf("booked: %d %+v", status, b)
	}
	if status, _ := post("/bookings", api.Wanted{Office: "north", At: at}); status != http.StatusConflict {
		t.Errorf("booked twice: %d", status)
	}
	if status, m := post("/bookings/"+b.Reference+"/move", api.Wanted{Office: "north", At: at.Add(time.Hour)}); status != http.StatusOK || m.Reference != b.Reference {
		t.Errorf("moved: %d %+v", status, m)
	}
	if status, m := post("/bookings/"+b.Reference+"/cancel", nil); status != http.StatusOK || m.State != appointment.Cancelled {
		t.Errorf("cancelled: %d %+v", status, m)
	}
	for range 8 { // guessing is slowed
		status, _ = post("/bookings/AAAAA-AAAAA/cancel", nil)
	}
	if status != http.StatusUnprocessableEntity {
		t.Errorf("the 12th request of one address within an hour: %d", status)
	}
}
