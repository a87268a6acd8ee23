package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

func book(t testing.TB) *phrases.Book {
	t.Helper()
	b, err := phrases.Codes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// refused is how a failure is answered to a request for one of languages.
func refused(t testing.TB, b *phrases.Book, failure error, accept ...string) *httptest.ResponseRecorder {
	t.Helper()
	h := Handle(func(http.ResponseWriter, *http.Request) error { return failure }, slog.New(slog.DiscardHandler))
	spoken := Speak(h, Speech{Book: b, Languages: phrases.Languages(), Ways: []phrases.Way{phrases.ByIDCard}})
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
	r.Header["Accept-Language"] = accept
	w := httptest.NewRecorder()
	spoken.ServeHTTP(w, r)
	return w
}

func TestFailureIsToldInTheLanguageOfTheRequest(t *testing.T) {
	b := book(t)
	failure := tunnus.Fail(tunnus.CodeDocExpired, errors.New("cause")).WithLeft(2)
	for accept, want := range map[string][3]string{
		"":                 {"en", "This document has expired. Please use another one.", "Please use another one."},
		"et-EE, en;q=0.5":  {"et", "Selle dokumendi kehtivus on lõppenud. Palun kasutage muud dokumenti.", "Palun kasutage muud dokumenti."},
		"de, lt;q=0.1":     {"lt", "Šio dokumento galiojimas baigėsi. Prašome naudoti kitą.", "Prašome naudoti kitą."},
		"lv":               {"lv", "Šī dokumenta derīgums ir beidzies. Lūdzu, izmantojiet citu.", "Lūdzu, izmantojiet citu."},
		"nb, da;q=0.9":     {"da", "Dette dokument er udløbet. Brug venligst et andet.", "Brug venligst et andet."},
		"ru;q=0.7, et;q=0": {"ru", "Срок действия этого документа истёк. Пожалуйста, используйте другой.", "Пожалуйста, используйте другой."},
	} {
		w := refused(t, b, failure, accept)
		d := document(t, w)
		if got := [3]string{w.Header().Get("Content-Language"), d.Detail, d.Next.Say}; got != want {
			t.Errorf("%q: %q; want %q", accept, got, want)
		}
		if d.Code != tunnus.CodeDocExpired || *d.Left != 2 || d.Next.Do != phrases.Other || w.Header().Get("Vary") != "Accept-Language" {
			t.Errorf("%q: %s, %s", accept, w.Header(), w.Body)
		}
	}
}

// Of the ways that could help, those are told that are open here.
func TestOnlyOpenWaysAreTold(t *testing.T) {
	d := document(t, refused(t, book(t), tunnus.Fail(tunnus.CodeDocExpired, nil)))
	if want := []phrases.Way{phrases.Document, phrases.ByIDCard}; !slices.Equal(d.Ways, want) {
		t.Errorf("ways %q; want %q", d.Ways, want)
	}
	w, _ := serve(t, Handle, func(http.ResponseWriter, *http.Request) error { return tunnus.Fail(tunnus.CodeDocExpired, nil) })
	if d := document(t, w); !slices.Equal(d.Ways, []phrases.Way{phrases.Document}) || d.Next.Do != phrases.Other || d.Next.Say != "" {
		t.Errorf("without Speak: %s", w.Body)
	}
}

// Whoever presents a forgery learns neither which part of it was seen nor how many
// tries are left (security.md L8): the answers are the same but for the reference.
func TestForgeriesLookAlike(t *testing.T) {
	b, until := book(t), time.Unix(1_900_000_000, 0)
	alike := map[tunnus.Code][]tunnus.Code{}
	for _, c := range tunnus.Codes() {
		if as := phrases.Told(c); as != c {
			alike[as] = append(alike[as], c)
		}
	}
	if got := alike[tunnus.CodeDocSigBad]; !slices.Contains(got, tunnus.CodeDocClone) || !slices.Contains(got, tunnus.CodeHashMismatch) {
		t.Errorf("told as doc-sig-bad: %s", got)
	}
	for want, codes := range alike {
		codes = append(codes, want)
		for _, l := range phrases.Languages() {
			var first string
			for i, c := range codes {
				failure := tunnus.Fail(c, errors.New("cause")).WithLeft(i).WithField(string(c)).WithNote("version", string(c)).WithUntil(until)
				w := refused(t, b, failure, string(l))
				d := document(t, w)
				if d.Code != want || d.Left != nil || d.Field != "" || strings.Contains(w.Body.String(), string(c)) && c != want {
					t.Errorf("%s: %s", c, w.Body)
				}
				w.Header().Del("Date")
				said := fmt.Sprintf("%d %v %s", w.Code, w.Header(), strings.ReplaceAll(w.Body.String(), d.Instance, ""))
				if first == "" {
					first = said
				}
				if said != first {
					t.Errorf("%s looks different:\n%s\n%s", c, said, first)
				}
			}
		}
	}
}

// What is hidden from those outside stands in the log, under the same reference.
func TestTheLogHasTheRealCode(t *testing.T) {
	w, log := serve(t, Handle, func(http.ResponseWriter, *http.Request) error {
		return tunnus.Fail(tunnus.CodeDocClone, errors.New("the cause"))
	})
	d := document(t, w)
	for _, want := range []string{`"code":"doc-clone"`, `"cause":"doc-clone: the cause"`, `"reference":"` + d.Instance + `"`} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is not in the log: %s", want, log)
		}
	}
	if d.Code != tunnus.CodeDocSigBad || d.Detail != tunnus.CodeDocSigBad.Sentence() || w.Code != Status(tunnus.CodeDocSigBad) {
		t.Errorf("told %s", w.Body)
	}
}

// With a failure that may be an attack, nobody is told how many tries are left.
func TestTriesAreNotToldToAttackers(t *testing.T) {
	b, told := book(t), 0
	for _, c := range tunnus.Codes() {
		d := document(t, refused(t, b, tunnus.Fail(c, nil).WithLeft(1)))
		if got := d.Left != nil; got == phrases.Alert(c) {
			t.Errorf("%s: tries told: %v", c, got)
		} else if got {
			told++
		}
	}
	if told == 0 || !phrases.Alert(tunnus.CodeFaceNoMatch) {
		t.Error("no code is told with its tries, or no match is none that may be an attack")
	}
}

// What would make a picture better is told as a code and in words, in the language; with
// a failure that may be an attack it is not, whoever added it (security.md L4, L8).
func TestHints(t *testing.T) {
	b := book(t)
	d := document(t, refused(t, b, tunnus.Fail(tunnus.CodeFaceQuality, nil).WithNote("hint-eyes-shut", ""), "da"))
	if d.Hint != "eyes-shut" || !strings.HasSuffix(d.Detail, " Åbn øjnene.") {
		t.Errorf("hint %q, %q", d.Hint, d.Detail)
	}
	for _, failure := range []*tunnus.Error{
		tunnus.Fail(tunnus.CodeFaceNoMatch, nil).WithNote("hint-eyes-shut", ""),
		tunnus.Fail(tunnus.CodeFaceQuality, nil).WithNote("pin-year", ""),
		tunnus.Fail(tunnus.CodeFaceQuality, nil).WithNote("hint-of-the-attacker", ""),
		tunnus.Fail(tunnus.CodeFaceQuality, nil),
	} {
		if w := refused(t, b, failure); strings.Contains(w.Body.String(), "hint") || strings.Contains(w.Body.String(), "Open your eyes") {
			t.Errorf("%s, %+v: %s", failure.Code, failure.Note, w.Body)
		}
	}
}

// What stands in an error and is not of the catalogue reaches nobody: not its
// cause, not words that were put into it by hand, nothing that a page or a
// terminal would obey.
func TestNothingHostileIsAnswered(t *testing.T) {
	b := book(t)
	evil := "<script>alert('39912310174')</script>\r\nX: y\x1b[2J\u202e\x00" + strings.Repeat("A", 1<<20)
	for _, c := range tunnus.Codes() {
		e := tunnus.Fail(c, errors.New("cause 39912310174")).WithNote("version", evil).WithField(evil)
		e.Public = "39912310174" + evil
		for _, l := range phrases.Languages() {
			w := refused(t, b, e, string(l))
			var all map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Body.Len() > 4000 {
				t.Fatalf("%s: %v, %d bytes", c, err, w.Body.Len())
			}
			text := fmt.Sprint(all)
			if strings.ContainsAny(text, "<>") || strings.Contains(text, "cause") || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%s: %.300q", c, text)
			}
			if detail, _ := all["detail"].(string); strings.HasPrefix(detail, "39912310174") {
				t.Fatalf("%s: words that nobody reviewed: %.300q", c, detail)
			}
		}
	}
}

// An error that carries no code is told as ours, in every language.
func TestInternalInEveryLanguage(t *testing.T) {
	b := book(t)
	for _, l := range phrases.Languages() {
		d := document(t, refused(t, b, errors.New("disk of db7 is full"), string(l)))
		if d.Code != tunnus.CodeInternal || d.Detail != b.In(l).Sentence(tunnus.CodeInternal) || d.Next.Do != phrases.Retry {
			t.Errorf("%s: %+v", l, d)
		}
	}
}

// Many at once may be told in many languages.
func TestSpeakAtOnce(t *testing.T) {
	b := book(t)
	for _, l := range phrases.Languages() {
		t.Run(string(l), func(t *testing.T) {
			t.Parallel()
			for _, c := range tunnus.Codes() {
				d := document(t, refused(t, b, tunnus.Fail(c, nil), string(l)))
				if d.Detail != b.In(l).Sentence(phrases.Told(c)) {
					t.Errorf("%s: %q", c, d.Detail)
				}
			}
		})
	}
}

func BenchmarkTell(b *testing.B) {
	phrased := book(b)
	failure := tunnus.Fail(tunnus.CodeAppOld, nil).WithNote("version", "1.2").WithLeft(2)
	for b.Loop() {
		refused(b, phrased, failure, "da, en-gb;q=0.8, en;q=0.7")
	}
}
