package application

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func specimen(t testing.TB) []byte {
	t.Helper()
	b, err := body().Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func body() Body {
	return Body{
		Format: Version, Person: "PNOXX-199002140017", Surname: "Åsk & <Søn>", GivenNames: "Ada", Document: "PNOXX-199002140017-ABCD-Q",
		Level: "QUALIFIED", Device: "d1", Keys: []Key{{"login", "aa", "01"}, {"signature", "bb", "02"}},
		Terms: "2026-11", Consent: "2026-11", Time: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
	}
}

func TestCanonical(t *testing.T) {
	b := specimen(t)
	if !bytes.HasPrefix(b, []byte(`{"format":"tunnus/application/v1","person":"PNOXX-`)) || !bytes.Contains(b, []byte(`Åsk & <Søn>`)) {
		t.Errorf("canonical bytes: %s", b)
	}
	a, err := Parse(b)
	if err != nil || a.Keys[1].Certificate != "02" {
		t.Errorf("Parse = %+v, %v", a, err)
	}
}

func TestParseRefuses(t *testing.T) {
	s := string(specimen(t))
	for name, bad := range map[string]string{
		"empty":         "",
		"null":          "null",
		"a space":       strings.Replace(s, ",", ", ", 1),
		"a line end":    s + "\n",
		"something on":  s + "{}",
		"unknown field": strings.Replace(s, `{"format"`, `{"more":1,"format"`, 1),
		"twice a field": strings.Replace(s, `"level"`, `"level":"ADVANCED","level"`, 1),
		"other format":  strings.Replace(s, "application/v1", "application/v2", 1),
		"escaped":       strings.Replace(s, "Ada", "\\u0041da", 1),
		"other case":    strings.Replace(s, `"level"`, `"Level"`, 1),
		"a line break":  strings.Replace(s, "Ada", `Ada\nLevel`, 1),
		"one key":       strings.Replace(s, `,{"purpose":"signature","thumbprint":"bb","certificate":"02"}`, "", 1),
		"a fraction":    strings.Replace(s, "09:00:00Z", "09:00:00.5Z", 1),
		"other zone":    strings.Replace(s, "09:00:00Z", "10:00:00+01:00x", 1),
	} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "19900214") {
			t.Errorf("%s: the error names the person", name)
		}
	}
}

// There is one way to write an application: what is read prints back unchanged.
func FuzzParse(f *testing.F) {
	f.Add(specimen(f))
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := Parse(in)
		if err != nil {
			return
		}
		if out, err := a.Canonical(); err != nil || !bytes.Equal(out, in) {
			t.Errorf("%q became %q, %v", in, out, err)
		}
	})
}

// A way without a picture of the face asks for no consent to it, and says nothing of one.
func TestTextWithoutConsent(t *testing.T) {
	b := body()
	b.Consent = ""
	if text := b.Text(); strings.Contains(text, "biometric") || !strings.Contains(text, "Terms        2026-11\n") {
		t.Errorf("text: %s", text)
	}
}
