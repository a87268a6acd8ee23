package app

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/steps"
	"github.com/tunnus-id/tunnus/app/tries"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// choosePINs asks for both PINs, each twice, until they are good.
func (r *registration) choosePINs(ctx context.Context) (pin1, pin2 tunnus.Secret, err error) {
	personal := pin.Personal{Codes: []string{r.steps.Form.PersonCode, r.steps.Form.Document}}
	if code, err := tunnus.ParsePersonCode(r.steps.Form.Country, r.steps.Form.PersonCode); err == nil {
		personal.Birth, _ = code.BirthDate()
	}
	r.screen.Tell("Choose two PINs. They are never sent anywhere and cannot be recovered: forgotten means registering anew.")
	if pin1, err = steps.ChoosePIN(ctx, r.screen, r.Explain, pin.PIN1, "pin1", "PIN1, to log in", personal); err != nil {
		return pin1, pin2, err
	}
	personal.Other = pin1.Reveal()
	pin2, err = steps.ChoosePIN(ctx, r.screen, r.Explain, pin.PIN2, "pin2", "PIN2, to sign", personal)
	return pin1, pin2, err
}

// PINs asks how each PIN of this phone stands.
func (a *App) PINs(ctx context.Context) ([]tries.PIN, error) {
	held, err := a.held()
	if err != nil {
		return nil, err
	}
	var pins []tries.PIN
	for _, p := range []struct {
		kind pin.Kind
		key  string
	}{{pin.PIN1, held.Login}, {pin.PIN2, held.Sign}} {
		key, ok := a.vault.State.Key(p.key)
		if !ok {
			continue
		}
		s, err := a.status(ctx, key)
		if err != nil {
			return pins, err
		}
		pins = append(pins, tries.PIN{Kind: p.kind, Changed: key.Blob.Generation > 1, Tries: s.Tries})
	}
	return pins, nil
}

// caution tells what the holder of a PIN should know before it is typed.
func (a *App) caution(kind pin.Kind, t splitkey.Tries) {
	if line := tries.Say(kind, t, a.clock.Now()); line != "" {
		a.screen.Tell(line)
	}
}
