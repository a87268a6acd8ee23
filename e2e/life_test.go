package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/life"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/problem/phrases"
	"github.com/tunnus-id/tunnus/sandbox/mailbox"
)

// mail waits for a mail to somebody under a subject, and returns the newest.
func (s *server) mail(to, subject string) mailbox.Mail {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if list := s.mails(to, subject); len(list) > 0 {
			return list[0]
		}
	}
	for _, m := range s.box.Mails() {
		s.t.Logf("%q: %s", m.To, m.Subject)
	}
	s.t.Fatalf("no mail to %s: %s", to, subject)
	return mailbox.Mail{}
}

// mails are those to somebody under a subject, newest first.
func (s *server) mails(to, subject string) []mailbox.Mail {
	return slices.DeleteFunc(s.box.Mails(), func(m mailbox.Mail) bool {
		return !slices.Contains(m.To, to) || m.Subject != "tunnus: "+subject
	})
}

// pair is one person with two phones: the older one speaks Estonian, the other Russian.
type pair struct {
	*server
	old, young   *holder
	first, other life.Phone
	one, two     *app.App
}

func newPair(t *testing.T) *pair {
	s := sooner(t, func(c map[string]any) { c["origin"] = fmt.Sprintf("https://%s", c["listen"]) })
	p := &pair{server: s, old: s.newHolder("ada"), young: s.newHolder("ada")}
	p.young.person.Name, p.young.typed["email"] = "young", []string{"young@example.test"}
	register := func(h *holder, l phrases.Language) (*app.App, life.Phone) {
		a := s.speaking(h, h.person.Name+".phone", l)
		if _, err := a.Register(t.Context()); err != nil {
			t.Fatalf("%s; asked %v", a.Explain(err), h.asked)
		}
		held, err := a.Phone()
		if err != nil {
			t.Fatal(err)
		}
		return a, held
	}
	p.one, p.first = register(p.old, phrases.Estonian)
	s.later()
	p.two, p.other = register(p.young, phrases.Russian)
	return p
}

// news waits for a notice of a kind on a phone.
func (p *pair) news(on life.Phone, kind string) {
	p.t.Helper()
	until(p.t, kind, func() (seen bool) {
		if err := on.Notices(p.t.Context(), func(n wire.Notice) error { seen = seen || n.Kind == kind; return nil }); err != nil {
			p.t.Fatal(err)
		}
		return seen
	})
}

var linkInMail = regexp.MustCompile(`https://\S+/notme/\S+`)

// tap follows the link of a mail, as a person in a browser would, and returns what the
// page says before and after.
func (s *server) tap(m mailbox.Mail) (before, after string) {
	s.t.Helper()
	link := linkInMail.FindString(m.Text)
	if link == "" {
		s.t.Fatalf("no link: %q", m.Text)
	}
	page := func(method string) string {
		req, err := http.NewRequestWithContext(s.t.Context(), method, link, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Accept-Language", "et")
		resp, err := s.http.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			s.t.Fatalf("%s: %+v, %v", method, resp, err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			s.t.Fatal(err)
		}
		return string(b)
	}
	return page(http.MethodGet), page(http.MethodPost)
}

func (p *pair) state(document string) string {
	p.t.Helper()
	list, err := p.first.Accounts(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, a := range list {
		if a.Document == document {
			return a.State
		}
	}
	return ""
}

// Product.md §6: every new account is announced at all contacts and on all other
// devices, in the language of the holder; one tap stops it.
func TestNewAccountIsAnnouncedAndFrozenByOneTap(t *testing.T) {
	p := newPair(t)
	started := p.mail("ada@example.test", "Luuakse kontot") // the older account's language, not that of the phone that registers
	m := p.mail("ada@example.test", "Sul on uus konto")
	p.mail("young@example.test", "Ваша учётная запись активна")
	p.news(p.first, "account-new")
	for _, told := range []mailbox.Mail{started, m} {
		if !strings.Contains(told.Text, "Seade: test phone") {
			t.Errorf("no device: %q", told.Text)
		}
	}
	if linkInMail.MatchString(started.Text) || p.state(p.other.Document) != "active" {
		t.Errorf("%q; %s", started.Text, p.state(p.other.Document))
	}
	before, after := p.tap(m)
	if !strings.Contains(before, "Peata see konto") || strings.Contains(before, "peatatud") || !strings.Contains(after, "Konto on peatatud") {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	if got := p.state(p.other.Document); got != "frozen" {
		t.Errorf("the account is %s", got)
	}
	p.mail("ada@example.test", "Konto on külmutatud")
	if _, err := p.two.Next(t.Context()); tunnus.CodeOf(err) != tunnus.CodeKeyUnusable {
		t.Errorf("the frozen phone waits for requests: %v", err)
	}
}

// A new contact is held five days, of which the others hear at once, and can be
// stopped by one tap; the code that proves it is in the holder's language.
func TestContactIsHeldAndStoppedByOneTap(t *testing.T) {
	p := newPair(t)
	done, err := p.first.Act(t.Context(), wire.ActAddContact, "thief@example.test")
	if err != nil {
		t.Fatal(err)
	}
	code := codeInMail.FindStringSubmatch(p.mail("thief@example.test", "Sinu kood").Text)
	if code == nil {
		t.Fatal("a mail without a code")
	}
	if done, err = p.first.ConfirmContact(t.Context(), done.Contact.ID, code[1]); err != nil {
		t.Fatal(err)
	}
	if left := time.Until(done.Contact.Held); left < 119*time.Hour || left > 120*time.Hour {
		t.Errorf("held for %v", left)
	}
	p.news(p.other, "contact-added")
	m := p.mail("ada@example.test", "Lisati kontakt")
	if strings.Contains(m.Text, "thief@") {
		t.Errorf("the whole address stands in the letter: %q", m.Text)
	}
	if _, after := p.tap(m); !strings.Contains(after, "Muudatus on peatatud") {
		t.Errorf("the page says %s", after)
	}
	list, err := p.first.Contacts(t.Context())
	if err != nil || slices.ContainsFunc(list, func(k wire.Reached) bool { return k.ID == done.Contact.ID }) {
		t.Errorf("%+v, %v", list, err)
	}
}

// Reminders come 60 days and 72 hours before the end, each once, in the language that
// the holder has chosen meanwhile.
func TestRemindersAndLanguage(t *testing.T) {
	p := newPair(t)
	const subject = "Sinu konto lõpeb varsti"
	ends := func(in time.Duration) {
		sqlite(t, p.database(), "UPDATE account SET expires_at = ? WHERE document = ?", time.Now().Add(in).UnixMilli(), p.first.Document)
	}
	ends(61 * 24 * time.Hour)
	time.Sleep(5 * time.Second) // two rounds of the job
	if n := len(p.mails("ada@example.test", subject)); n != 0 {
		t.Fatalf("%d reminders 61 days before", n)
	}
	ends(59 * 24 * time.Hour)
	p.mail("ada@example.test", subject)
	p.news(p.other, "account-expires")
	if err := p.first.Speak(t.Context(), "lv"); err != nil {
		t.Fatal(err)
	}
	ends(71 * time.Hour)
	p.mail("ada@example.test", "Jūsu konts drīz beigsies")
	time.Sleep(5 * time.Second)
	for subject, want := range map[string]int{subject: 1, "Jūsu konts drīz beigsies": 1} {
		if n := len(p.mails("ada@example.test", subject)); n != want {
			t.Errorf("%d mails %q; want %d", n, subject, want)
		}
	}
}

// The history has each use; a service can be hidden, and all of it saved. That it is
// kept for 13 months is proved by store/retention.
func TestHistoryIsHiddenAndSaved(t *testing.T) {
	p := newPair(t)
	p.logsIn(member{p.old, p.one, client.Subject{Number: p.first.Document}})
	find := func(all bool) (list []wire.Entry) {
		list, err := p.first.History(t.Context(), 50, all)
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(list, func(e wire.Entry) bool { return e.Service != partyName })
	}
	until(t, "the log-in in the history", func() bool { return len(find(false)) == 1 })
	p.news(p.other, "account-used")
	if e := find(false)[0]; e.Text != "Log in to the test" || e.Result != "OK" {
		t.Errorf("%+v", e)
	}
	if err := p.first.Hide(t.Context(), wire.Hide{Service: partyName, Hidden: true}); err != nil || len(find(false)) != 0 || len(find(true)) != 1 {
		t.Errorf("hidden: %v, %d, %d", err, len(find(false)), len(find(true)))
	}
	saved, err := p.other.Export(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := life.ReadExport(b); err != nil || !slices.ContainsFunc(e.Entries, func(e wire.Entry) bool { return e.Service == partyName }) {
		t.Errorf("the export: %+v, %v", e, err)
	}
}
