package serve

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/problem"
)

// canary is in all that is injected: it must be in no log.
const canary = "zq9canary"

// injections are texts that do harm where somebody puts them together with others.
var injections = map[string]string{
	"SQL":        canary + "'; DROP TABLE account; --",
	"HTML":       canary + `"><script>alert(1)</script>`,
	"log":        canary + "\r\ntime=2026-01-01 level=ERROR msg=forged",
	"terminal":   canary + "\x1b[2J\x1b]0;x\a",
	"nothing":    canary + "\x00",
	"directions": canary + "\u202egnp.exe",
	"format":     canary + "%s%n${jndi:ldap://x}{{.}}",
}

// goTo has an honest phone go on until a step is open, by a device of its own.
func (p *holder) goTo(step string) *rawDevice {
	p.t.Helper()
	d := p.device()
	s := &steps.Steps{Screen: p, Body: p, Clock: p.clock}
	s.Post = func(_ context.Context, name string, in any) (st wire.Status, err error) {
		d.into(d.step(name, in), &st)
		return st, nil
	}
	var st wire.Status
	d.into(d.post(wire.PathRegistration, wire.None{}), &st)
	for st.Next != step {
		do := s.Find(st)
		if do == nil {
			p.t.Fatalf("nobody does %q", st.Next)
		}
		var err error
		if st, err = do(p.t.Context(), st); err != nil {
			p.t.Fatal(err)
		}
	}
	return d
}

// harmless checks that a request with something injected was answered as what it is:
// nothing of ours has failed over it, and nobody is sent or told the text again.
func (d *rawDevice) harmless(what string, a answer) {
	d.t.Helper()
	if a.status >= http.StatusInternalServerError || strings.Contains(string(a.body), canary) {
		d.t.Errorf("%s: %d %s", what, a.status, a.body)
	}
	if log := d.log.String(); strings.Contains(log, canary) || strings.Contains(log, "forged") {
		d.t.Fatalf("%s: it is in the log:\n%s", what, log)
	}
	if _, err := d.store.Accounts().ByDevice(d.t.Context(), "x"); err != nil {
		d.t.Fatalf("%s: the accounts are gone: %v", what, err)
	}
}

// SQL, HTML, lines of a log, commands of a terminal in every text field of the steps of
// a registration: each is a value like any other.
func TestInjectionIntoEveryFieldOfARegistration(t *testing.T) {
	h, ben, _ := fresh(t)
	form := wire.Form{Country: "XX", Surname: ben.person.Surname, GivenNames: ben.person.GivenNames, PersonCode: ben.person.Code.Value(), Document: ben.person.Number}
	for name, text := range injections {
		d := ben.goTo(wire.StepForm)
		for field, put := range map[string]func(*wire.Form){
			"country": func(f *wire.Form) { f.Country = text }, "person_code": func(f *wire.Form) { f.PersonCode = text },
		} {
			in := form
			put(&in)
			d.harmless(name+" in "+field, d.step(wire.StepForm, in))
		}
		in := form
		in.Surname, in.GivenNames, in.Document = text, text, text
		d.harmless(name+" in the names", d.step(wire.StepForm, in))
		for what, body := range map[string]any{
			"way": wire.Begin{Way: text}, "purpose": wire.Begin{Purpose: text}, "replaces": wire.Begin{Purpose: "renew", Replaces: text},
		} {
			other := ben.device()
			other.harmless(name+" in "+what, other.post(wire.PathRegistration, body))
		}
		d = ben.goTo(wire.StepTerms)
		d.harmless(name+" in version", d.step(wire.StepTerms, wire.Agree{Version: text, Accepted: true}))
		h.clock.forward(31 * time.Minute) // the next round has a phone without a sitting
	}
	ben.typed["otp"] = []string{"new"}
	d := ben.goTo(wire.StepContact)
	for name, text := range injections {
		for what, a := range map[string]answer{
			"contact": d.step(wire.StepSendCode, wire.Contact{Contact: text}), "an address": d.step(wire.StepSendCode, wire.Contact{Contact: text + "@example.test"}),
			"pick": d.step(wire.StepSendCode, wire.Contact{Pick: text}), "code": d.step(wire.StepContact, wire.Code{Code: text}),
			"keys": d.step(wire.StepKeys, wire.Keys{Login: text, Sign: text}), "activation": d.step(wire.StepActivation, wire.Code{Code: text}),
			"older": d.step(wire.StepOldDevice, wire.Elsewhere{Without: true, Replaces: text}), "is me": d.step(wire.StepIsMe, wire.IsMe{Replaces: text}),
			"a group": d.step(wire.StepChip, wire.Chip{Groups: map[string][]byte{text: {1}}}), "link": d.post(wire.PathConfirm, wire.Confirm{Link: text}),
			"document": d.post(wire.PathContainer, wire.ContainerOf{Document: text}), "a member": d.raw(wire.PathRegistration, []byte(`{"`+canary+`":1}`)),
		} {
			if what != "a member" { // whoever misspells one is told which
				d.harmless(name+" in "+what, a)
			}
		}
	}
}

// The same in all that an app says of itself when it starts, and in what a holder does
// with an account.
func TestInjectionIntoEveryFieldOfAnAccount(t *testing.T) {
	_, ada, _ := withAda(t)
	key := ada.vault.State.Device
	for name, text := range injections {
		d := ada.device()
		spki := sure(device.Public(sure(x509.ParseECPrivateKey(key))(t)))(t)
		d.harmless(name+" at the start", d.send(wire.PathSessions, http.Header{}, encode(t, wire.Start{DeviceKey: spki, AppVersion: text, OS: text, OSVersion: text, Model: text})))
		for what, a := range map[string]answer{
			"link": d.post(wire.PathConfirm, wire.Confirm{Link: text}), "container": d.post(wire.PathContainer, wire.ContainerOf{Document: text}),
			"reason": d.post(wire.PathRequests+"/x/refuse", wire.Refuse{Reason: text}), "screen": d.post(wire.PathRequests+"/x/refuse", wire.Refuse{Reason: wire.ReasonCancel, Screen: text}),
			"act": d.post(wire.PathAct, wire.Act{Do: text, Target: text, Actor: text}), "target": d.post(wire.PathAct, wire.Act{Do: wire.ActBlock, Target: text}),
			"new contact": d.post(wire.PathAct, wire.Act{Do: wire.ActAddContact, Target: text}), "old contact": d.post(wire.PathAct, wire.Act{Do: wire.ActRemoveContact, Target: text}),
			"language": d.post(wire.PathLanguage, map[string]string{"language": text}), "key": d.post(wire.PathKeys, map[string]any{"type": text, "key": text}),
			"key of a type": d.post(wire.PathKeys, map[string]any{"type": "key-status", "key": text, "generation": 1, "one_time": []byte(text)}),
		} {
			d.harmless(name+" in "+what, a)
		}
	}
}

// Names of a megabyte, and names of a page, are too large before anybody looks at them.
func TestNamesWithoutEnd(t *testing.T) {
	_, ben, _ := fresh(t)
	d := ben.goTo(wire.StepForm)
	form := func(name string) wire.Form {
		return wire.Form{Country: "XX", Surname: name, GivenNames: "B", PersonCode: ben.person.Code.Value(), Document: "P1"}
	}
	d.refused(d.step(wire.StepForm, form(strings.Repeat("A", 1<<20))), tunnus.CodeTooLarge)
	for _, name := range []string{strings.Repeat("A", 60<<10), strings.Repeat("Ä", 101), strings.Repeat("A", 201)} {
		d.refused(d.step(wire.StepForm, form(name)), tunnus.CodeBadRequest)
	}
	var st wire.Status
	if d.into(d.step(wire.StepForm, form("Ō"+strings.Repeat("é", 79))), &st); st.Next != wire.StepChip { // 80 letters
		t.Errorf("next %q", st.Next)
	}
}

// Personal codes with another check digit, of days that there are not, of other
// countries, and things that are no code.
func TestPersonalCodesThatCannotBe(t *testing.T) {
	_, ben, _ := fresh(t)
	d := ben.goTo(wire.StepForm)
	for code, want := range map[string]tunnus.Code{
		"199002140018": tunnus.CodeFormCode, "199002300010": tunnus.CodeFormCode, "199013010010": tunnus.CodeFormCode, "199000000010": tunnus.CodeFormCode,
		"": tunnus.CodeFormCode, "abc": tunnus.CodeFormCode, "１９９００２１４００１７": tunnus.CodeFormCode, strings.Repeat("1", 400): tunnus.CodeFormCode,
	} {
		d.refused(d.step(wire.StepForm, wire.Form{Country: "XX", Surname: "A", GivenNames: "B", PersonCode: code, Document: "P1"}), want)
	}
	d.refused(d.step(wire.StepForm, wire.Form{Country: "QQ", Surname: "A", PersonCode: "199002140017", Document: "P1"}), tunnus.CodeEligCountry)
}

// Surname and given names in each other's field: the person is told which field, and
// mends it on the spot.
func TestSwappedNamesAreMended(t *testing.T) {
	_, ben, phone := fresh(t)
	ben.typed["surname"] = []string{ben.person.GivenNames, ben.person.Surname}
	ben.typed["given-names"] = []string{ben.person.Surname, ben.person.GivenNames}
	a, err := phone.Register(t.Context())
	if err != nil || a.State != "active" || !ben.heard("["+string(tunnus.CodeFormName)+"]") {
		t.Errorf("account %v, %v; told %q", a.State, err, ben.told)
	}
}

// Phone numbers without their country, and addresses of mail with tricks: refused with
// the field that is meant, and nothing is sent anywhere.
func TestContactsWithTricks(t *testing.T) {
	h, ben, _ := fresh(t)
	ben.typed["otp"] = []string{"new"}
	d := ben.goTo(wire.StepContact)
	for _, contact := range []string{
		"5123 4567", "372 5123 4567", "+", "+372", "+999 1234567", "+372 51x3 4567", "++37251234567",
		"ben@example.test\r\nBcc: eve@example.test", "ben@example.test,eve@example.test", "ben@example.test eve@example.test", `"Ben" <ben@example.test>`,
		"<ben@example.test>", "ben@[127.0.0.1]", "ben@localhost", "@example.test", "ben@", "ben@@example.test", "ben@example..test", "ben@-example.test",
		"ben(comment)@example.test", "ben@example.test\x00", "mailto:ben@example.test", strings.Repeat("b", 300) + "@example.test", "ben@" + strings.Repeat("e", 300) + ".test", "",
	} {
		a := d.step(wire.StepSendCode, wire.Contact{Contact: contact})
		var p problem.Document
		if err := json.Unmarshal(a.body, &p); err != nil || p.Code != tunnus.CodeBadRequest || p.Field != "contact" {
			t.Errorf("%q: %d %s", contact, a.status, a.body)
		}
	}
	if left := sure(h.store.Outbox().Pending(t.Context(), time.Now().Add(time.Hour), 100))(t); len(left) != 0 {
		t.Errorf("%d letters wait", len(left))
	}
}

// atOnce sends one step as many times at the same moment, each with a counter of its
// own, and counts what it was answered.
func (d *rawDevice) atOnce(many int, step string, in any) map[tunnus.Code]int {
	d.t.Helper()
	path, body := wire.PathRegistration+"/"+step, encode(d.t, in)
	var all []http.Header
	for range many {
		d.counter++
		s := d.sign(device.Request{Method: http.MethodPost, Path: path, Session: d.session, Counter: d.counter, Nonce: d.nonce, Body: body})
		h := http.Header{}
		h.Set(wire.HeaderSession, d.session)
		h.Set(wire.HeaderCounter, strconv.FormatUint(d.counter, 10))
		h.Set(wire.HeaderSignature, base64.RawURLEncoding.EncodeToString(s.Signature))
		all = append(all, h)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	start, told := make(chan struct{}), map[tunnus.Code]int{}
	for _, h := range all {
		wg.Go(func() {
			<-start
			var p struct{ Code tunnus.Code }
			_ = json.Unmarshal(d.send(path, h, body).body, &p)
			mu.Lock()
			defer mu.Unlock()
			told[p.Code]++
		})
	}
	close(start)
	wg.Wait()
	return told
}

// lines counts the audit lines of a registration by kind.
func (d *rawDevice) lines(kind string) (n int) {
	d.t.Helper()
	for _, e := range sure(d.store.Audit().Events(d.t.Context(), d.session))(d.t) {
		if e.Kind == kind || e.Kind+"/"+e.Detail["fact"] == kind {
			n++
		}
	}
	return n
}

// The same one-time code a thousand times at once: it is used once, and one fact comes
// of it. A wrong one a thousand times at once: three are judged.
func TestOneTimeCodeAThousandTimesAtOnce(t *testing.T) {
	for _, right := range []bool{true, false} {
		_, ben, _ := fresh(t)
		ben.typed["otp"] = []string{"new"}
		d := ben.goTo(wire.StepContact)
		var st wire.Status
		d.into(d.step(wire.StepSendCode, wire.Contact{Contact: "ben@example.test"}), &st)
		code := sure(ben.readMail(t.Context()))(t)
		if !right {
			code = strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
		}
		told := d.atOnce(1000, wire.StepContact, wire.Code{Code: code})
		used, facts, tries := d.lines("otp.confirmed"), d.lines("enrol.fact/contact"), d.lines("otp.try")
		if tries < 1 || tries > 3 || used != facts || (used == 1) != right || used > 1 || told[tunnus.CodeInternal] > 0 {
			t.Errorf("right %v: %d tries, %d uses, %d facts; told %v", right, tries, used, facts, told)
		}
	}
}
