package app

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// A question is what the server shows of a log-in, and what it would have signed.
type question struct {
	record acsp.Fields
	fields splitkey.Fields
	shown  wire.Request
	right  string // the verification code
}

func newQuestion(t *testing.T, screen acsp.Type) question {
	t.Helper()
	list, err := acsp.EncodeInteractions(acsp.Interaction{Type: screen, Text: "Log in to the bank"})
	if err != nil {
		t.Fatal(err)
	}
	q := question{record: acsp.Fields{
		Scheme: "tunnus", ServerRandom: acsp.NewServerRandom(), RPChallenge: acsp.NewChallenge(),
		RPName: "Bank", Interactions: list, Flow: acsp.Notification, Hash: "SHA-512",
	}}
	if q.right, err = acsp.VerificationCode(q.record.RPChallenge); err != nil {
		t.Fatal(err)
	}
	q.shown = wire.Request{Service: "Bank", Screen: string(screen), Text: "Log in to the bank", Code: q.right}
	q.fields = splitkey.Fields{Kind: acsp.Kind, Hash: splitkey.SHA512}
	q.seal(t)
	return q
}

// seal writes the record as it is now into what would be signed.
func (q *question) seal(t *testing.T) {
	t.Helper()
	var err error
	if q.fields.Record, err = q.record.Record(); err != nil {
		t.Fatal(err)
	}
}

// What is signed is what the holder saw, and the evidence says the same.
func TestBuildLogin(t *testing.T) {
	q := newQuestion(t, acsp.DisplayTextAndPIN)
	got, right, err := buildLogin("tunnus", q.fields, q.shown, q.right)
	if err != nil || !right {
		t.Fatalf("right = %v, %v", right, err)
	}
	want, err := acsp.Format{Scheme: "tunnus"}.Payload(q.fields.Record, got.answer)
	if err != nil || !bytes.Equal(got.payload, want) {
		t.Errorf("payload = %q; want %q, %v", got.payload, want, err)
	}
	sum := sha256.Sum256([]byte(q.shown.Text))
	if !bytes.Equal(got.shown.TextHash, sum[:]) || got.shown.Service != "Bank" || got.shown.CodeShown != q.right {
		t.Errorf("approval = %+v", got.shown)
	}
}

// A server that shows one thing and has another signed gets no signature.
func TestBuildLoginRefusesAnotherQuestion(t *testing.T) {
	for name, lie := range map[string]func(*testing.T, *question){
		"text":         func(_ *testing.T, q *question) { q.shown.Text = "Look at the news" },
		"service":      func(_ *testing.T, q *question) { q.shown.Service = "Library" },
		"brokered":     func(_ *testing.T, q *question) { q.shown.Brokered = "Library" },
		"screen":       func(_ *testing.T, q *question) { q.shown.Screen = string(acsp.ConfirmationMessage) },
		"kind":         func(_ *testing.T, q *question) { q.fields.Kind = "application" },
		"hash":         func(_ *testing.T, q *question) { q.fields.Hash = splitkey.SHA256 },
		"scheme":       func(t *testing.T, q *question) { q.record.Scheme = "tunnus-demo"; q.seal(t) },
		"name signed":  func(t *testing.T, q *question) { q.record.RPName = "Library"; q.seal(t) },
		"no record":    func(_ *testing.T, q *question) { q.fields.Record = nil },
		"not its form": func(_ *testing.T, q *question) { q.fields.Record = append(q.fields.Record, ' ') },
	} {
		t.Run(name, func(t *testing.T) {
			q := newQuestion(t, acsp.DisplayTextAndPIN)
			lie(t, &q)
			if got, _, err := buildLogin("tunnus", q.fields, q.shown, q.right); err == nil {
				t.Errorf("a payload was built: %q", got.payload)
			}
		})
	}
}

func TestBuildLoginTellsAWrongCode(t *testing.T) {
	q := newQuestion(t, acsp.DisplayTextAndPIN)
	for _, code := range []string{"", "00000", "x" + q.right} {
		if _, right, err := buildLogin("tunnus", q.fields, q.shown, code); err != nil || right {
			t.Errorf("code %q: right = %v, %v", code, right, err)
		}
	}
}

// Where the holder has to pick the code, the server must not just tell it.
func TestBuildLoginWantsTheChoice(t *testing.T) {
	q := newQuestion(t, acsp.ConfirmationMessageCodeChoice)
	if _, _, err := buildLogin("tunnus", q.fields, q.shown, q.right); err == nil {
		t.Error("a payload was built without the holder's choice")
	}
	q.shown.Choices = []string{"0001", q.right, "0002"}
	if _, right, err := buildLogin("tunnus", q.fields, q.shown, q.right); err != nil || !right {
		t.Errorf("right = %v, %v", right, err)
	}
}
