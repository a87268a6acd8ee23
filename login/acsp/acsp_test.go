package acsp

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
)

// vectors reads testdata/vectors.txt.
func vectors(t testing.TB) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	v := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(name, "#") {
			v[name] = value
		}
	}
	if len(v) != 13 {
		t.Fatalf("testdata/vectors.txt has %d values, want 13", len(v))
	}
	return v
}

func published(t testing.TB) (Fields, Answer) {
	v := vectors(t)
	f := Fields{
		Scheme: v["scheme"], ServerRandom: v["serverRandom"], RPChallenge: v["rpChallenge"],
		RPName: v["relyingPartyName"], BrokeredName: v["brokeredRpName"], Interactions: v["interactions"],
		Callback: v["initialCallbackUrl"], Flow: Flow(v["flowType"]), Hash: SHA512,
	}
	return f, Answer{v["userChallenge"], Type(v["interactionTypeUsed"])}
}

func notification(t testing.TB) (Fields, Answer) {
	f, a := published(t)
	f.Scheme, f.Flow, f.Callback, f.BrokeredName = "tunnus-demo", Notification, "", ""
	return f, a
}

func TestPublishedPayload(t *testing.T) {
	f, a := published(t)
	payload, err := Payload(f, a)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := SHA512.Sum(payload)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := base64.StdEncoding.EncodeToString(sum), vectors(t)["sha512"]; got != want {
		t.Errorf("SHA-512 of the payload is %s, want %s", got, want)
	}
}

func TestPublishedCodes(t *testing.T) {
	v := vectors(t)
	if got, err := VerificationCode(v["rpChallenge"]); err != nil || got != v["verificationCode"] {
		t.Errorf("VerificationCode = %q, %v; want %s", got, err, v["verificationCode"])
	}
	if got := UserChallenge(v["userChallengeVerifier"]); got != v["userChallenge"] {
		t.Errorf("UserChallenge = %q, want %s", got, v["userChallenge"])
	}
}

func TestNotificationKeepsEmptyFields(t *testing.T) {
	f, a := notification(t)
	payload, err := Payload(f, a)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(payload), "|")
	if len(parts) != 11 || parts[6] != "" || parts[9] != "" || parts[10] != "Notification" {
		t.Errorf("%d parts, broker %q, callback %q, flow %q", len(parts), parts[6], parts[9], parts[10])
	}
}

func TestPayloadDependsOnEachField(t *testing.T) {
	f, a := published(t)
	base, err := Payload(f, a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := EncodeInteractions(Interaction{ConfirmationMessage, "Another text"})
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(*Fields, *Answer){
		"scheme":    func(f *Fields, _ *Answer) { f.Scheme = "tunnus-demo" },
		"random":    func(f *Fields, _ *Answer) { f.ServerRandom = NewServerRandom() },
		"challenge": func(f *Fields, _ *Answer) { f.RPChallenge = NewChallenge() },
		"name":      func(f *Fields, _ *Answer) { f.RPName = "Demo" },
		"broker":    func(f *Fields, _ *Answer) { f.BrokeredName = "" },
		"texts":     func(f *Fields, _ *Answer) { f.Interactions = other },
		"callback":  func(f *Fields, _ *Answer) { f.Callback = "https://rp.example.com/" },
		"flow":      func(f *Fields, _ *Answer) { f.Flow = App2App },
		"user":      func(_ *Fields, a *Answer) { a.UserChallenge = UserChallenge("x") },
		"screen":    func(_ *Fields, a *Answer) { a.Interaction = DisplayTextAndPIN },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			f, a := f, a
			change(&f, &a)
			if got, err := Payload(f, a); err != nil || bytes.Equal(got, base) {
				t.Errorf("payload is the same (err %v)", err)
			}
		})
	}
}

func TestFormatRefuses(t *testing.T) {
	f, a := notification(t)
	record, err := f.Record()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	with := func(b []byte, old, new string) []byte {
		out := bytes.Replace(b, []byte(old), []byte(new), 1)
		if bytes.Equal(out, b) {
			t.Fatalf("%q is not there", old)
		}
		return out
	}
	tests := []struct {
		name           string
		record, answer []byte
		field          string
	}{
		{"another scheme", with(record, "tunnus-demo", "tunnus"), answer, "scheme"},
		{"record with a space", append([]byte(" "), record...), answer, "record"},
		{"record with one more member", with(record, `"flowType"`, `"x":1,"flowType"`), answer, "record"},
		{"callback in a notification", with(record, `"flowType"`, `"initialCallbackUrl":"https://rp.example.com/","flowType"`), answer, "initialCallbackUrl"},
		{"bar in a callback", with(with(record, `"flowType"`, `"initialCallbackUrl":"https://rp/|","flowType"`), "Notification", "App2App"), answer, "initialCallbackUrl"},
		{"short challenge", with(record, f.RPChallenge, "AAAA"), answer, fieldChallenge},
		{"challenge with a line break", with(record, f.RPChallenge, f.RPChallenge[:40]+`\n`+f.RPChallenge[40:]), answer, fieldChallenge},
		{"unknown hash", with(record, "SHA-512", "SHA-1"), answer, fieldHash},
		{"unknown flow", with(record, "Notification", "Pigeon"), answer, "flowType"},
		{"long name", with(record, `"DEMO"`, `"`+strings.Repeat("D", 33)+`"`), answer, "relyingPartyName"},
		{"name that clears the screen", with(record, `"DEMO"`, `"DE\u001bMO"`), answer, "relyingPartyName"},
		{"interaction that was not offered", record, with(answer, "confirmationMessage", string(ConfirmationMessageCodeChoice)), "interactionTypeUsed"},
		{"short user challenge", record, with(answer, a.UserChallenge, a.UserChallenge[1:]), "userChallenge"},
		{"bar in the user challenge", record, with(answer, a.UserChallenge, "|"+a.UserChallenge[1:]), "userChallenge"},
		{"answer with one more member", record, with(answer, "{", `{"x":1,`), "answer"},
		{"two answers", record, append(answer, answer...), "answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			payload, err := Format{Scheme: "tunnus-demo"}.Payload(tt.record, tt.answer)
			e, ok := err.(*tunnus.Error)
			if !ok || e.Code != tunnus.CodeBadRequest || e.Field != tt.field || payload != nil {
				t.Errorf("Payload = %q, %v; want bad-request of %q", payload, err, tt.field)
			}
		})
	}
	if _, err := (Format{Scheme: "tunnus-demo"}).Payload(record, answer); err != nil {
		t.Errorf("the unchanged record is refused: %v", err)
	}
}

// What an approval has to say: the text of the interaction used, the name, the code.
func TestFormatTellsWhatIsShown(t *testing.T) {
	f, a := notification(t)
	list := []Interaction{{ConfirmationMessage, "Pay 10"}, {DisplayTextAndPIN, "Log in"}, {ConfirmationMessageCodeChoice, "Pay 10 now"}}
	var err error
	if f.Interactions, err = EncodeInteractions(list...); err != nil {
		t.Fatal(err)
	}
	record, err := f.Record()
	if err != nil {
		t.Fatal(err)
	}
	want, err := VerificationCode(f.RPChallenge)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		a.Interaction = i.Type
		answer, err := a.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		text, service, code, err := Format{"tunnus-demo"}.Shown(record, answer)
		if err != nil || text != i.Text || service != "DEMO" || code != want {
			t.Errorf("%s: Shown = %q, %q, %q, %v", i.Type, text, service, code, err)
		}
		if _, _, _, err := (Format{"tunnus"}).Shown(record, answer); err == nil {
			t.Error("a record of another scheme is shown")
		}
	}
	if _, _, _, err := (Format{}).Shown(record, []byte(`{"userChallenge":"`+a.UserChallenge+`","interactionTypeUsed":"other"}`)); err == nil {
		t.Error("an interaction that was not offered is shown")
	}
}

func TestInteractions(t *testing.T) {
	text, err := os.ReadFile("testdata/interactions.txt")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(strings.TrimSpace(string(text)), "\n\n")[1:]
	if len(blocks) < 20 {
		t.Fatalf("only %d cases in testdata/interactions.txt", len(blocks))
	}
	for _, block := range blocks {
		in, expect, _ := strings.Cut(block, "\n")
		verb, want, _ := strings.Cut(expect, " ")
		list, err := ParseInteractions(base64.StdEncoding.EncodeToString([]byte(in)))
		if verb == "refuse" {
			if err == nil || !strings.Contains(err.Error(), want) || tunnus.CodeOf(err) != tunnus.CodeBadRequest {
				t.Errorf("%s\ngot %v, %v; want refusal: %s", in, list, err, want)
			}
			continue
		}
		var types []string
		for _, i := range list {
			types = append(types, string(i.Type))
		}
		if err != nil || strings.Join(types, " ") != want {
			t.Errorf("%s\ngot %v, %v; want %s", in, types, err, want)
		}
	}
}

func TestInteractionsAreStrictBase64(t *testing.T) {
	good, err := EncodeInteractions(Interaction{DisplayTextAndPIN, "Log in!"})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{good + "\n", good[:8] + "\r\n" + good[8:], good + "A", strings.TrimRight(good, "="), "", "%"} {
		if bad == good {
			continue
		}
		if list, err := ParseInteractions(bad); err == nil {
			t.Errorf("ParseInteractions(%q) = %v", bad, list)
		}
	}
}

func TestChoices(t *testing.T) {
	firsts := 0
	for range 300 {
		c, err := Choices("0042")
		if err != nil {
			t.Fatal(err)
		}
		if len(c) != 3 || !slices.Contains(c, "0042") || c[0] == c[1] || c[1] == c[2] || c[0] == c[2] {
			t.Fatalf("Choices = %v", c)
		}
		if c[0] == "0042" {
			firsts++
		}
	}
	if firsts < 50 || firsts > 150 { // about 100; outside by chance less than once in 10^9 runs
		t.Errorf("the right code stood first %d times in 300", firsts)
	}
}

func TestParametersFollowTheHash(t *testing.T) {
	for h, salt := range map[Hash]int{SHA256: 32, SHA384: 48, SHA512: 64, SHA3256: 32, SHA3384: 48, SHA3512: 64} {
		p, err := ParametersOf(h)
		if err != nil || p.Salt != salt || p.MaskGen.Parameters.Hash != h || h.Crypto() == crypto.Hash(0) || !h.Crypto().Available() {
			t.Errorf("%s: %+v, %v", h, p, err)
		}
	}
	if _, err := ParametersOf("SHA-1"); err == nil {
		t.Error("SHA-1 has parameters")
	}
}

// What is read prints back to the same list, and what is shown is short and
// cannot draw over other text.
func FuzzInteractions(f *testing.F) {
	f.Add([]byte(`[{"type":"displayTextAndPIN","displayText60":"Log in"}]`))
	f.Add([]byte(`[{"type":"confirmationMessage","displayText200":"a\nb"},{"type":"displayTextAndPIN","displayText60":"\u00e4"}]`))
	f.Fuzz(func(t *testing.T, in []byte) {
		list, err := ParseInteractions(base64.StdEncoding.EncodeToString(in))
		if err != nil {
			return
		}
		again, err := EncodeInteractions(list...)
		if err != nil {
			t.Fatalf("%v cannot be written: %v", list, err)
		}
		back, err := ParseInteractions(again)
		if err != nil || !slices.Equal(back, list) {
			t.Errorf("%v became %v, %v", list, back, err)
		}
		for _, i := range list {
			if strings.ContainsAny(i.Text, "\x1b\r\x07\u202e") || len([]rune(i.Text)) > 200 {
				t.Errorf("text %q is let through", i.Text)
			}
		}
	})
}

// A record has one way to be written: what is read is what was written.
func FuzzRecord(f *testing.F) {
	fields, _ := notification(f)
	record, err := fields.Record()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(record)
	f.Fuzz(func(t *testing.T, in []byte) {
		fields, err := ParseRecord(in)
		if err != nil {
			return
		}
		if again, err := fields.Record(); err != nil || !bytes.Equal(again, in) {
			t.Errorf("%q became %q, %v", in, again, err)
		}
	})
}
