package serve

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
)

// The number that a refusal shows leads an agent to what happened in that registration,
// in its order; nothing of it tells who the person is, and the look is written down.
func TestSupportFindsARegistrationByItsReference(t *testing.T) {
	d := atChip(t)
	ref := d.instance(d.step(wire.StepChip, wire.None{}))
	agent := stafftest.Actor(t, "ag-1", nil, staff.Agent)
	lines, err := d.support.Case(t.Context(), agent, strings.ReplaceAll(strings.ToLower(ref), "-", " "))
	if err != nil {
		t.Fatal(err)
	}
	var facts []string
	for i, l := range lines {
		if i > 0 && l.At.Before(lines[i-1].At) {
			t.Errorf("line %d is out of order", i)
		}
		if f := l.Detail["fact"]; f != "" {
			facts = append(facts, f)
		}
	}
	if lines[0].Kind != "enrol.start" || !slices.Equal(facts, []string{"versions", "terms", "consent", "form"}) {
		t.Errorf("lines %+v", lines)
	}
	if text := strings.ToUpper(fmt.Sprint(lines)); strings.Contains(text, strings.ToUpper(d.session)) || strings.Contains(text, "BEN") {
		t.Errorf("the lines name the sitting or the person: %s", text)
	}
	if own := sure(d.store.Audit().Events(t.Context(), "staff/ag-1"))(t); len(own) != 1 || own[0].Kind != "staff.look-case" || own[0].Detail["case"] != ref {
		t.Errorf("of the look is written: %+v", own)
	}
	if _, err := d.support.Case(t.Context(), agent, "0000-0000-0000"); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("a number that nobody has: %v", err)
	}
}

// A holder lets an agent look by a code, once, and sees on the phone that somebody has.
func TestHolderLetsAnAgentLook(t *testing.T) {
	h, _, phone := withAda(t)
	held := sure(phone.Phone())(t)
	if looks := sure(held.Looks(t.Context()))(t); len(looks) != 0 {
		t.Fatalf("looked at before: %+v", looks)
	}
	code := sure(held.Allow(t.Context()))(t)
	agent := stafftest.Actor(t, "ag-1", nil, staff.Agent)
	list, err := h.support.Consented(t.Context(), agent, strings.ToLower(code.Code))
	if err != nil || len(list) != 1 {
		t.Fatalf("accounts %+v, %v", list, err)
	}
	if _, err := h.support.Consented(t.Context(), agent, code.Code); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("the code was good twice: %v", err)
	}
	looks := sure(held.Looks(t.Context()))(t)
	if len(looks) != 1 || looks[0].Case != "CONSENT" {
		t.Errorf("looks %+v", looks)
	}
	if strings.Contains(fmt.Sprint(looks), "ag-1") || strings.Contains(h.log.String(), code.Code) {
		t.Error("who it was is told to the holder, or the code to the log")
	}
}
