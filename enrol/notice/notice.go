// Package notice writes the letters that tell people what is being done in their
// name: to every contact that was known of a person before.
//
// Whoever helps or tricks a person into registering shall not end with an account
// that the person hears nothing of. The letters are sealed, for the outbox, and
// go out in the commit of what they tell; package notify has their words.
package notice

import (
	"fmt"
	"strings"

	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// The kinds of letters.
const (
	Started = "account-started" // to known contacts: somebody makes keys in your name
	New     = "account-new"     // to known contacts: there is another account of yours
	Active  = "account-active"  // to the contact of the account itself
)

// Known returns the contacts of a person's live accounts but the one with the ID
// given, each once, whatever its capitals. It fails if one cannot be opened: a
// person who cannot be told must not get an account behind their back.
func Known(sealer otp.Sealer, accounts []account.Account, but string) ([]string, error) {
	var out []string
	for _, a := range accounts {
		if a.ID == but || !a.State.Live() || len(a.Contact) == 0 {
			continue
		}
		to, err := sealer.Open(a.Contact, a.ContactPlace())
		if err != nil {
			return nil, fmt.Errorf("notice: opening the contact of account %s: %w", a.ID, err)
		}
		out = with(out, string(to))
	}
	return out, nil
}

// with adds a contact, if it is not there yet.
func with(list []string, to string) []string {
	for _, have := range list {
		if same(have, to) {
			return list
		}
	}
	return append(list, to)
}

func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// Letters writes one letter of a kind to each contact but the one given: who is
// told in another letter. The device is the model that the phone claims.
func Letters(sealer otp.Sealer, kind string, known []string, but string, m otp.Message) ([]otp.Letter, error) {
	var out []otp.Letter
	for _, to := range known {
		if same(to, but) {
			continue
		}
		m.To = to
		l, err := otp.Seal(sealer, kind, m)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}
