package serve

import (
	"encoding/json"
	"errors"
	"regexp"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/sitting"
)

// instance is the reference number of a refusal.
func (d *rawDevice) instance(a answer) string {
	d.t.Helper()
	var p struct{ Instance string }
	if err := json.Unmarshal(a.body, &p); err != nil {
		d.t.Fatalf("%d %s", a.status, a.body)
	}
	return p.Instance
}

// Every failure of a registration is told under the registration's own reference, the
// one that its screens show, also when it is said again and whatever step it was; staff
// find all lines of it by that.
func TestReferenceOfARegistration(t *testing.T) {
	_, ben, _ := fresh(t)
	d := ben.device()
	var st wire.Status
	d.into(d.post(wire.PathRegistration, wire.None{}), &st)
	if !regexp.MustCompile(`^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$`).MatchString(st.Reference) {
		t.Fatalf("reference %q", st.Reference)
	}
	terms := wire.PathRegistration + "/" + wire.StepTerms
	for name, a := range map[string]answer{
		"refused":       d.step(wire.StepTerms, wire.Agree{Accepted: true, Version: "1999"}),
		"not JSON":      d.raw(terms, []byte("x")),
		"out of turn":   d.step(wire.StepRegister, wire.None{}),
		"a large body":  d.raw(wire.PathRegistration+"/"+wire.StepFace, make([]byte, 99)),
		"another level": d.raw(wire.PathKeys, []byte(`{"type":"key-begin"}`)),
	} {
		if got := d.instance(a); got != st.Reference {
			t.Errorf("%s: reference %q; want %q", name, got, st.Reference)
		}
	}
	d.counter--
	if got := d.instance(d.raw(wire.PathKeys, []byte(`{"type":"key-begin"}`))); got != st.Reference {
		t.Errorf("said again: %q", got)
	}
	lines := sure(d.store.Audit().Events(t.Context(), st.Reference))(t)
	if len(lines) != 1 || lines[0].Kind != sitting.KindStart || lines[0].Detail["session"] != d.session {
		t.Fatalf("lines of the reference: %+v", lines)
	}
	own := sure(d.store.Audit().Events(t.Context(), lines[0].Detail["session"]))(t)
	if len(own) == 0 || own[0].Kind != "enrol.fact" {
		t.Errorf("lines of the registration: %+v", own)
	}
}

// What belongs to no registration has a reference of its own, and another one each time.
func TestReferenceWithoutARegistration(t *testing.T) {
	_, ada, _ := withAda(t)
	d := ada.device()
	one, two := d.instance(d.raw(wire.PathKeys, []byte("x"))), d.instance(d.raw(wire.PathKeys, []byte("x")))
	if one == two || one == sitting.Reference(d.session) {
		t.Errorf("references %q and %q of session %q", one, two, sitting.Reference(d.session))
	}
}

// A registration that has ended tells its reference with the reason.
func TestEndedRegistrationNamesItsReference(t *testing.T) {
	_, ben, phone := fresh(t)
	ben.typed["consent"] = []string{"no"}
	_, first := phone.Register(t.Context())
	_, second := phone.Register(t.Context())
	a, _ := errors.AsType[*tunnus.Error](first)
	b, _ := errors.AsType[*tunnus.Error](second)
	if a == nil || b == nil {
		t.Fatal(first, second)
	}
	if a.Reference != b.Reference || a.Reference == "" || !ben.heard("reference number", a.Reference) {
		t.Errorf("references %q and %q; told %q", a.Reference, b.Reference, ben.told)
	}
}
