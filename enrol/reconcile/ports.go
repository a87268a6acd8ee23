package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// A Run is the walk through all people who have accounts, as it is stored: there
// is one, and it begins again when it has ended.
type Run struct {
	Cursor   string // semantics identifier of the last person done; "" at the beginning
	Started  time.Time
	Finished time.Time // of the last walk that came to its end
	Holder   string    // who walks: random, a new one for each call of [Service.Run]
	Lease    time.Time // until when nobody else may
	Asked    int       // people, in this walk
	Failed   int       // of them, those of whom no answer could be used
	Braked   time.Time // when it was stopped with [ErrBrake]: that night is over then
	Rev      int64     // 0 until first saved; every save raises it by one
}

// A Store keeps the walk and its cases. Every implementation must pass
// peopletest.Reconcile.
type Store interface {
	// Run returns the walk; the zero one if there was none yet.
	Run(ctx context.Context) (Run, error)

	// SaveRun writes r as revision r.Rev+1, with the events, if the stored
	// revision is r.Rev. It fails with [tunnus.CodeStateConflict] if it is not.
	SaveRun(ctx context.Context, r Run, events []tunnus.Event) error

	// People returns at most limit codes of people who have an account that has begun
	// and not ended ([account.State.Begun]), each once, in the order of their semantics identifiers,
	// behind the one given ("" for the first).
	People(ctx context.Context, after string, limit int) ([]tunnus.PersonCode, error)

	// Case returns what was found of an account; the zero one if nothing was.
	Case(ctx context.Context, account string) (Case, error)

	// SaveCase writes a case as SaveRun does a walk.
	SaveCase(ctx context.Context, c Case, events []tunnus.Event) error
}

// Accounts is what is asked of an [account.Store].
type Accounts interface {
	ByPerson(ctx context.Context, p tunnus.PersonCode) ([]account.Account, error)
}

// A Register is asked about people. Its failures are those of a people.Source:
// [match.ErrNoPerson] is an answer. Of the others, the package asks [Down] which
// of them mean that there is no use in asking on.
type Register interface {
	ByCode(ctx context.Context, code tunnus.PersonCode) (match.Person, error)
}

// An Ender ends an account with its keys and certificates.
type Ender interface {
	// End ends the account, and from then on keys and certificates follow, whatever
	// happens meanwhile (account/life). It may be called again, and does nothing
	// to an account that has ended.
	End(ctx context.Context, a account.Account, e account.Event, why tunnus.Code) error
}

// A Teller tells the holder that the names in the account are old.
type Teller interface {
	// Renamed leaves letters for all contacts that are known of the holder; told
	// is false if there is none. It may be called again, and tells again then.
	Renamed(ctx context.Context, a account.Account, due time.Time) (told bool, err error)
}

// Rules are the numbers of a scheme.
type Rules struct {
	Renew  time.Duration // how long somebody has after a change of name
	Every  time.Duration // a walk does not begin sooner after the last one
	Tries  int           // of a question that the register did not answer
	Bad    int           // answers in a row that cannot be used: then it is taken for down
	Floor  int           // accounts that may be touched in one night in any case,
	PerCen int           // and of a hundred people asked
}

// Why a walk stops before its end.
var (
	// ErrDown: the register does not answer. The walk goes on from here.
	ErrDown = errors.New("reconcile: the register does not answer; the walk goes on another time")
	// ErrBrake: more accounts would have been touched than is likely to be right.
	ErrBrake = errors.New("reconcile: the register says grave things of too many people; somebody should look at it")
)
