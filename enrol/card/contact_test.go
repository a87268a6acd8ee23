package card

import (
	"context"
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus"
)

var errKilled = errors.New("killed")

// dying is a store that is killed before it writes that a contact was confirmed, so often.
type dying struct {
	Store
	times int
}

func (d *dying) Save(ctx context.Context, c Change) error {
	if d.times > 0 && c.Visits[0].State == Confirmed {
		d.times--
		return errKilled
	}
	return d.Store.Save(ctx, c)
}

// Killed after the code was used, before the visit knew of it: typed again it is right,
// and a wrong one is not. Once the visit knows, it is used.
func TestUsedButNotKnown(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Store = &dying{c.Store, 1} })
	v := w.login(w.card)
	w.must("Answer", w.Answer(t.Context(), v, fine))
	_, err := w.SendCode(t.Context(), v, To{Contact: "ada@mail.example"})
	w.must("SendCode", err)
	code := w.letter().Code
	if err := w.ConfirmCode(t.Context(), v, code); !errors.Is(err, errKilled) {
		t.Fatalf("ConfirmCode = %v; want it killed", err)
	}
	w.want("a wrong one", w.ConfirmCode(t.Context(), v, code[:5]+string('0'+(rune(code[5])-'0'+1)%10)), tunnus.CodeOTPOld)
	w.must("typed again", w.ConfirmCode(t.Context(), v, code))
	w.want("a second use", w.ConfirmCode(t.Context(), v, code), tunnus.CodeStateConflict)
	g, err := w.Who(t.Context(), v)
	if err != nil || g.State != Confirmed {
		t.Errorf("the visit is %s, %v", g.State, err)
	}
}
