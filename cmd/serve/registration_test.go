package serve

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/sandbox"
)

// fresh is a house without accounts, and a phone of ben's with a session of its own.
func fresh(t *testing.T) (*house, *holder, *app.App) {
	t.Helper()
	h := newHouse(t, t.TempDir())
	ben := h.newHolder("ben")
	return h, ben, ben.phone()
}

// begun is a device whose registration is open.
func begun(t *testing.T) *rawDevice {
	t.Helper()
	_, ben, _ := fresh(t)
	d := ben.device()
	var st wire.Status
	d.into(d.post(wire.PathRegistration, wire.None{}), &st)
	if st.Next != wire.StepTerms {
		t.Fatalf("next %q", st.Next)
	}
	return d
}

// atChip is a device whose registration waits for the chip.
func atChip(t *testing.T) *rawDevice {
	t.Helper()
	d := begun(t)
	ben := sure(sandbox.Find("ben"))(t)
	var st wire.Status
	d.into(d.step(wire.StepTerms, wire.Agree{Version: scheme.Nordic().Terms, Accepted: true}), &st)
	d.into(d.step(wire.StepConsent, wire.Agree{Version: scheme.Nordic().Consent, Accepted: true}), &st)
	d.into(d.step(wire.StepForm, wire.Form{
		Country: "XX", Surname: ben.Surname, GivenNames: ben.GivenNames, PersonCode: ben.Code.Value(), Document: ben.Number,
	}), &st)
	if st.Next != wire.StepChip {
		t.Fatalf("next %q", st.Next)
	}
	return d
}

// Large bodies are for registrations that wait for them: nobody else's is read.
func TestLargeBodyOfWhoHasNotComeThatFar(t *testing.T) {
	d := begun(t)
	d.refused(d.raw(wire.PathRegistration+"/"+wire.StepFace, make([]byte, wire.MaxBody+1)), tunnus.CodeStateConflict)
	d.refused(d.raw(wire.PathRegistration+"/"+wire.StepChip, make([]byte, wire.MaxBody+1)), tunnus.CodeStateConflict)
	d = atChip(t)
	d.refused(d.raw(wire.PathRegistration+"/"+wire.StepChip, make([]byte, wire.MaxBody+1)), tunnus.CodeTooLarge)
}

// A key costs the server much: it is begun by registrations that make keys only.
func TestKeyBegunTooEarly(t *testing.T) {
	d := atChip(t)
	d.refused(d.raw(wire.PathKeys, []byte(`{"type":"key-begin"}`)), tunnus.CodeStateConflict)
}

// Bodies that are not what the step takes are told apart, and change nothing.
func TestBodiesOfSteps(t *testing.T) {
	d := begun(t)
	terms := wire.PathRegistration + "/" + wire.StepTerms
	for _, tt := range []struct {
		name, path, body string
		want             tunnus.Code
	}{
		{"not JSON", terms, `terms`, tunnus.CodeNotJSON},
		{"nothing", terms, ``, tunnus.CodeNotJSON},
		{"two values", terms, `{} {}`, tunnus.CodeNotJSON},
		{"a member twice", terms, `{"accepted":true,"Accepted":false}`, tunnus.CodeNotJSON},
		{"unknown field", terms, `{"accepted":true,"level":"QUALIFIED"}`, tunnus.CodeUnknownField},
		{"another type", terms, `{"accepted":"yes"}`, tunnus.CodeBadRequest},
		{"not accepted", terms, `{"version":"2026-11"}`, tunnus.CodeBadRequest},
		{"too large", terms, strings.Repeat(" ", 64<<10+1), tunnus.CodeTooLarge},
		{"field in nothing", wire.PathRegistration, `{"x":1}`, tunnus.CodeUnknownField},
		{"key not JSON", wire.PathKeys, `begin`, tunnus.CodeNotJSON},
		{"key type no word", wire.PathKeys, `{"type":5}`, tunnus.CodeBadRequest},
		{"key type twice", wire.PathKeys, `{"type":"key-status","type":"key-begin"}`, tunnus.CodeNotJSON},
		{"key type unknown", wire.PathKeys, `{"type":"key-copy"}`, tunnus.CodeBadRequest},
		{"key unknown field", wire.PathKeys, `{"type":"key-harden","pin":"1234"}`, tunnus.CodeBadRequest},
		{"no such path", wire.PathKeys + "/x", `{}`, tunnus.CodeNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d.in(t)
			d.refused(d.raw(tt.path, []byte(tt.body)), tt.want)
		})
	}
	var st wire.Status
	if d.into(d.post(wire.PathRegistration, wire.None{}), &st); st.Next != wire.StepTerms {
		t.Errorf("next %q", st.Next)
	}
}

// No step is taken out of its turn, whichever it is.
func TestStepsOutOfTurn(t *testing.T) {
	d := begun(t)
	for step, body := range map[string]any{
		wire.StepConsent:     wire.Agree{Version: "2026-11", Accepted: true},
		wire.StepForm:        wire.Form{Country: "XX", Surname: "A", Document: "B"},
		wire.StepChip:        wire.Chip{},
		wire.StepSendCode:    wire.Contact{Contact: "ben@example.test"},
		wire.StepContact:     wire.Code{Code: "123456"},
		wire.StepRegister:    wire.None{},
		wire.StepFace:        wire.Face{Frames: [][]byte{{1}}},
		wire.StepKeys:        wire.Keys{Login: "a", Sign: "b"},
		wire.StepApplication: wire.None{},
	} {
		t.Run(step, func(t *testing.T) {
			d.in(t)
			d.refused(d.step(step, body), tunnus.CodeStateConflict)
		})
	}
}

func TestGroupsOfAChip(t *testing.T) {
	d := atChip(t)
	for _, name := range []string{"", "0", "17", "01", "-1", "x", "1.0"} {
		d.refused(d.step(wire.StepChip, wire.Chip{Groups: map[string][]byte{name: {1}}}), tunnus.CodeBadRequest)
	}
}

// A registration belongs to its session: the same device in another one begins anew.
func TestRegistrationOfAnotherSession(t *testing.T) {
	_, ben, _ := fresh(t)
	one := ben.device()
	var st wire.Status
	one.into(one.post(wire.PathRegistration, wire.None{}), &st)
	two := ben.device() // after the first word of the other: of two opened in one millisecond, that word ends the second
	two.refused(two.step(wire.StepTerms, wire.Agree{Version: st.Terms, Accepted: true}), tunnus.CodeNotFound)
}

// A key is its device's: another one is told that there is none.
func TestKeyOfAnotherDevice(t *testing.T) {
	h, p, _ := withAda(t)
	key := p.vault.State.Keys[0]
	ben := h.newHolder("ben")
	ben.phone()
	d := ben.device()
	d.refused(d.post(wire.PathKeys, map[string]any{
		"type": "key-status", "key": key.Blob.Key, "generation": 1, "one_time": key.OneTime,
	}), tunnus.CodeNotFound)
	var list wire.Accounts
	if d.into(d.post(wire.PathAccounts, wire.None{}), &list); len(list.Accounts) != 0 {
		t.Errorf("accounts of another device: %v", list.Accounts)
	}
}

// What is mistyped is asked for again, and the registration goes on.
func TestMistypedThingsAreAskedAgain(t *testing.T) {
	h, ben, phone := fresh(t)
	ben.typed["person-code"] = []string{"19840703000", ben.person.Code.Value()}
	ben.typed["email"] = []string{"no address", "ben@example.test"}
	ben.typed["otp"] = []string{"000000", "new", ""}
	ben.before = func(key string) {
		if key == "otp" && ben.times("otp") == 3 { // the mail of the first code: no other may be sent so soon
			delete(ben.typed, "otp")
		}
	}
	account, err := phone.Register(t.Context())
	if err != nil || account.State != "active" {
		t.Fatalf("account %v, %v; told %q", account, err, ben.told)
	}
	for _, code := range []tunnus.Code{tunnus.CodeFormCode, tunnus.CodeBadRequest, tunnus.CodeOTPWrong, tunnus.CodeOTPResends} {
		if !ben.heard("[" + string(code) + "]") {
			t.Errorf("%s was not told: %q", code, ben.told)
		}
	}
	if got := h.log.String(); strings.Contains(got, "example.test") || strings.Contains(got, ben.person.Surname) || strings.Contains(got, ben.person.Code.Value()) {
		t.Error("the log names the person")
	}
}

// Weak PINs, two that hold one another, and a repeat that differs are refused on
// the phone: nothing of them is sent.
func TestBadPINsAreNotSent(t *testing.T) {
	_, ben, phone := fresh(t)
	weak := []string{"1234", "0000", "1984", "0703", "47190000000000", "47a9"} // birth: 1984-07-03
	ben.typed["pin1"] = append(slices.Clone(weak), "4719", "4719", "4719")
	ben.typed["pin1-again"] = []string{"4718", "4719"}
	ben.typed["pin2"] = []string{"4719", "54719", "83052"}
	ben.typed["pin2-again"] = []string{"54719", "83052"}
	sent := 0
	ben.before = func(key string) {
		if strings.HasPrefix(key, "pin") && len(ben.vault.State.Keys) > 0 && ben.times("pin2-again") < 2 {
			sent++
		}
	}
	if _, err := phone.Register(t.Context()); err != nil {
		t.Fatal(err, ben.told)
	}
	if sent != 0 {
		t.Error("a key was begun before the PINs were good")
	}
	said := 0
	for _, line := range ben.told {
		if strings.Contains(line, string(tunnus.CodePINWeak)) {
			said++
		}
	}
	if said != len(weak)+2 || !ben.heard(string(tunnus.CodePINDiff)) { // PIN2 too short; PIN1 in PIN2
		t.Errorf("%d PINs were called weak; told %q", said, ben.told)
	}
}

// Whoever does not accept the terms, or the use of the face, gets no account.
func TestNoConsent(t *testing.T) {
	tests := []struct {
		step string
		code tunnus.Code
	}{
		{"terms", tunnus.CodeInternal}, // the app does not even ask the server
		{"consent", tunnus.CodeConsentNo},
	}
	for _, tt := range tests {
		t.Run(tt.step, func(t *testing.T) {
			_, ben, phone := fresh(t)
			ben.typed[tt.step] = []string{"no"}
			if a, err := phone.Register(t.Context()); tunnus.CodeOf(err) != tt.code || ben.times("surname") != 0 {
				t.Errorf("account %v, %v", a, err)
			}
		})
	}
}

// A program that answers alike for ever comes to an end.
func TestEndlessRetakesEnd(t *testing.T) {
	_, ben, phone := fresh(t)
	ben.typed["country"] = []string{"ZZ"}
	_, err := phone.Register(t.Context())
	if err == nil || ben.times("country") > 12 {
		t.Errorf("asked %d times; %v", ben.times("country"), err)
	}
}

// A registration that has ended at the server is told by its reason.
func TestEndedRegistrationIsExplained(t *testing.T) {
	_, ben, phone := fresh(t)
	ben.typed["consent"] = []string{"no"}
	for range 2 { // the second time the server only says that it has ended
		_, err := phone.Register(t.Context())
		if e, ok := errors.AsType[*tunnus.Error](err); !ok || e.Code != tunnus.CodeConsentNo || e.Public == "" {
			t.Errorf("error = %v", err)
		}
	}
	if ben.times("consent") != 1 {
		t.Errorf("asked %d times", ben.times("consent"))
	}
}

// A registration that took too long says so.
func TestRegistrationTimesOut(t *testing.T) {
	h, ben, phone := fresh(t)
	ben.before = func(key string) {
		if key == "email" {
			h.clock.forward(31 * time.Minute)
		}
	}
	if _, err := phone.Register(t.Context()); tunnus.CodeOf(err) != tunnus.CodeSesTimeout {
		t.Errorf("error = %v", err)
	}
}

// Neither PIN nor passphrase is in what the phone keeps.
func TestPINsAreNowhere(t *testing.T) {
	_, p, _ := withAda(t)
	kept := encode(t, p.vault.State)
	for _, pin := range []string{"83052", "passphrase"} {
		if bytes.Contains(kept, []byte(pin)) {
			t.Errorf("%s is kept", pin)
		}
	}
}
