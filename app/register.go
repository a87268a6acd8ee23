package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/tries"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A registration is an app that goes through the steps of one.
type registration struct{ *App }

// maxRetakes is how often one step is taken in a row before the app gives up: a
// program that always answers alike would go on for ever.
const maxRetakes = 10

// correctable are refusals after which the same step is simply taken again.
var correctable = []tunnus.Code{
	tunnus.CodeFormCode, tunnus.CodeMRZTypedBad, tunnus.CodeBadRequest,
	tunnus.CodeStateConflict, tunnus.CodeOTPWrong, tunnus.CodeOTPOld, tunnus.CodeOTPResends, tunnus.CodeStepTimeout,
	tunnus.CodeNFCNoChip, tunnus.CodeNFCLost, tunnus.CodeNFCTimeout, tunnus.CodeNFCAccessDenied,
	tunnus.CodeFacePosition, tunnus.CodeFaceMany, tunnus.CodeFaceQuality,
}

// Register goes the passport way. It does what the server's status says comes
// next, until there is an account or a refusal that ends it.
func (a *App) Register(ctx context.Context) (wire.Account, error) {
	r := &registration{a}
	steps := map[string]func(context.Context, wire.Status) (wire.Status, error){
		wire.StepTerms: r.terms, wire.StepConsent: r.consent, wire.StepForm: r.fillIn, wire.StepChip: r.chip,
		wire.StepContact: r.contact, wire.StepRegister: r.register,
		wire.StepFace: r.face, wire.StepKeys: r.keys, wire.StepApplication: r.application,
	}
	st, err := r.post(ctx, "", wire.None{})
	retakes := 0
	for err == nil && st.Next != "" {
		step, ok := steps[st.Next]
		if !ok {
			return wire.Account{}, fmt.Errorf("app: the server asks for %q, which this version does not know", st.Next)
		}
		next, failed := step(ctx, st)
		if failed == nil {
			if next.Next != st.Next {
				a.screen.Progress(st.Next, 1, 1)
				retakes = 0
			}
			st = next
			continue
		}
		if !slices.Contains(correctable, tunnus.CodeOf(failed)) {
			return wire.Account{}, failed
		}
		a.screen.Tell(Explain(failed))
		if retakes++; retakes > maxRetakes {
			return wire.Account{}, fmt.Errorf("app: that did not work %d times in a row, so this registration ends here; please start again", retakes)
		}
		st, err = r.post(ctx, "", wire.None{})
	}
	if c := tunnus.Code(st.Ended); err == nil && c != "" {
		err = &tunnus.Error{Code: c, Public: c.Sentence()}
	}
	if err == nil && st.Account == nil {
		err = errors.New("app: the server names no account")
	}
	if err != nil {
		return wire.Account{}, err
	}
	return *st.Account, nil
}

// Explain says a failure in the words that a person is shown: the sentence, what
// is left, and when a lock ends.
func Explain(err error) string {
	e, ok := errors.AsType[*tunnus.Error](err)
	if !ok {
		return plainly(err)
	}
	text, field := e.Public, strings.ReplaceAll(e.Field, "_", " ")
	switch {
	case field != "" && e.Code == tunnus.CodeBadRequest:
		text = fmt.Sprintf("The field %q cannot be what it says.", field)
	case field != "":
		text += " (" + field + ")"
	}
	if e.Left != nil {
		text += fmt.Sprintf(" Tries left: %d.", *e.Left)
	}
	if e.Until != nil {
		when := " Possible again from "
		if strings.Contains(string(e.Code), "lock") {
			when = " Locked until "
		}
		text += when + tries.When(*e.Until) + "."
	}
	return text + " [" + string(e.Code) + "]"
}

// plainly is an error without the name of the package that it comes from.
func plainly(err error) string {
	text := err.Error()
	for _, of := range []string{"app: ", "line: ", "vault: "} {
		text = strings.TrimPrefix(text, of)
	}
	return text
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

func (r *registration) terms(ctx context.Context, st wire.Status) (wire.Status, error) {
	r.screen.Tell("Terms of use, version " + st.Terms + ".")
	return r.agree(ctx, wire.StepTerms, "Do you accept the terms?", st.Terms)
}

func (r *registration) consent(ctx context.Context, st wire.Status) (wire.Status, error) {
	r.screen.Tell("Your face will be compared with the photo in the chip. Images are deleted once it is decided. Version " + st.Consent + ".")
	return r.agree(ctx, wire.StepConsent, "Do you agree to this use of your face?", st.Consent)
}

// agree asks, and tells the server. That terms were not accepted is nothing to it.
func (r *registration) agree(ctx context.Context, step, question, version string) (wire.Status, error) {
	got, err := r.screen.Choose(ctx, step, question, []string{"yes", "no"})
	if err == nil && step == wire.StepTerms && got != "yes" {
		err = errors.New("app: without the terms there is no account")
	}
	if err != nil {
		return wire.Status{}, err
	}
	return r.post(ctx, step, wire.Agree{Version: version, Accepted: got == "yes"})
}

func (r *registration) fillIn(ctx context.Context, _ wire.Status) (wire.Status, error) {
	r.screen.Tell("Please write everything just as it is printed on the passport.")
	var f wire.Form
	for _, q := range []struct {
		key, text string
		to        *string
	}{
		{"country", "Country that issued your personal code (two letters)", &f.Country},
		{"surname", "Surname", &f.Surname},
		{"given-names", "Given names", &f.GivenNames},
		{"person-code", "Personal code", &f.PersonCode},
		{"document", "Passport number", &f.Document},
	} {
		got, err := r.screen.Ask(ctx, q.key, q.text)
		if err != nil {
			return wire.Status{}, err
		}
		*q.to = got
	}
	r.form, r.email, r.untried = f, "", true
	return r.post(ctx, wire.StepForm, f)
}

// chip reads the document. The server's challenge is answered by the chip itself.
func (r *registration) chip(ctx context.Context, st wire.Status) (wire.Status, error) {
	if r.body == nil {
		return wire.Status{}, errors.New("app: this phone has no chip reader")
	}
	lines, err := r.body.CodeLine(ctx)
	if err != nil {
		return wire.Status{}, err
	}
	zone, err := mrz.Parse(lines)
	if err != nil {
		return wire.Status{}, err
	}
	card, err := r.body.Chip(ctx)
	if err != nil {
		return wire.Status{}, err
	}
	reading, err := chip.Read(ctx, card, zone.AccessKey(), st.Challenge, func(done, total int) {
		r.screen.Progress(st.Next, done, total+1) // the server's judgement is the rest
	})
	if err != nil {
		return wire.Status{}, err
	}
	groups := map[string][]byte{}
	for n, content := range reading.Groups {
		groups[strconv.Itoa(n)] = content
	}
	return r.post(ctx, wire.StepChip, wire.Chip{SOD: reading.SOD, Groups: groups, ActiveAuth: reading.ActiveAuth})
}

// contact has a code sent, once, and asks for it; for another one, or for
// another address, once it is dead or the holder says so.
func (r *registration) contact(ctx context.Context, st wire.Status) (wire.Status, error) {
	var code string
	var err error
	switch {
	case r.email == "":
		r.email, err = r.screen.Ask(ctx, "email", "E-mail address, for the one-time code")
		code, r.dead = "new", true
	case r.dead:
		code, err = r.screen.Choose(ctx, "otp", "No code for "+r.email+" is open. Send a new one, or take another address?", []string{"new", "other"})
	default:
		code, err = r.screen.Ask(ctx, "otp", "The six digits that were sent to you (\"new\" for another code, \"other\" for another address)")
	}
	switch {
	case err != nil:
		return wire.Status{}, err
	case code == "new":
		return r.sendCode(ctx)
	case code == "other":
		r.email = ""
		return st, nil // asked for again by the same step
	}
	next, err := r.post(ctx, wire.StepContact, wire.Code{Code: code})
	if e, ok := errors.AsType[*tunnus.Error](err); ok && e.Left != nil && *e.Left == 0 {
		e.Public, e.Left, r.dead = "That was wrong too often: this code is dead.", nil, true
	} else if ok && e.Left == nil && e.Code == tunnus.CodeOTPOld {
		r.dead = true
	}
	return next, err
}

func (r *registration) sendCode(ctx context.Context) (wire.Status, error) {
	st, err := r.post(ctx, wire.StepSendCode, wire.Contact{Email: r.email})
	e, refused := errors.AsType[*tunnus.Error](err)
	if refused && e.Code == tunnus.CodeOTPResends && e.Until != nil && r.untried && e.Until.Sub(r.clock.Now()) < time.Hour { // else a day's budget
		st, err = r.post(ctx, "", wire.None{}) // a code went out, and only its answer was lost
	}
	switch {
	case err == nil:
		r.dead, r.untried = false, false
		r.screen.Tell("A code was sent to " + r.email + ".")
	case refused && e.Code == tunnus.CodeBadRequest:
		r.email = ""
	case refused && e.Code == tunnus.CodeOTPResends && e.Until == nil && r.dead:
		err = errors.New("app: this registration gets no further code; please start again")
	}
	return st, err
}

func (r *registration) register(ctx context.Context, _ wire.Status) (wire.Status, error) {
	r.screen.Tell("Asking the population register …")
	return r.post(ctx, wire.StepRegister, wire.None{})
}

// liveFrames is how many pictures the camera takes for one comparison.
const liveFrames = 3

func (r *registration) face(ctx context.Context, _ wire.Status) (wire.Status, error) {
	if r.body == nil {
		return wire.Status{}, errors.New("app: this phone has no camera")
	}
	if _, err := r.screen.Choose(ctx, "face", "Hold the phone in front of your face, in good light.", []string{"ready"}); err != nil {
		return wire.Status{}, err
	}
	frames, err := r.body.Frames(ctx, liveFrames)
	if err != nil {
		return wire.Status{}, err
	}
	r.screen.Tell("Comparing your face with the photo in the chip …")
	return r.post(ctx, wire.StepFace, wire.Face{Frames: frames})
}

// keys has both PINs chosen and makes a key for each.
func (r *registration) keys(ctx context.Context, _ wire.Status) (wire.Status, error) {
	pin1, pin2, err := r.choosePINs(ctx)
	if err != nil {
		return wire.Status{}, err
	}
	defer pin1.Wipe()
	defer pin2.Wipe()
	r.vault.State.DropKeys()
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
	r.vault.State.Making = made
	if err := r.vault.Save(); err != nil {
		return wire.Status{}, err
	}
	return r.post(ctx, wire.StepKeys, wire.Keys{Login: made[splitkey.Login], Sign: made[splitkey.Signature]})
}
