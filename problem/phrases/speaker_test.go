package phrases

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// Numbers that fall into every plural form of the six languages.
func TestPluralForms(t *testing.T) {
	b := codes(t)
	for _, tt := range []struct {
		l    Language
		said map[int]string
	}{
		{English, map[int]string{0: "No tries left.", 1: "1 try left.", 2: "2 tries left.", 11: "11 tries left.", 21: "21 tries left."}},
		{Estonian, map[int]string{0: "Katseid enam ei ole.", 1: "Jäänud on 1 katse.", 2: "Jäänud on 2 katset.", 5: "Jäänud on 5 katset.", 21: "Jäänud on 21 katset."}},
		{Danish, map[int]string{1: "Du har 1 forsøg tilbage.", 2: "Du har 2 forsøg tilbage."}},
		{Lithuanian, map[int]string{
			0: "Bandymų nebeliko.", 1: "Liko 1 bandymas.", 2: "Liko 2 bandymai.", 5: "Liko 5 bandymai.", 10: "Liko 10 bandymų.",
			11: "Liko 11 bandymų.", 12: "Liko 12 bandymų.", 21: "Liko 21 bandymas.", 22: "Liko 22 bandymai.", 111: "Liko 111 bandymų.",
		}},
		{Latvian, map[int]string{
			1: "Atlicis 1 mēģinājums.", 2: "Atlikuši 2 mēģinājumi.", 5: "Atlikuši 5 mēģinājumi.", 10: "Atlicis 10 mēģinājumu.",
			11: "Atlicis 11 mēģinājumu.", 20: "Atlicis 20 mēģinājumu.", 21: "Atlicis 21 mēģinājums.", 22: "Atlikuši 22 mēģinājumi.",
		}},
		{Russian, map[int]string{
			0: "Попыток не осталось.", 1: "Осталась 1 попытка.", 2: "Осталось 2 попытки.", 5: "Осталось 5 попыток.", 11: "Осталось 11 попыток.",
			14: "Осталось 14 попыток.", 21: "Осталась 21 попытка.", 22: "Осталось 22 попытки.", 25: "Осталось 25 попыток.", 111: "Осталось 111 попыток.",
		}},
	} {
		for n, want := range tt.said {
			if got := b.In(tt.l).Left(n); got != want {
				t.Errorf("%s: %d: %q; want %q", tt.l, n, got, want)
			}
		}
	}
}

func TestDates(t *testing.T) {
	b := codes(t)
	at := time.Date(2026, 5, 4, 14, 0, 1, 0, time.FixedZone("EEST", 3*3600))
	for l, want := range map[Language][2]string{
		English:    {"4 May 2026", "Locked until 4 May 2026 at 14:01 (EEST)."},
		Estonian:   {"4. mail 2026", "Lukustus lõpeb 4. mail 2026 kell 14:01 (EEST)."},
		Lithuanian: {"2026 m. gegužės 4 d.", "Užraktas baigsis 2026 m. gegužės 4 d. 14:01 (EEST)."},
		Latvian:    {"2026. gada 4. maijā", "Bloķēšana beigsies 2026. gada 4. maijā plkst. 14:01 (EEST)."},
		Danish:     {"den 4. maj 2026", "Låst indtil den 4. maj 2026 kl. 14:01 (EEST)."},
		Russian:    {"4 мая 2026 года", "Блокировка закончится 4 мая 2026 года в 14:01 (EEST)."},
	} {
		s := b.In(l)
		if date, until := s.Date(at), s.Until(at, true); date != want[0] || until != want[1] {
			t.Errorf("%s: %q, %q", l, date, until)
		}
	}
}

// Twelve months, in each language twelve names.
func TestMonths(t *testing.T) {
	b := codes(t)
	for _, l := range Languages() {
		var said []string
		for m := time.January; m <= time.December; m++ {
			said = append(said, b.In(l).Date(time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC)))
		}
		slices.Sort(said)
		if n := len(slices.Compact(said)); n != 12 {
			t.Errorf("%s: %d months: %q", l, n, said)
		}
	}
}

func TestWait(t *testing.T) {
	b := codes(t)
	const day = 24 * time.Hour
	for _, tt := range []struct {
		l    Language
		d    time.Duration
		want string
	}{
		{English, 0, "1 second"},
		{English, 44*time.Second + 1, "45 seconds"},
		{English, time.Minute, "1 minute"},
		{English, time.Hour - time.Nanosecond, "1 hour"},
		{English, 2*time.Hour + 59*time.Minute + 59*time.Second, "2 hours 59 minutes"},
		{English, day + 30*time.Second, "1 day"},
		{Estonian, 3*day + time.Hour, "3 päeva 1 tund"},
		{Lithuanian, 11*time.Hour + 21*time.Minute, "11 valandų 21 minutė"},
		{Latvian, 10*time.Minute + 21*time.Second, "10 minūšu 21 sekunde"},
		{Danish, 2*time.Hour + time.Minute, "2 timer 1 minut"},
		{Russian, 21*day + 5*time.Hour, "21 день 5 часов"},
		{Russian, 22*time.Minute + 11*time.Second, "22 минуты 11 секунд"},
	} {
		if got := b.In(tt.l).Wait(tt.d); got != tt.want {
			t.Errorf("%s: %s: %q; want %q", tt.l, tt.d, got, tt.want)
		}
	}
}

// Each code has a step, and ways that there are words for.
func TestEachCodeHasItsAdvice(t *testing.T) {
	b := codes(t)
	for _, c := range tunnus.Codes() {
		if Next(c) == "" {
			t.Errorf("advices.go has no row for %s", c)
		}
		for _, w := range Ways(c) {
			if !slices.Contains(AllWays(), w) {
				t.Errorf("%s: %q is no way", c, w)
			}
		}
		if told := Told(c); Told(told) != told {
			t.Errorf("%s is told as %s, which is told as %s", c, told, Told(told))
		}
	}
	for c := range advices {
		if !slices.Contains(tunnus.Codes(), c) {
			t.Errorf("advices.go has a row for %s, which is no code", c)
		}
	}
	for _, l := range Languages() {
		for _, w := range AllWays() {
			if b.In(l).Ways([]Way{w}) == "" {
				t.Errorf("%s: no words for %s", l, w)
			}
		}
	}
}

// A failure is said with its note, in the language; its cause is not.
func TestDetail(t *testing.T) {
	e := tunnus.Fail(tunnus.CodeAppOld, tunnus.NotFound(nil)).WithNote("version", "1.2")
	for l, want := range map[Language]string{
		English: "This version of the app is too old. Please update it. Version 1.2 or newer is needed.",
		Danish:  "Denne version af appen er for gammel. Opdatér den venligst. Version 1.2 eller nyere er nødvendig.",
	} {
		if got := codes(t).In(l).Detail(e); got != want {
			t.Errorf("%s: %q; want %q", l, got, want)
		}
	}
	if got := (Speaker{}).Detail(e); got != e.Public {
		t.Errorf("without a book: %q; want %q", got, e.Public)
	}
}

// A note that nobody knows is left out, not half said.
func TestUnknownNote(t *testing.T) {
	e := tunnus.Fail(tunnus.CodeAppOld, nil)
	e.Note = tunnus.Note{Key: "no-such-note", Value: "1.2"}
	for _, s := range []Speaker{{}, codes(t).In(English), codes(t).In(Russian)} {
		if got := s.Detail(e); got != s.Sentence(e.Code) {
			t.Errorf("%q", got)
		}
	}
}

// A hint is said by its code, as an app gets it while a camera runs.
func TestHint(t *testing.T) {
	for code, want := range map[string][2]string{
		"closer": {"Move closer.", "Tulge lähemale."},
		"nearer": {"", ""},
		"":       {"", ""},
	} {
		en, et := codes(t).In(English).Hint(code), codes(t).In(Estonian).Hint(code)
		if [2]string{en, et} != want || (Speaker{}).Hint(code) != want[0] {
			t.Errorf("%q: %q, %q; want %q", code, en, et, want)
		}
		if got := Hint(tunnus.Note{Key: "hint-" + code}); got != code && want[0] != "" || got != "" && want[0] == "" {
			t.Errorf("hint-%s: code %q", code, got)
		}
	}
	if got := Hint(tunnus.Note{Key: "pin-year"}); got != "" {
		t.Errorf("pin-year: code %q", got)
	}
}

// The list of ways stays whole, however long its words are.
func TestWaysAreNotCut(t *testing.T) {
	for _, l := range Languages() {
		got := codes(t).In(l).Ways(AllWays())
		if strings.Contains(got, "…") || strings.Count(got, ";") < len(AllWays())-1 {
			t.Errorf("%s: %q", l, got)
		}
	}
}
