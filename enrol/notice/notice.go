// Package notice writes the letters that tell people what is being done in their
// name: to every contact that was known of a person before.
//
// Whoever helps or tricks a person into registering shall not end with an account
// that the person hears nothing of. The letters are sealed, for the outbox, and
// go out in the commit of what they tell; package notify has their words.
package notice

import "github.com/tunnus-id/tunnus/enrol/otp"

// The kinds of letters.
const (
	Started = "account-started" // to known contacts: somebody makes keys in your name
	New     = "account-new"     // through the register: there is an account of yours
	Active  = "account-active"  // to the contact of the account itself
)

// Letters writes one letter of a kind to each contact. The device is the model that
// the phone claims.
func Letters(sealer otp.Sealer, kind string, known []string, m otp.Message) ([]otp.Letter, error) {
	var out []otp.Letter
	for _, to := range known {
		m.To = to
		l, err := otp.Seal(sealer, kind, m)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}
