package life

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// server answers as the test says.
type server struct {
	answer map[string]func(in any) (any, error)
	calls  []string
}

func (s *server) Call(_ context.Context, path string, in, out any) error {
	s.calls = append(s.calls, path)
	v, err := s.answer[path](in)
	if err != nil {
		return err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, out)
}

// pins signs whatever it is shown.
type pins struct{ shown []string }

func (p *pins) Prove(_ context.Context, r wire.Request) error {
	p.shown = append(p.shown, r.Text)
	return nil
}

// asked is what an honest server says to an act.
func asked(t *testing.T, a wire.Act) wire.AnAsked {
	t.Helper()
	challenge, err := a.Challenge()
	if err != nil {
		t.Fatal(err)
	}
	code, err := acsp.VerificationCode(challenge)
	if err != nil {
		t.Fatal(err)
	}
	return wire.AnAsked{Act: a, Request: wire.Request{Transaction: "t", Service: "tunnus-demo", Text: "whatever it says", Code: code}}
}

// A server that has another act proved than the one that was wanted gets no PIN.
func TestOnlyWhatWasWantedIsProved(t *testing.T) {
	honest := wire.Act{Do: wire.ActUnblock, Target: "D2", Actor: "D1", Rev: 7}
	for name, c := range map[string]struct {
		change func(*wire.AnAsked)
		proved bool
	}{
		"honest":          {func(*wire.AnAsked) {}, true},
		"another act":     {func(a *wire.AnAsked) { *a = asked(t, wire.Act{Do: wire.ActClose, Target: "D2", Actor: "D1", Rev: 7}) }, false},
		"another target":  {func(a *wire.AnAsked) { *a = asked(t, wire.Act{Do: wire.ActUnblock, Target: "D3", Actor: "D1"}) }, false},
		"another actor":   {func(a *wire.AnAsked) { *a = asked(t, wire.Act{Do: wire.ActUnblock, Target: "D2", Actor: "D9"}) }, false},
		"another code":    {func(a *wire.AnAsked) { a.Request.Code = "x" }, false},
		"codes to choose": {func(a *wire.AnAsked) { a.Request.Choices = []string{"1"} }, false},
		"for a broker":    {func(a *wire.AnAsked) { a.Request.Brokered = "Bank" }, false},
		"no words":        {func(a *wire.AnAsked) { *a = asked(t, wire.Act{Do: "x", Target: "D2", Actor: "D1"}) }, false},
	} {
		said := asked(t, honest)
		c.change(&said)
		s := &server{answer: map[string]func(any) (any, error){
			wire.PathAct:           func(any) (any, error) { return said, nil },
			wire.PathAct + "/done": func(in any) (any, error) { return wire.Done{Account: &wire.Held{State: "active"}}, nil },
		}}
		p := &pins{}
		done, err := Phone{Line: s, Prover: p, Document: "D1"}.Act(t.Context(), wire.ActUnblock, "D2")
		if c.proved && (err != nil || done.Account.State != "active" || fmt.Sprint(p.shown) != "[Unblock the account D2]") {
			t.Errorf("%s: %+v, %v, %q", name, done, err, p.shown)
		}
		if !c.proved && (err == nil || len(p.shown) > 0) {
			t.Errorf("%s: %v, shown %q", name, err, p.shown)
		}
	}
}

// Two acts never have the same challenge or the same words.
func TestActsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, do := range []string{wire.ActBlock, wire.ActUnblock, wire.ActClose, wire.ActAddContact, wire.ActRemoveContact, wire.ActTrust} {
		for _, a := range []wire.Act{{Do: do, Target: "a", Actor: "b", Rev: 1, Shown: "s"}, {Do: do, Target: "a", Actor: "b", Rev: 2, Shown: "s"}, {Do: do, Target: "a", Actor: "c", Rev: 1}} {
			c, err := a.Challenge()
			if err != nil || seen[c] || a.Text() == "" {
				t.Errorf("%+v: %v", a, err)
			}
			seen[c] = true
		}
	}
}

// history is a server with so many entries, in pages of a hundred.
func historyOf(n int) *server {
	at := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	return &server{answer: map[string]func(any) (any, error){wire.PathHistory: func(in any) (any, error) {
		q := in.(wire.Past)
		from := 0
		if q.ID != "" {
			_, _ = fmt.Sscan(q.ID, &from)
		}
		out := wire.Page{Entries: []wire.Entry{}}
		for i := from; i < min(n, from+q.Limit); i++ {
			out.Entries = append(out.Entries, wire.Entry{ID: fmt.Sprint("e", i), At: at, Kind: "log-in", Result: "OK", Text: "õ <b> \u2028", Hidden: i%2 == 0})
		}
		out.More, out.ID, out.From = from+q.Limit < n, fmt.Sprint(from+q.Limit), at
		return out, nil
	}}}
}

func TestExportIsCompleteAndTellsDamage(t *testing.T) {
	for _, n := range []int{0, 1, 100, 101, 250} {
		s := historyOf(n)
		e, err := Phone{Line: s, Document: "D1"}.Export(t.Context(), time.Now())
		if err != nil || e.Count != n || len(e.Entries) != n {
			t.Fatalf("%d: %d, %v", n, e.Count, err)
		}
		b, err := json.MarshalIndent(e, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ReadExport(b); err != nil || got.Count != n {
			t.Errorf("%d: %v", n, err)
		}
		for from, to := range map[string]string{`"OK"`: `"NOT_ME"`, `"id": "e0"`: `"id": "e9"`, `"hidden": true`: `"hidden": false`} {
			if bad := strings.Replace(string(b), from, to, 1); bad != string(b) {
				if _, err := ReadExport([]byte(bad)); !errors.Is(err, ErrDamaged) {
					t.Errorf("%d: %s for %s: %v", n, to, from, err)
				}
			}
		}
	}
}

// A server whose history never ends does not fill the phone.
func TestEndlessHistory(t *testing.T) {
	s := &server{answer: map[string]func(any) (any, error){wire.PathHistory: func(any) (any, error) { return wire.Page{More: true}, nil }}}
	if _, err := (Phone{Line: s}).Export(t.Context(), time.Now()); err == nil || len(s.calls) > 2 {
		t.Errorf("%v after %d pages", err, len(s.calls))
	}
}

// What could not be shown is told again.
func TestNoticesAreAcknowledgedWhenShown(t *testing.T) {
	var acked []string
	s := &server{answer: map[string]func(any) (any, error){
		wire.PathNotices:          func(any) (any, error) { return wire.Notices{Notices: []wire.Notice{{ID: "1"}, {ID: "2"}}}, nil },
		wire.PathNotices + "/ack": func(in any) (any, error) { acked = in.(wire.Ack).IDs; return wire.None{}, nil },
	}}
	p := Phone{Line: s}
	if err := p.Notices(t.Context(), func(wire.Notice) error { return errors.New("no screen") }); err == nil || acked != nil {
		t.Errorf("%v, acknowledged %q", err, acked)
	}
	if err := p.Notices(t.Context(), func(wire.Notice) error { return nil }); err != nil || fmt.Sprint(acked) != "[1 2]" {
		t.Errorf("%v, acknowledged %q", err, acked)
	}
}

func FuzzReadExport(f *testing.F) {
	e, err := Phone{Line: historyOf(3), Document: "D1"}.Export(f.Context(), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		f.Fatal(err)
	}
	b, err := json.Marshal(e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ReadExport(b)
		if err != nil {
			return
		}
		// Whatever passes says what its digest says: written again, it passes again.
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadExport(again); err != nil || got.Count != len(got.Entries) {
			t.Errorf("%v", err)
		}
	})
}
