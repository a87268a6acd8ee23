package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/say"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// A registration is an app that goes through the steps of one.
type registration struct {
	*App
	steps *steps.Steps
	named int // refusals of the keys that were made
}

// maxRetakes is how often one step is taken in a row before the app gives up: a
// program that always answers alike would go on for ever.
const maxRetakes = 10

// correctable are refusals after which the same step is simply taken again.
var correctable = []tunnus.Code{
	tunnus.CodeFormCode, tunnus.CodeFormName, tunnus.CodeMRZTypedBad, tunnus.CodeBadRequest,
	tunnus.CodeStateConflict, tunnus.CodeOTPWrong, tunnus.CodeOTPOld, tunnus.CodeOTPResends, tunnus.CodeStepTimeout, tunnus.CodeActCodeBad, tunnus.CodeActCodeOld,
	tunnus.CodeNFCNoChip, tunnus.CodeNFCLost, tunnus.CodeNFCTimeout, tunnus.CodeNFCAccessDenied,
	tunnus.CodeFacePosition, tunnus.CodeFaceMany, tunnus.CodeFaceQuality,
}

// Register makes a new account by the passport way.
func (a *App) Register(ctx context.Context) (wire.Account, error) {
	return a.RegisterBy(ctx, wire.Begin{})
}

// RegisterBy goes a way ("passport", "idcard", "account", "desk") for a purpose
// ("new", "renew", "upgrade"); "" stands for the first of each. It does what the
// server's status says comes next, until there is an account or a refusal that ends it.
func (a *App) RegisterBy(ctx context.Context, by wire.Begin) (wire.Account, error) {
	r := &registration{App: a}
	r.steps = &steps.Steps{Screen: a.screen, Body: a.body, Clock: a.clock, Post: r.post, Relay: a.server.Relay, Capture: a.server.Capture}
	st, err := r.post(ctx, "", by)
	retakes := 0
	for err == nil && (st.Next != "" || st.Waiting != "") {
		step := r.step(st)
		if step == nil {
			return wire.Account{}, fmt.Errorf("app: the server asks for %q, which this version does not know", st.Next)
		}
		next, failed := step(ctx, st)
		if failed == nil {
			if next.Next != st.Next {
				retakes = 0
			}
			if next.Next != st.Next && st.Next != "" { // else somebody was waited for
				a.screen.Progress(st.Next, 1, 1)
			}
			st = next
			continue
		}
		if !slices.Contains(correctable, tunnus.CodeOf(failed)) {
			return wire.Account{}, failed
		}
		a.screen.Tell(a.Explain(failed))
		if retakes++; retakes > maxRetakes {
			return wire.Account{}, fmt.Errorf("app: that did not work %d times in a row, so this registration ends here; please start again", retakes)
		}
		st, err = r.post(ctx, "", wire.Begin{})
	}
	if err != nil {
		return wire.Account{}, err
	}
	return steps.End(st)
}

// step finds what a status asks for: a step that needs the phone's keys, or another.
func (r *registration) step(st wire.Status) steps.Step {
	if own := map[string]steps.Step{
		wire.StepPINs: r.keys, wire.StepKeys: r.keys, wire.StepRecalled: r.recalled, wire.StepApplication: r.application,
	}[st.Next]; own != nil {
		return own
	}
	return r.steps.Find(st)
}

// Explain says a failure in English, as [say.Explain] does.
func Explain(err error) string { return (&App{}).Explain(err) }

// Explain says a failure in the language of the app.
func (a *App) Explain(err error) string {
	book, oops := phrases.Codes()
	if oops != nil {
		return err.Error() // a test sees to it that the book opens
	}
	return say.Explain(book.In(phrases.Locale(string(a.language))), err, time.Local)
}

func (r *registration) post(ctx context.Context, step string, in any) (wire.Status, error) {
	path := wire.PathRegistration
	if step != "" {
		path += "/" + step
	}
	var st wire.Status
	err := r.server.Call(ctx, path, in, &st)
	return st, err
}

// keys has both PINs chosen and makes a key for each; where that was done before the
// holder was proved, or the answer to it was lost, it only names them again.
func (r *registration) keys(ctx context.Context, st wire.Status) (wire.Status, error) {
	state := &r.vault.State
	if st.Next == wire.StepKeys && st.Way == "idcard" {
		return r.nameKeys(ctx, st.Next)
	}
	if len(state.Making) == 2 && state.MakingFor == r.server.Session() {
		// The server may have planned with these, and then no others ever do.
		next, err := r.nameKeys(ctx, st.Next)
		if code := tunnus.CodeOf(err); code != tunnus.CodeStateConflict && code != tunnus.CodeNotFound {
			return next, err
		}
		if r.named++; r.named < maxNamed {
			return next, err // something else may have moved meanwhile
		}
	}
	pin1, pin2, err := r.choosePINs(ctx)
	if err != nil {
		return wire.Status{}, err
	}
	defer pin1.Wipe()
	defer pin2.Wipe()
	state.DropKeys()
	made := map[splitkey.Purpose]string{}
	for i, k := range []struct {
		purpose splitkey.Purpose
		pin     tunnus.Secret
	}{{splitkey.Login, pin1}, {splitkey.Signature, pin2}} {
		r.screen.Progress(wire.StepKeys, i, 3)
		key, err := r.makeKey(ctx, k.purpose, k.pin)
		if err != nil {
			return wire.Status{}, err
		}
		made[k.purpose] = key.Blob.Key
	}
	r.screen.Progress(wire.StepKeys, 2, 3)
	state.Making, state.MakingFor, r.named = made, r.server.Session(), 0
	if err := r.vault.Save(); err != nil {
		return wire.Status{}, err
	}
	return r.nameKeys(ctx, st.Next)
}

// maxNamed is how often the server may refuse keys, of which it may know already,
// before others are made.
const maxNamed = 3

// nameKeys tells the server which keys were made.
func (r *registration) nameKeys(ctx context.Context, step string) (wire.Status, error) {
	made := r.vault.State.Making
	return r.post(ctx, step, wire.Keys{Login: made[splitkey.Login], Sign: made[splitkey.Signature]})
}
