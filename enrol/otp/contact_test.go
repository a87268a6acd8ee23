package otp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
)

// phone and others are examples of libphonenumber.
const (
	phone    = "+3725123456"
	american = "+12015550123"
)

// to orders a code for a contact.
func (d *desk) to(session, contact string) (Sent, error) {
	o := d.order(session, "d")
	o.Contact = contact
	return d.Send(d.t.Context(), o)
}

func (d *desk) wantCode(what string, err error, want tunnus.Code) *tunnus.Error {
	d.t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		d.t.Errorf("%s: %v; want %q", what, err, want)
	}
	var e *tunnus.Error
	errors.As(err, &e)
	return e
}

// last is the newest message of the outbox.
func (d *desk) last() Message {
	d.t.Helper()
	m, err := OpenLetter(mask{}, d.store.outbox[len(d.store.outbox)-1])
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

// A code to a phone lives half as long as one by mail, and both go where they were asked for.
func TestChannels(t *testing.T) {
	d := newDesk(t)
	for typed, want := range map[string]struct {
		contact string
		channel address.Channel
		life    time.Duration
	}{
		"+372 512-3456":   {phone, address.SMS, 5 * time.Minute},
		"Ada@Example.ORG": {"Ada@example.org", address.Email, 10 * time.Minute},
	} {
		sent, err := d.to("s "+typed, typed)
		if err != nil || sent.Contact != want.contact || sent.Channel != want.channel || !sent.Expires.Equal(d.now.Add(want.life)) || !sent.OfferAt.Equal(d.now.Add(2*time.Minute)) {
			t.Errorf("%s: %+v, %v", typed, sent, err)
		}
		if m, l := d.last(), d.store.outbox[len(d.store.outbox)-1]; m.To != want.contact || m.Channel() != want.channel || l.Channel != want.channel {
			t.Errorf("%s: to %s by %s", typed, m.To, l.Channel)
		}
	}
	if d.ContactKey("+372 512 3456") != d.ContactKey(phone) || d.ContactKey(phone) == d.ContactKey("+3725123457") {
		t.Error("numbers that are the same have two keys, or others have one")
	}
}

func TestWhatIsNoContact(t *testing.T) {
	d := newDesk(t)
	for _, typed := range []string{"", "512 3456", "ada", "a@b.example\r\nBcc: e@x.example", `"a"@b.example`, "+372 600 0000", strings.Repeat("a", 1<<20)} {
		_, err := d.to("s", typed)
		d.wantCode(fmt.Sprintf("%.20q", typed), err, tunnus.CodeBadRequest)
	}
	if len(d.store.outbox) != 0 || len(d.store.spent) != 0 {
		t.Error("what is no contact cost something")
	}
}

// Phones of some countries get no code; mail to the same person does.
func TestCountriesWithoutTextMessages(t *testing.T) {
	d := newDesk(t)
	for _, number := range []string{american, "+15062345678", "+32470123456"} {
		_, err := d.to("s", number)
		d.wantCode(number, err, tunnus.CodeOTPNoSMSCountry)
	}
	if _, err := d.to("s", "ada@example.org"); err != nil {
		t.Error(err)
	}
}

// The applicant may switch from the phone to mail: the code on the phone opens nothing any more.
func TestSwitchToMail(t *testing.T) {
	d := newDesk(t)
	if _, err := d.to("s", phone); err != nil {
		t.Fatal(err)
	}
	first := d.last().Code
	d.now = d.now.Add(time.Minute)
	sent, err := d.to("s", "ada@example.org")
	if err != nil || sent.Resends != 2 {
		t.Fatalf("%+v, %v", sent, err)
	}
	d.expect("s", first, tunnus.CodeOTPOld, 2)
	contact, err := d.Confirm(t.Context(), "s", "", d.last().Code)
	if err != nil || contact != d.ContactKey("ada@example.org") {
		t.Errorf("%q, %v", contact, err)
	}
}

// A code goes to the contact on file that was picked, and to no other.
func TestOnFile(t *testing.T) {
	d := newDesk(t)
	onFile := []string{"olav@example.org", phone, american, "OLAV@example.org", "not a contact"}
	choices := d.Offer("s", onFile)
	if len(choices) != 2 || choices[0].Mask != "o…@example.org" || choices[1].Mask != "+372 •••• 56" || choices[1].Channel != address.SMS {
		t.Fatalf("%+v", choices)
	}
	for _, c := range choices {
		if strings.Contains(c.ID, "olav") || strings.Contains(c.ID, "5123456") || len(c.ID) != 32 {
			t.Errorf("the name %q tells something", c.ID)
		}
	}
	o := d.order("s", "d")
	o.Contact, o.OnFile, o.Pick = "", onFile, choices[1].ID
	sent, err := d.Send(t.Context(), o)
	if err != nil || sent.Contact != phone || d.last().To != phone {
		t.Errorf("%+v, %v", sent, err)
	}
	for name, spoil := range map[string]func(o *Order){
		"none":                      func(o *Order) { o.Pick = "" },
		"the address itself":        func(o *Order) { o.Pick = phone },
		"of another session":        func(o *Order) { o.Pick = d.Offer("other", onFile)[1].ID },
		"of another person":         func(o *Order) { o.Pick = d.Offer("s", []string{"eve@example.org"})[0].ID },
		"one's own beside the pick": func(o *Order) { o.Contact = "eve@example.org" },
	} {
		bad := o
		spoil(&bad)
		_, err := d.Send(t.Context(), bad)
		d.wantCode(name, err, tunnus.CodeBadRequest)
	}
}

// What goes to a range of numbers, a country, and in all is bounded by the hour;
// mail goes on.
func TestPumping(t *testing.T) {
	for name, rules := range map[string]func(r *Rules){
		"prefix": func(r *Rules) { r.PerPrefix = 3 }, "country": func(r *Rules) { r.PerCountry = 3 }, "all": func(r *Rules) { r.PerHour = 3 },
	} {
		d := newDesk(t)
		rules(&d.rules)
		for i := range 3 {
			if _, err := d.to(fmt.Sprint("s", i), fmt.Sprintf("+372512345%d", i)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		d.now = d.now.Add(17 * time.Minute)
		_, err := d.to("more", "+3725123459")
		if e := d.wantCode(name, err, tunnus.CodeOTPResends); e == nil || !e.Until.Equal(d.now.Truncate(time.Hour).Add(time.Hour)) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := d.to("mail", "ada@example.org"); err != nil {
			t.Errorf("%s: mail: %v", name, err)
		}
		if name == "prefix" {
			if _, err := d.to("else", "+37253001234"); err != nil {
				t.Errorf("another range: %v", err)
			}
		}
		d.now = d.now.Add(time.Hour)
		if _, err := d.to("later", "+3725123459"); err != nil {
			t.Errorf("%s: an hour later: %v", name, err)
		}
	}
}

// No budget names a number, nor the range that it is of.
func TestBudgetsTellNoNumber(t *testing.T) {
	d := newDesk(t)
	d.rules.PerPrefix, d.rules.PerCountry = 5, 5
	if _, err := d.to("s", phone); err != nil {
		t.Fatal(err)
	}
	if kept := fmt.Sprint(d.store.spent); strings.Contains(kept, "512") || !strings.Contains(kept, "country:EE") {
		t.Errorf("kept: %s", kept)
	}
}

// A code that was not sent costs no resend and no waiting; one that was tried,
// replaced or used is left as it is; and who cannot be reached gets no codes for ever.
func TestUnsent(t *testing.T) {
	d := newDesk(t)
	back := func() {
		t.Helper()
		m := d.last()
		if err := (Returns{d.store, d.clock}).Unsent(t.Context(), m.Session, m.CodeID); err != nil {
			t.Fatal(err)
		}
	}
	first := d.send("s", "d")
	back()
	d.expect("s", first, tunnus.CodeOTPOld, -1)
	second := d.send("s", "d")
	d.expect("s", other(second), tunnus.CodeOTPWrong, 2)
	back()
	d.expect("s", second, "", -1)
	if err := (Returns{d.store, d.clock}).Unsent(t.Context(), "none", "x"); err != nil {
		t.Errorf("of no session: %v", err)
	}
	n := 0
	for ; n < 20; n++ {
		if _, err := d.to("lost", phone); err != nil {
			d.wantCode("at last", err, tunnus.CodeOTPResends)
			break
		}
		back()
	}
	if n != 8 {
		t.Errorf("%d codes for one session that none reaches", n)
	}
}
