package portal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	virtual "github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/sandbox/visitor"
)

// family is a register: by child, who answers for it.
type family struct {
	people.Source
	mu        sync.Mutex
	guardians map[tunnus.PersonCode][]tunnus.PersonCode
	dead      bool
	down      bool
}

func (f *family) relation(child, guardian tunnus.PersonCode) match.Relation {
	return match.Relation{Child: child, Guardian: guardian, Kind: match.Parent, Comprehensive: true, From: time.Now().AddDate(-9, 0, 0)}
}

func (f *family) ByCode(_ context.Context, c tunnus.PersonCode) (match.Person, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return match.Person{}, people.ErrDown
	}
	return match.Person{Code: c, Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Deceased: f.dead}, nil
}

func (f *family) Guardians(_ context.Context, child tunnus.PersonCode) (out []match.Relation, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, people.ErrDown
	}
	for _, g := range f.guardians[child] {
		out = append(out, f.relation(child, g))
	}
	return out, nil
}

func (f *family) Wards(_ context.Context, guardian tunnus.PersonCode) (out []match.Relation, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, people.ErrDown
	}
	for child, list := range f.guardians {
		for _, g := range list {
			if g == guardian {
				out = append(out, f.relation(child, g))
			}
		}
	}
	return out, nil
}

func (f *family) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// noSignatures is keyshare where no account answers.
type noSignatures struct{ binding.Signatures }

// asks puts the question of a child's sitting.
func (w *world) asks(session string, until time.Time) (id string) {
	w.t.Helper()
	link, err := w.confirm.Ask(w.t.Context(), confirm.Order{
		About: statement.Guardian, Session: session, Device: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Person: person(w.t, 9),
		Name: "IDA SAMPLE", Level: tunnus.Qualified, Model: "Utopia Phone 7", Place: "XX", Code: "42", Until: until,
	})
	must(w.t, "Ask", err)
	id, _, _ = strings.Cut(link, ".")
	return id
}

func (w *world) said(session string) (confirm.Answer, bool, error) {
	return w.confirm.Answer(w.t.Context(), session, statement.Guardian)
}

// in is somebody who has logged in.
func (w *world) in(c *virtual.Card) *visitor.Visitor {
	w.t.Helper()
	v := w.visit(c)
	must(w.t, "login", v.Login(w.t.Context()))
	return v
}

// The guardian sees what waits, signs it, and the sitting hears so; the evidence is what
// was shown, with a signature that is good.
func TestR9ConsentAtThePortal(t *testing.T) {
	w := newWorld(t)
	id := w.asks("sitting", time.Now().Add(time.Hour))
	v := w.in(w.ada)
	must(t, "children", v.Get(t.Context(), "/portal/children"))
	if b := v.Page().Body; !strings.Contains(b, "IDA SAMPLE") || !strings.Contains(b, "/portal/children/"+id) {
		t.Fatalf("the list: %s", b)
	}
	must(t, "consent", v.Consent(t.Context(), id))
	if v.Heading() != "My children" || !strings.Contains(v.Page().Body, "You have agreed.") {
		t.Errorf("after it: %s", v.Page().Body)
	}
	a, ok, err := w.said("sitting")
	if !ok || err != nil || a.By != person(t, 1) || a.Person != person(t, 9) {
		t.Fatalf("the sitting hears %+v, %v, %v", a, ok, err)
	}
	b, err := w.confirm.Evidence(t.Context(), id)
	must(t, "Evidence", err)
	var r card.Record
	must(t, "Record", json.Unmarshal(b, &r))
	if len(r.Signature) == 0 || len(r.OCSP) == 0 || r.Login["certificate"] == "" || !strings.Contains(r.Text, "IDA SAMPLE") || !strings.Contains(r.Text, "9f86d081") {
		t.Errorf("the evidence: %+v", r)
	}
	if strings.Contains(w.log.String(), "SAMPLE") || strings.Contains(w.log.String(), "1990") {
		t.Error("the log names a person")
	}
}

// Who is no guardian sees nothing and signs nothing, whatever address is typed.
func TestR9NoGuardianAtThePortal(t *testing.T) {
	w := newWorld(t)
	id := w.asks("sitting", time.Now().Add(time.Hour))
	must(t, "before the log-in", w.visit(w.ada).Get(t.Context(), "/portal/children/"+id))
	ben := w.in(w.issue(3, "BEN", "EXAMPLE"))
	must(t, "children", ben.Get(t.Context(), "/portal/children"))
	if strings.Contains(ben.Page().Body, "IDA") {
		t.Error("a stranger sees the child")
	}
	for _, act := range []string{"offer", "sign", "refuse", "other"} {
		w.refused(act, ben.Post(t.Context(), "/portal/children/"+id+"/"+act), http.StatusNotFound)
	}
	w.refused("the page", ben.Get(t.Context(), "/portal/children/"+id), http.StatusNotFound)
	if strings.Contains(ben.Page().Body, "IDA") {
		t.Error("a stranger sees the child")
	}
	ada := w.in(w.ada)
	must(t, "children", ada.Get(t.Context(), "/portal/children/"+id))
	w.family.set(func() { w.family.dead = true })
	w.refused("a dead guardian", ada.Consent(t.Context(), id), http.StatusNotFound)
	w.family.set(func() { w.family.dead, w.family.down = false, true })
	w.refused("no register", ada.Consent(t.Context(), id), http.StatusServiceUnavailable)
	w.refused("no register", ada.Get(t.Context(), "/portal/children"), http.StatusServiceUnavailable)
	w.family.set(func() { w.family.down = false })
	if _, ok, err := w.said("sitting"); ok || err != nil {
		t.Errorf("the sitting hears %v, %v", ok, err)
	}
}

// A signature over anything else than what is on the page, by anybody else, or made
// before is none; what was right in the end counts once.
func TestR9SignatureThatIsNone(t *testing.T) {
	w := newWorld(t)
	one, two := w.asks("one", time.Now().Add(time.Hour)), w.asks("two", time.Now().Add(time.Hour))
	v := w.in(w.ada)
	reply := func(id string, c *virtual.Card, over func(hash []byte) []byte) string {
		t.Helper()
		b, err := json.Marshal(w.ada.SigningCertificate())
		must(t, "certificate", err)
		must(t, "offer", v.Post(t.Context(), "/portal/children/"+id+"/offer", "offer", string(b)))
		hash, err := base64.StdEncoding.DecodeString(attribute(v.Page().Body, "data-hash"))
		must(t, "hash", err)
		_, pin := c.PINs()
		got, err := c.Sign(over(hash), attribute(v.Page().Body, "data-function"), pin)
		must(t, "Sign", err)
		b, err = json.Marshal(got)
		must(t, "reply", err)
		return string(b)
	}
	same := func(hash []byte) []byte { return hash }
	post := func(id, text string) error { return v.Post(t.Context(), "/portal/children/"+id+"/sign", "reply", text) }
	first := reply(one, w.ada, same)
	for name, text := range map[string]string{
		"of another text":    reply(two, w.ada, func(hash []byte) []byte { return append([]byte{hash[0] ^ 1}, hash[1:]...) }),
		"of another child's": first,
		"by another card":    reply(two, w.issue(2, "DOV", "FIGMENT"), same),
		"nothing":            "",
	} {
		if err := post(two, text); err == nil {
			t.Errorf("%s: taken", name)
		}
		if _, ok, err := w.said("two"); ok || err != nil {
			t.Fatalf("%s: the sitting hears %v, %v", name, ok, err)
		}
	}
	must(t, "the right one", post(one, first))
	must(t, "sent twice", post(one, first))
	must(t, "End", w.confirm.End(t.Context(), "one"))
	w.refused("replayed", post(one, first), http.StatusNotFound)
	w.refused("replayed for the other", post(two, first), http.StatusUnprocessableEntity)
}

// Two guardians at two computers: nobody can tell who is deceived, and it ends.
func TestR9TwoGuardiansAtOnce(t *testing.T) {
	w := newWorld(t)
	id := w.asks("sitting", time.Now().Add(time.Hour))
	ada, dov := w.in(w.ada), w.in(w.issue(2, "DOV", "FIGMENT"))
	b, err := json.Marshal(w.ada.SigningCertificate())
	must(t, "certificate", err)
	must(t, "offer", ada.Post(t.Context(), "/portal/children/"+id+"/offer", "offer", string(b)))
	must(t, "dov looks", dov.Get(t.Context(), "/portal/children/"+id))
	if !strings.Contains(dov.Page().Body, "Another guardian is answering") || strings.Contains(dov.Page().Body, "data-card") {
		t.Errorf("dov sees %s", dov.Page().Body)
	}
	w.refused("dov refuses meanwhile", dov.Post(t.Context(), "/portal/children/"+id+"/refuse"), http.StatusConflict)
	must(t, "ada refuses", ada.Post(t.Context(), "/portal/children/"+id+"/refuse"))
	if !strings.Contains(ada.Page().Body, "You have not agreed.") {
		t.Errorf("ada sees %s", ada.Page().Body)
	}
	if _, _, err := w.said("sitting"); tunnus.CodeOf(err) != tunnus.CodeConfirmNo {
		t.Errorf("the sitting hears %v", err)
	}
}

// The deadline is told, and nothing can be signed behind it.
func TestR9ConsentTooLate(t *testing.T) {
	w := newWorld(t)
	id := w.asks("sitting", time.Now().Add(10*time.Minute))
	v := w.in(w.ada)
	must(t, "child", v.Get(t.Context(), "/portal/children/"+id))
	w.ahead.Store(int64(10 * time.Minute))
	if err := v.Consent(t.Context(), id); err == nil || !strings.Contains(v.Said(), "The time for the guardian's consent is over") {
		t.Errorf("%v, said: %s", err, v.Said())
	}
	if _, _, err := w.said("sitting"); tunnus.CodeOf(err) != tunnus.CodeGuardLate {
		t.Errorf("the sitting hears %v", err)
	}
}

// attribute is one of the form that asks the card.
func attribute(body, name string) string {
	m := regexp.MustCompile(`[ \n]` + name + `="([^"]*)"`).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}
