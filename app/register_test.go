package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
)

// A hand types what it was told to, in order, and keeps what it was shown.
type hand struct {
	types       []string
	asked, told []string
}

var errIdle = errors.New("nothing more is typed")

func (h *hand) Tell(text string)          { h.told = append(h.told, text) }
func (h *hand) Progress(string, int, int) {}

func (h *hand) Ask(_ context.Context, key, _ string) (string, error) {
	h.asked = append(h.asked, key)
	if len(h.types) == 0 {
		return "", errIdle
	}
	said := h.types[0]
	h.types = h.types[1:]
	return said, nil
}

func (h *hand) AskSecret(ctx context.Context, key, text string) (tunnus.Secret, error) {
	s, err := h.Ask(ctx, key, text)
	return tunnus.NewSecret([]byte(s)), err
}

func (h *hand) Choose(ctx context.Context, key, text string, _ []string) (string, error) {
	h.Tell(text)
	return h.Ask(ctx, key+"?", text)
}

// atContact is a registration that stands at its one-time code. The server
// refuses as it is told: one answer for each try, "" takes it.
func atContact(t *testing.T, h *hand, answers ...string) (*App, *peer) {
	t.Helper()
	var p *peer
	p, server := newPeer(t, func(w http.ResponseWriter, n int) {
		path := p.calls[n-1].Request.Path
		next := wire.StepContact
		if path == wire.PathRegistration && len(h.asked) == 0 && h.types[0] == "XX" { // the form comes first
			next = wire.StepForm
		}
		if path != wire.PathRegistration && len(answers) > 0 {
			said := answers[0]
			answers = answers[1:]
			if said != "" {
				w.WriteHeader(http.StatusConflict)
				fmt.Fprint(w, said)
				return
			}
			if strings.HasSuffix(path, "/"+wire.StepContact) {
				next = ""
			}
		}
		_ = json.NewEncoder(w).Encode(wire.Status{Next: next, Account: &wire.Account{Document: "d"}})
	})
	vault, err := vault.Open(filepath.Join(t.TempDir(), "phone"), tunnus.NewSecret([]byte("x")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vault.Close() })
	return &App{vault: vault, screen: h, server: server, clock: tunnus.SystemClock{}}, p
}

// sent lists the steps that were sent, with their bodies.
func (p *peer) sent() (out []string) {
	for _, c := range p.calls {
		if step, ok := strings.CutPrefix(c.Request.Path, wire.PathRegistration+"/"); ok {
			out = append(out, step+" "+string(c.Request.Body))
		}
	}
	return out
}

func told(h *hand, words string) bool {
	return slices.ContainsFunc(h.told, func(line string) bool { return strings.Contains(line, words) })
}

// After the third wrong code the app says that it is dead and asks for no more
// digits; a resend that comes too early is told with its time.
func TestDeadCode(t *testing.T) {
	until := time.Now().Add(time.Minute)
	h := &hand{types: []string{"ada@example.test", "111111", "new", "new", "222222"}}
	a, p := atContact(t, h, "", `{"code":"otp-wrong","detail":"No.","left":0}`,
		fmt.Sprintf(`{"code":"otp-resends","detail":"Not now.","until":%q}`, until.UTC().Format(time.RFC3339)), "", "")
	if _, err := a.Register(t.Context()); err != nil {
		t.Fatalf("%v; told %q", err, h.told)
	}
	if want := []string{"email", "otp", "otp?", "otp?", "otp"}; !slices.Equal(h.asked, want) {
		t.Errorf("asked %q; want %q", h.asked, want)
	}
	if told(h, " left.") || !told(h, "this code is dead") || told(h, "Locked") || !told(h, "Possible again from "+until.Add(time.Minute-1).Local().Format("2 January 2006 at 15:04")) {
		t.Errorf("told %q", h.told)
	}
	if n := len(p.sent()); n != 5 {
		t.Errorf("sent %q", p.sent())
	}
}

// A mistyped address is changed at the code prompt, and one that is none is asked for again.
func TestOtherAddress(t *testing.T) {
	h := &hand{types: []string{"ada", "adda@example.test", "other", "ada@example.test", "222222"}}
	a, p := atContact(t, h, `{"code":"bad-request","detail":"A field.","field":"email"}`, "", "", "")
	if _, err := a.Register(t.Context()); err != nil {
		t.Fatalf("%v; told %q", err, h.told)
	}
	want := []string{
		`contact-send {"contact":"ada"}`, `contact-send {"contact":"adda@example.test"}`, `contact-send {"contact":"ada@example.test"}`,
		`contact {"code":"222222"}`,
	}
	if !slices.Equal(p.sent(), want) || !told(h, "A field. Field: email. [bad-request]") {
		t.Errorf("sent %q, told %q", p.sent(), h.told)
	}
}

// A second address that has to wait is not told to have got a code: the one that
// lives went to the first.
func TestOtherAddressHasToWait(t *testing.T) {
	h := &hand{types: []string{"XX", "X", "A", "1", "P", "a@example.test", "other", "b@example.test", "new", "222222"}}
	soon := fmt.Sprintf(`{"code":"otp-resends","detail":"No.","until":%q}`, time.Now().Add(time.Minute).UTC().Format(time.RFC3339))
	a, p := atContact(t, h, "", "", soon, "", "")
	if _, err := a.Register(t.Context()); err != nil || !told(h, "No code for b@example.test is open") {
		t.Errorf("%v; told %q, sent %q", err, h.told, p.sent())
	}
}

// The line broke for long after a code went out: whoever starts again, and is told
// that no other may be sent yet, types the one that came.
func TestCodeWentOutBeforeTheLineBroke(t *testing.T) {
	h := &hand{types: []string{"ada@example.test", "222222"}}
	soon := fmt.Sprintf(`{"code":"otp-resends","detail":"No.","until":%q}`, time.Now().Add(time.Minute).UTC().Format(time.RFC3339))
	a, _ := atContact(t, h, soon, "")
	if _, err := a.Register(t.Context()); err != nil || !slices.Equal(h.asked, []string{"email", "otp"}) {
		t.Errorf("%v; asked %q, told %q", err, h.asked, h.told)
	}
}

// Where nothing can be sent any more, the app ends and does not ask for ever.
func TestNoFurtherCode(t *testing.T) {
	h := &hand{types: []string{"ada@example.test", "111111", "new"}}
	a, _ := atContact(t, h, "", `{"code":"otp-old","detail":"Old."}`, `{"code":"otp-resends","detail":"No."}`)
	if _, err := a.Register(t.Context()); err == nil || errors.Is(err, errIdle) || !strings.Contains(Explain(err), "no further code; please start again") {
		t.Errorf("error = %v", err)
	}
}

// Whoever fails at one step again and again is told why the app ends.
func TestTooManyRetakes(t *testing.T) {
	h := &hand{types: append([]string{"ada@example.test"}, slices.Repeat([]string{"x"}, 2*maxRetakes)...)}
	refusals := slices.Repeat([]string{`{"code":"bad-request","detail":"A field.","field":"code"}`}, 2*maxRetakes)
	a, _ := atContact(t, h, append([]string{""}, refusals...)...)
	if _, err := a.Register(t.Context()); err == nil || !strings.Contains(Explain(err), "11 times in a row") {
		t.Errorf("error = %v", err)
	}
}

// PIN2 that holds PIN1 is told as such, and only PIN2 is asked for again.
func TestOnlyPIN2IsAskedAgain(t *testing.T) {
	h := &hand{types: []string{"4719", "4719", "47193", "83052", "83052"}}
	r := &registration{App: &App{screen: h}, steps: &steps.Steps{}}
	if _, _, err := r.choosePINs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"pin1", "pin1-again", "pin2", "pin2", "pin2-again"}; !slices.Equal(h.asked, want) || !told(h, "The other PIN is in it") {
		t.Errorf("asked %q, told %q", h.asked, h.told)
	}
}
