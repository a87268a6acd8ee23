package steps

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/pin"
)

// ChoosePIN asks for a new PIN, twice, until it is good. The text says what for; how
// long it may be is added.
func ChoosePIN(ctx context.Context, screen Screen, explain func(error) string, kind pin.Kind, key, text string, personal pin.Personal) (tunnus.Secret, error) {
	for {
		first, err := screen.AskSecret(ctx, key, text+" ("+lengths(kind)+")")
		if err != nil {
			return first, err
		}
		if err = pin.Judge(first.Reveal(), kind, personal); err == nil {
			second, failed := screen.AskSecret(ctx, key+"-again", "Again")
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
		screen.Tell(explain(err))
	}
}

// lengths says how long a PIN may be.
func lengths(kind pin.Kind) string {
	if kind == pin.PIN1 {
		return "4 to 12 digits"
	}
	return "5 to 12 digits"
}
