package otp

import (
	"fmt"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// pumped is a desk that has sent ten codes to as many Estonian phones, of which so
// many were typed rightly and so many never went out, and a quarter of an hour has passed.
func pumped(t *testing.T, typed, lost int) *desk {
	t.Helper()
	d := newDesk(t)
	d.rules.Proved, d.rules.JudgedFrom, d.rules.PerPerson = 30, 10, 100
	for i := range 10 {
		session := fmt.Sprint("s", i)
		if _, err := d.to(session, fmt.Sprintf("+372512345%d", i)); err != nil {
			t.Fatal(err)
		}
		m := d.last()
		switch {
		case i < typed:
			d.expect(session, m.Code, "", -1)
		case i < typed+lost:
			if err := (Returns{d.store, d.clock}).Unsent(t.Context(), m.Session, m.CodeID); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.now = d.now.Add(15 * time.Minute)
	return d
}

// Where hardly a code is typed, the country gets mail only for an hour, and the audit
// log says so once in ten minutes; other countries, mail and contacts on file go on.
func TestPumpingOfCodesThatNobodyTypes(t *testing.T) {
	d := pumped(t, 2, 0)
	for i := range 3 {
		_, err := d.to(fmt.Sprint("pump", i), phone)
		d.wantCode("a phone of the country", err, tunnus.CodeOTPNoSMSCountry)
	}
	if len(d.store.outbox) != 10 {
		t.Errorf("%d letters", len(d.store.outbox))
	}
	var alarms []tunnus.Event
	for _, e := range d.store.events {
		if e.Kind == "otp.alarm" {
			alarms = append(alarms, e)
		}
	}
	if len(alarms) != 1 || fmt.Sprint(alarms[0].Detail) != "map[country:EE proved:2 sent:10]" {
		t.Errorf("alarms: %+v", alarms)
	}
	if _, err := d.to("pump0", "ada@example.org"); err != nil {
		t.Errorf("mail, in the session that was refused: %v", err)
	}
	d.expect("pump0", d.last().Code, "", -1)
	if _, err := d.to("else", "+37120000001"); err != nil {
		t.Errorf("another country: %v", err)
	}
	o := d.order("file", "d")
	o.Contact, o.OnFile = "", []string{phone}
	o.Pick = d.Offer("file", o.OnFile)[0].ID
	if _, err := d.Send(t.Context(), o); err != nil {
		t.Errorf("a number on file: %v", err)
	}
	d.now = d.now.Add(time.Hour)
	if _, err := d.to("later", phone); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// Codes that are typed, or that the gateway did not take, raise no alarm; nor do those
// that may still be typed, or too few.
func TestNoAlarmWithoutPumping(t *testing.T) {
	for name, d := range map[string]*desk{
		"three of ten are typed": pumped(t, 3, 0), "the gateway was down": pumped(t, 0, 10),
	} {
		if _, err := d.to("more", phone); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	fresh := pumped(t, 0, 0)
	fresh.now = fresh.now.Add(-15*time.Minute + 4*time.Minute)
	if _, err := fresh.to("more", phone); err != nil {
		t.Errorf("while they may be typed: %v", err)
	}
	few := pumped(t, 0, 0)
	few.rules.JudgedFrom = 11
	if _, err := few.to("more", phone); err != nil {
		t.Errorf("too few to judge: %v", err)
	}
}
