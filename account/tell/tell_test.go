package tell

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/notify/sms"
	"github.com/tunnus-id/tunnus/notify/words"
)

type open struct{}

func (open) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (open) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

type people []string

func (p people) All(context.Context, tunnus.PersonCode) (out []contact.Contact, _ error) {
	for _, a := range p {
		out = append(out, contact.Contact{Address: a, State: contact.Confirmed})
	}
	return out, nil
}

func teller(url string, to ...string) Teller {
	return Teller{Sealer: open{}, Contacts: people(to), URL: url, Clock: tunnus.ClockFunc(func() time.Time { return time.Unix(1_900_000_000, 0) })}
}

// Every kind of letter has words.
func TestEveryKindHasWords(t *testing.T) {
	w, err := words.New("tunnus-demo", sms.Fits)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds() {
		if _, err := w.Write(words.Letter{Kind: string(k), At: time.Now()}); err != nil {
			t.Error(err)
		}
	}
}

// Each letter has a link of its own, of which only the hash is kept; whoever reads the
// rows has no link.
func TestLinksAreKeptAsHashes(t *testing.T) {
	a := account.Account{ID: "a", State: account.Active}
	told, err := teller("https://id.example", "x@example.org", "y@example.org").Of(t.Context(),
		Occasion{ID: "1", Kind: New, Account: a, Others: []account.Account{a}, By: "a", Tap: FreezeAccount})
	if err != nil || len(told.Letters) != 2 || len(told.Taps) != 2 || len(told.Notices) != 0 || told.Taps[0].Hash == told.Taps[1].Hash {
		t.Fatalf("%+v, %v", told, err)
	}
	for i, l := range told.Letters {
		m, err := otp.OpenLetter(open{}, l)
		if err != nil {
			t.Fatal(err)
		}
		token, ok := strings.CutPrefix(m.Link, "https://id.example/notme/")
		if !ok || HashOf(token) != told.Taps[i].Hash || strings.Contains(told.Taps[i].Hash, token) {
			t.Errorf("%q, %+v", m.Link, told.Taps[i])
		}
	}
	without, err := teller("", "x@example.org").Of(t.Context(), Occasion{ID: "1", Kind: New, Account: a, Tap: FreezeAccount})
	if err != nil || len(without.Taps) != 0 || len(without.Letters) != 1 {
		t.Errorf("without pages: %+v, %v", without, err)
	}
}

// Notices go to the other devices that have an account in use or stopped, not to
// those of accounts that ended.
func TestWhoGetsANotice(t *testing.T) {
	var all []account.Account
	for _, s := range account.States() {
		all = append(all, account.Account{ID: string(s), State: s})
	}
	told, err := teller("").Of(t.Context(), Occasion{ID: "1", Kind: Used, Account: all[1], Others: all, By: all[1].ID})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, n := range told.Notices {
		got += n.Account + " "
	}
	if got != "frozen disputed blocked suspended " {
		t.Errorf("%q", got)
	}
}

// Whatever is not the Base64 of 32 bytes has no hash, and two tokens have two.
func FuzzHashOf(f *testing.F) {
	f.Add(strings.Repeat("A", 43))
	f.Add("../notme")
	f.Fuzz(func(t *testing.T, token string) {
		h := HashOf(token)
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if good := err == nil && len(raw) == 32; (h != "") != good || good && len(h) != 64 {
			t.Errorf("%q: %q", token, h)
		}
	})
}

// An Estonian holder gets Estonian letters of every kind: no line is as in English.
func TestLettersAreInTheLanguageOfTheHolder(t *testing.T) {
	w, err := words.New("tunnus-demo", sms.Fits)
	if err != nil {
		t.Fatal(err)
	}
	a := account.Account{ID: "a", State: account.Active, ActiveAt: time.Unix(1_800_000_000, 0), Language: "et", Model: "Pixel 8"}
	for _, k := range Kinds() {
		told, err := teller("https://id.example", "x@example.org").Of(t.Context(), Occasion{ID: "1", Kind: k, Account: a, Detail: "2027-01-01", Tap: FreezeAccount})
		if err != nil {
			t.Fatal(err)
		}
		m, err := otp.OpenLetter(open{}, told.Letters[0])
		if err != nil || m.Language != "et" {
			t.Fatalf("%s: %q, %v", k, m.Language, err)
		}
		letter := words.Letter{Kind: string(k), Language: m.Language, Device: m.Device, At: time.Unix(1_900_000_000, 0), About: m.About, Link: m.Link}
		have, err := w.Write(letter)
		if err != nil {
			t.Fatal(err)
		}
		letter.Language = "en"
		english, err := w.Write(letter)
		if err != nil || have.Subject == english.Subject || have.SMS == english.SMS || !strings.Contains(have.Mail, "Seade: Pixel 8") {
			t.Errorf("%s: %v, %+v", k, err, have)
		}
		for line := range strings.Lines(have.Mail) {
			if text := strings.TrimSpace(line); text != "" && strings.Contains(english.Mail, text) {
				t.Errorf("%s: %q", k, text)
			}
		}
	}
}

// The oldest account of a person speaks for one that is young or not active yet.
func TestWhichLanguage(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	made := func(id, language string, ago time.Duration, s account.State) account.Account {
		return account.Account{ID: id, Language: language, ActiveAt: now.Add(-ago), State: s}
	}
	old, closed := made("o", "et", 1000*time.Hour, account.Active), made("c", "lv", 2000*time.Hour, account.Closed)
	young, grown := made("y", "ru", time.Hour, account.Active), made("g", "da", 73*time.Hour, account.Active)
	issued := account.Account{ID: "i", Language: "lt", State: account.Issued}
	for _, c := range []struct {
		of   account.Account
		all  []account.Account
		want string
	}{
		{old, []account.Account{old, closed}, "et"},
		{young, []account.Account{young}, "ru"},
		{young, []account.Account{young, issued, grown, old}, "et"},
		{young, []account.Account{young, closed, grown}, "lv"},
		{grown, []account.Account{grown, old}, "da"},
		{issued, []account.Account{issued}, "lt"},
		{issued, []account.Account{issued, young}, "ru"},
		{issued, []account.Account{young, old}, "et"},
	} {
		if got := Language(c.of, c.all, now); got != c.want {
			t.Errorf("of %s: %s; want %s", c.of.ID, got, c.want)
		}
	}
}
