// Package tell decides who hears of what happens to an account, and how: a letter
// to every contact of the person, a notice on every other device, and in letters
// that somebody may have to say "not me" to, a link that does it with one tap.
//
// What it makes is handed to whoever commits the change that it tells of, so that
// nothing happens silently and nothing is told that did not happen. Notices are
// rows that wait until the device has acknowledged them. A link holds 32 random
// bytes, of which only the hash is kept; it is good for one purpose and one
// account, and for 72 hours ([Tap]). Neither letters nor links name a person. Letters
// are in the language of the holder ([Language]); package notify/words has their words.
package tell

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// A Kind is a kind of letter and of notice.
type Kind string

// The kinds.
const (
	New       Kind = "account-new"       // there is another account of yours
	Replaced  Kind = "account-replaced"  // and it takes the place of this one
	Blocked   Kind = "account-blocked"   // by you, from elsewhere
	Unblocked Kind = "account-unblocked" //
	Frozen    Kind = "account-frozen"    // somebody said "not me"
	Disputed  Kind = "account-disputed"  // two accounts froze each other: come to the desk
	Ended     Kind = "account-ended"     //
	Expires   Kind = "account-expires"   // reminder
	Used      Kind = "account-used"      // another account of yours was used (security.md K4)
	PIN       Kind = "pin-changed"       //
	Added     Kind = "contact-added"     // held, and can be stopped
	Leaving   Kind = "contact-leaving"   // so too
	Held      Kind = "account-held"      // a copy of it was seen (security.md K4)
	Renamed   Kind = "account-renamed"   // the register has another name of its holder

	// Of letters only:

	Started Kind = "account-started" // to known contacts: somebody makes keys in your name
	Active  Kind = "account-active"  // to the contact of the account itself
	Ward    Kind = "account-ward"    // to the other guardians of a child: it has an account (security.md R9)
)

// Kinds lists all kinds.
func Kinds() []Kind { return append(Shown(), Started, Active, Ward) }

// Shown lists the kinds that devices show too.
func Shown() []Kind {
	return []Kind{New, Replaced, Blocked, Unblocked, Frozen, Disputed, Ended, Expires, Used, PIN, Added, Leaving, Held, Renamed}
}

// A Notice is one row that a device is to show.
type Notice struct {
	ID      string // of what happened: told twice, it is one notice
	Account string // whose device gets it
	Kind    Kind
	At      time.Time
	About   string    // id of the account, or of the contact
	Acked   time.Time // zero until the device has shown it
}

// A Purpose is what one tap does.
type Purpose string

// The purposes.
const (
	FreezeAccount Purpose = "freeze" // Target is an account
	StopContact   Purpose = "stop"   // Target is a contact that is new, or that is on its way out
)

// TapFor is how long a link is good.
const TapFor = 72 * time.Hour

// A Tap is what is kept of a link.
type Tap struct {
	Hash      string // SHA-256 of the token, hexadecimal
	Purpose   Purpose
	Account   string // of the person who was told; for [FreezeAccount] the one to freeze
	Target    string
	ExpiresAt time.Time
	UsedAt    time.Time // zero until it was tapped
}

// HashOf is what a token is known by here; "" if it cannot be one.
func HashOf(token string) string {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenSize {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

const tokenSize = 32

// A Told is what is to be committed with the change that it tells of.
type Told struct {
	Notices []Notice
	Letters []otp.Letter
	Taps    []Tap
}

// Add joins two.
func (t *Told) Add(more Told) {
	t.Notices, t.Letters, t.Taps = append(t.Notices, more.Notices...), append(t.Letters, more.Letters...), append(t.Taps, more.Taps...)
}

// Contacts finds who is told; a [contact.Service] does.
type Contacts interface {
	All(ctx context.Context, p tunnus.PersonCode) ([]contact.Contact, error)
}

// A Teller writes letters and notices.
type Teller struct {
	Sealer   otp.Sealer
	Contacts Contacts
	URL      string // of the pages for links, without a slash at its end; "" sends letters without links
	Clock    tunnus.Clock
}

// An Occasion is something to tell.
type Occasion struct {
	ID      string // of what happened
	Kind    Kind
	Account account.Account   // that it happened to
	Others  []account.Account // all accounts of the person, in any state
	By      string            // id of the account whose device did it, and is not told; "" if none
	Subject string            // what a notice is about, if it is not the account
	Detail  string            // for letters: a date, a masked contact
	Tap     Purpose           // "" for letters without a link
	Quiet   bool              // notices only
	But     string            // address that is told in another letter
}

// Of makes what tells of an occasion.
func (t Teller) Of(ctx context.Context, o Occasion) (Told, error) {
	now := t.Clock.Now().UTC()
	about := o.Subject
	if about == "" {
		about = o.Account.ID
	}
	var out Told
	for _, a := range o.Others {
		if !a.State.Begun() || a.ID == o.By {
			continue
		}
		out.Notices = append(out.Notices, Notice{ID: string(o.Kind) + "/" + o.ID, Account: a.ID, Kind: o.Kind, At: now, About: about})
	}
	if o.Quiet {
		return out, nil
	}
	list, err := t.Contacts.All(ctx, o.Account.Person)
	if err != nil {
		return Told{}, fmt.Errorf("tell: contacts: %w", err)
	}
	for _, c := range list {
		if strings.EqualFold(c.Address, o.But) {
			continue
		}
		m := otp.Message{Device: o.Account.Model, About: o.Detail, Language: Language(o.Account, o.Others, now)}
		if o.Tap != "" && t.URL != "" {
			tap := Tap{Purpose: o.Tap, Account: o.Account.ID, Target: about, ExpiresAt: now.Add(TapFor)}
			m.Link, tap.Hash = t.link()
			out.Taps = append(out.Taps, tap)
		}
		letter, err := Letters(t.Sealer, o.Kind, []string{c.Address}, m)
		if err != nil {
			return Told{}, err
		}
		out.Letters = append(out.Letters, letter...)
	}
	return out, nil
}

// Language is the one in which a person is told of an account: its own, unless it is
// young or not active yet and the person has an older one. Whoever gets an account in
// another's name shall not choose in which language that one is warned.
func Language(of account.Account, all []account.Account, now time.Time) string {
	if !of.ActiveAt.IsZero() && !of.Young(now) {
		return of.Language
	}
	oldest := of
	for _, a := range all {
		if !a.ActiveAt.IsZero() && (oldest.ActiveAt.IsZero() || a.ActiveAt.Before(oldest.ActiveAt)) {
			oldest = a
		}
	}
	return oldest.Language
}

// Letters writes one letter of a kind to each address.
func Letters(sealer otp.Sealer, kind Kind, to []string, m otp.Message) ([]otp.Letter, error) {
	var out []otp.Letter
	for _, m.To = range to {
		l, err := otp.Seal(sealer, string(kind), m)
		if err != nil {
			return nil, fmt.Errorf("tell: a letter: %w", err)
		}
		out = append(out, l)
	}
	return out, nil
}

// Path is where links lead, below the address of the pages.
const Path = "/notme/"

func (t Teller) link() (link, hash string) {
	raw := make([]byte, tokenSize)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	token := base64.RawURLEncoding.EncodeToString(raw)
	return t.URL + Path + token, HashOf(token)
}
