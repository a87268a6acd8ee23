package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/tries"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// ErrOver says that a request ended before it was answered.
var ErrOver = errors.New("app: the request is over")

// pollWait is how long one poll stays open.
const pollWait = 30 * time.Second

// A Verdict is what became of a request.
type Verdict string

// The verdicts.
const (
	Confirmed Verdict = "confirmed"
	Declined  Verdict = "declined"
)

// Next waits for one request, shows it, and does what the holder says. The
// verdict counts only if nothing failed. With a PIN1 that is locked or worn out it
// asks for nothing and fails with the words for that.
func (a *App) Next(ctx context.Context) (Verdict, error) {
	held, err := a.held()
	if err != nil {
		return "", err
	}
	key, ok := a.vault.State.Key(held.Login)
	if !ok {
		return "", errors.New("app: the log-in key is gone")
	}
	for {
		// Each poll presents the one-time value: of two copies of a phone, the
		// second one to come is found here (security.md K4).
		standing, err := a.status(ctx, key)
		if err != nil {
			return "", err
		}
		// What was asked before a lock may still be listed, and is dead.
		if now := a.clock.Now(); tries.Barred(standing.Tries, now) {
			return "", errors.New("app: " + tries.Say(pin.PIN1, standing.Tries, now))
		}
		var got wire.Requests
		if err := a.server.Call(ctx, wire.PathRequests, wire.Poll{WaitMS: int(pollWait.Milliseconds())}, &got); err != nil {
			return "", err
		}
		if len(got.Requests) > 0 {
			return a.answer(ctx, held, key, got.Requests[0])
		}
	}
}

// The holder's choices on the screen of a request.
const (
	sayConfirm = "confirm"
	sayRefuse  = "refuse"
	sayNotMe   = "not me"
)

func (a *App) answer(ctx context.Context, held vault.Account, key *vault.Key, r wire.Request) (Verdict, error) {
	a.show(r)
	say, err := a.screen.Choose(ctx, "answer", "Did you ask for this?", []string{sayConfirm, sayRefuse, sayNotMe})
	if err != nil {
		return "", err
	}
	switch say {
	case sayRefuse:
		return a.refuse(ctx, r, wire.ReasonCancel)
	case sayNotMe:
		return a.refuse(ctx, r, wire.ReasonNotMe)
	}
	code := r.Code
	if len(r.Choices) > 0 {
		if code, err = a.screen.Choose(ctx, "code", "Which code does the service show?", r.Choices); err != nil {
			return "", err
		}
	}
	return a.approve(ctx, held, key, r, code)
}

// show shows a request. Each line of the service's text has a mark before it,
// so that no text can pass for a line of the app's.
func (a *App) show(r wire.Request) {
	a.screen.Tell("")
	a.screen.Tell("  " + r.Service + " asks you to log in")
	if r.Brokered != "" {
		a.screen.Tell("  for " + r.Brokered)
	}
	for line := range strings.SplitSeq(r.Text, "\n") {
		a.screen.Tell("  | " + line)
	}
	if r.Code != "" {
		a.screen.Tell("  Code: " + r.Code + "  (the service must show the same)")
	}
	a.screen.Tell("")
}

func (a *App) refuse(ctx context.Context, r wire.Request, reason string) (Verdict, error) {
	var none wire.None
	err := a.server.Call(ctx, wire.PathRequests+"/"+url.PathEscape(r.ID)+"/refuse", wire.Refuse{Reason: reason, Screen: r.Screen}, &none)
	if err == nil && reason == wire.ReasonNotMe {
		a.screen.Tell("Notifications of this service are stopped for 24 hours.")
	}
	return Declined, err
}

// approve signs the log-in with PIN1. The payload is built here, of what was
// shown; a server that showed one thing and signs another gets no signature.
func (a *App) approve(ctx context.Context, held vault.Account, key *vault.Key, r wire.Request, code string) (Verdict, error) {
	standing, err := a.status(ctx, key)
	if err != nil {
		return "", err
	}
	f, err := fieldsOf(standing, r.Transaction)
	if err != nil {
		return "", err
	}
	ok, right, err := buildLogin(held.Scheme, f, r, code)
	if err != nil {
		return "", err
	}
	if !right {
		a.screen.Tell("That is another code: this request is not yours, so it is refused.")
		return a.refuse(ctx, r, wire.ReasonWrongCode)
	}
	a.caution(pin.PIN1, standing.Tries)
	err = a.withPIN(ctx, "pin1", "PIN1", func(ctx context.Context, typed tunnus.Secret) error {
		return a.sign(ctx, key, f, typed, ok)
	})
	return Confirmed, err
}

// buildLogin makes the payload of what the holder saw, and refuses fields that
// say something else. right is false if the code picked is not the one.
func buildLogin(scheme string, f splitkey.Fields, r wire.Request, code string) (ok approval, right bool, err error) {
	if f.Kind != acsp.Kind || f.Padding != "" && f.Padding != splitkey.PSS { // the log-in key signs ACSP only (P7)
		return ok, false, errOther
	}
	record, err := acsp.ParseRecord(f.Record)
	if err != nil {
		return ok, false, err
	}
	want, err := acsp.VerificationCode(record.RPChallenge)
	if err != nil {
		return ok, false, err
	}
	screens, err := acsp.ParseInteractions(record.Interactions)
	if err != nil {
		return ok, false, err
	}
	i := slices.IndexFunc(screens, func(i acsp.Interaction) bool { return string(i.Type) == r.Screen && i.Text == r.Text })
	if record.RPName != r.Service || record.BrokeredName != r.Brokered || i < 0 ||
		record.Scheme != scheme || string(record.Hash) != string(f.Hash) ||
		screens[i].CodeChoice() && len(r.Choices) == 0 {
		return ok, false, errOther
	}
	verifier := acsp.NewVerifier()
	said := acsp.Answer{UserChallenge: acsp.UserChallenge(verifier), Interaction: screens[i].Type}
	if ok.answer, err = said.Marshal(); err != nil {
		return ok, false, err
	}
	if ok.payload, err = acsp.Payload(record, said); err != nil {
		return ok, false, err
	}
	sum := sha256.Sum256([]byte(r.Text))
	ok.shown = splitkey.Approval{TextHash: sum[:], Service: r.Service, CodeShown: code}
	return ok, code == want, nil
}

var errOther = errors.New("app: what would be signed is not what was shown")

// fieldsOf finds the transaction in a key's standing.
func fieldsOf(s splitkey.Standing, id string) (splitkey.Fields, error) {
	i := slices.IndexFunc(s.Transactions, func(f splitkey.Fields) bool { return f.Transaction == id })
	if i < 0 {
		return splitkey.Fields{}, ErrOver
	}
	return s.Transactions[i], nil
}

// withPIN asks for a PIN and does what it is for; a wrong one may be typed again
// until it has led to a lock.
func (a *App) withPIN(ctx context.Context, key, text string, do func(context.Context, tunnus.Secret) error) error {
	for {
		typed, err := a.screen.AskSecret(ctx, key, text)
		if err != nil {
			return err
		}
		err = do(ctx, typed)
		typed.Wipe()
		if tunnus.CodeOf(err) != tunnus.CodePINWrong {
			return err
		}
		a.screen.Tell(a.Explain(err))
	}
}
