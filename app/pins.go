package app

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/tries"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// choosePINs asks for both PINs, each twice, until they are good.
func (r *registration) choosePINs(ctx context.Context) (pin1, pin2 tunnus.Secret, err error) {
	personal := pin.Personal{Codes: []string{r.form.PersonCode, r.form.Document}}
	if code, err := tunnus.ParsePersonCode(r.form.Country, r.form.PersonCode); err == nil {
		personal.Birth, _ = code.BirthDate()
	}
	r.screen.Tell("Choose two PINs. They are never sent anywhere and cannot be recovered: forgotten means registering anew.")
	if pin1, err = r.choosePIN(ctx, pin.PIN1, "pin1", "PIN1, to log in ("+lengths(pin.PIN1)+")", personal); err != nil {
		return pin1, pin2, err
	}
	personal.Other = pin1.Reveal()
	pin2, err = r.choosePIN(ctx, pin.PIN2, "pin2", "PIN2, to sign ("+lengths(pin.PIN2)+")", personal)
	return pin1, pin2, err
}

// lengths says how long a PIN may be.
func lengths(kind pin.Kind) string {
	if kind == pin.PIN1 {
		return "4 to 12 digits"
	}
	return "5 to 12 digits"
}

// choosePIN asks for a new PIN, twice, until it is good.
func (a *App) choosePIN(ctx context.Context, kind pin.Kind, key, text string, personal pin.Personal) (tunnus.Secret, error) {
	for {
		first, err := a.screen.AskSecret(ctx, key, text)
		if err != nil {
			return first, err
		}
		if err = pin.Judge(first.Reveal(), kind, personal); err == nil {
			second, failed := a.screen.AskSecret(ctx, key+"-again", "Again")
			if failed != nil {
				first.Wipe()
				return first, failed
			}
			err = pin.Same(first.Reveal(), second.Reveal())
			second.Wipe()
		}
		if err == nil {
			return first, nil
		}
		first.Wipe()
		a.screen.Tell(Explain(err))
	}
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
