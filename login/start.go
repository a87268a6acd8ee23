package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// maxAccounts is how many accounts of a person one request goes to, the newest first.
const maxAccounts = 5

// A Subject says who is asked: a person, or one account of theirs. One of the
// two is set.
type Subject struct {
	SemanticsID string // ETSI EN 319 412-1 §5.1.3, such as PNOXX-199002140017
	Number      string // document number, such as PNOXX-199002140017-ABCD-Q
}

// An Ask is what a relying party sent. What is signed is kept as it arrived.
type Ask struct {
	Name         string       // relyingPartyName
	Level        tunnus.Level // "" is QUALIFIED
	Challenge    string       // rpChallenge
	Hash         acsp.Hash
	Interactions string
	Ignored      []string // names of request properties that were not understood
}

// Start opens a session and returns its id. The party must have been identified
// ([Parties.Identify]).
//
// It fails with [tunnus.CodeBadRequest] and a field, with [tunnus.CodeForbidden]
// if the party may not ask for that level, and with [tunnus.CodeAccNone] if no
// account can be asked: the person is unknown, has none of that level, has
// stopped this service's notifications, or has had as many as they may get.
// These look alike. If there are accounts but none can sign now, the session
// is opened and has ended with DocumentUnusable.
func (f *Flow) Start(ctx context.Context, p Party, who Subject, ask Ask) (id string, err error) {
	if ask.Level == "" {
		ask.Level = tunnus.Qualified
	}
	if !ask.Level.Valid() {
		return "", tunnus.BadRequest("certificateLevel", errors.New("login: unknown level"))
	}
	if ask.Level == tunnus.Advanced && !p.Advanced {
		return "", Forbidden("certificateLevel", errors.New("login: party may not ask for level ADVANCED"))
	}
	d := detail{Ignored: ask.Ignored, Fields: acsp.Fields{
		Scheme: f.scheme, ServerRandom: acsp.NewServerRandom(), RPChallenge: ask.Challenge,
		RPName: ask.Name, BrokeredName: p.Brokered, Interactions: ask.Interactions,
		Flow: acsp.Notification, Hash: ask.Hash,
	}}
	code, err := acsp.VerificationCode(ask.Challenge)
	if err != nil {
		return "", err
	}
	if d.Choices, err = acsp.Choices(code); err != nil {
		return "", err
	}
	record, err := d.Fields.Record()
	if err != nil {
		return "", err
	}
	accounts, err := f.suitable(ctx, who, ask.Level)
	if err != nil {
		return "", err
	}
	const tries = 3 // two requests for one person at one moment are rare, more are a flood
	for range tries {
		id, err = f.open(ctx, p, accounts, d, record)
		if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			break
		}
	}
	return id, err
}

// suitable returns the accounts that may be asked, all of one person, at least one.
func (f *Flow) suitable(ctx context.Context, who Subject, want tunnus.Level) ([]Account, error) {
	var all []Account
	if who.Number != "" {
		a, err := f.accounts.ByNumber(ctx, who.Number)
		if tunnus.CodeOf(err) == tunnus.CodeNotFound {
			return nil, none("no account has that document number")
		}
		if err != nil {
			return nil, err
		}
		all = []Account{a}
	} else {
		code, err := tunnus.ParseSemanticsID(who.SemanticsID)
		if err != nil {
			return nil, none("no such person can be: " + string(tunnus.CodeOf(err)))
		}
		if all, err = f.accounts.OfPerson(ctx, code); err != nil {
			return nil, err
		}
	}
	all = slices.DeleteFunc(slices.Clone(all), func(a Account) bool { return !a.Level.AtLeast(want) })
	if len(all) == 0 {
		return nil, none("no account of that level")
	}
	return all[:min(len(all), maxAccounts)], nil
}

// open makes the offers and the session. The offers come first: a session that
// can be read has all of them, and offers that a crash leaves without a
// session are shown to nobody and run out.
func (f *Flow) open(ctx context.Context, p Party, accounts []Account, d detail, record []byte) (string, error) {
	now := f.clock.Now()
	since := now.Add(-memory)
	person := accounts[0].Person
	recent, err := f.store.Recent(ctx, person, since)
	if err != nil {
		return "", err
	}
	if err := f.budget(recent, p, now); err != nil {
		return "", err
	}
	s := Session{
		ID: newID(), Rev: 1, Party: p.UUID, Person: person,
		Created: now, Expires: now.Add(f.rules.Answer + f.rules.PIN), State: Running,
	}
	if d.Offers, err = f.offerAll(ctx, accounts, record, d.Fields.Hash, s.Expires); err != nil {
		return "", errors.Join(err, f.cancelAll(ctx, d.Offers))
	}
	if len(d.Offers) == 0 {
		if s.End, err = Next(Running, KeyUnusable); err != nil {
			return "", err
		}
		s.State, s.Ended = Complete, now
	}
	if s.Detail, err = json.Marshal(d); err != nil {
		return "", fmt.Errorf("login: session: %w", err)
	}
	start := tunnus.Event{At: now, Kind: "login.start", Subject: s.ID, Detail: map[string]string{
		"party": p.UUID, "accounts": fmt.Sprint(len(d.Offers)), "hash": string(d.Fields.Hash),
	}}
	if err := f.store.Create(ctx, s, since, len(recent), []tunnus.Event{start}); err != nil {
		_ = f.cancelAll(ctx, d.Offers) // nobody will be shown them
		return "", err
	}
	f.notifier.Wake(personTopic(person))
	return s.ID, nil
}

// offerAll asks each account's key. Keys that cannot sign now are passed over.
// On failure it returns the offers made so far.
func (f *Flow) offerAll(ctx context.Context, accounts []Account, record []byte, h acsp.Hash, until time.Time) ([]offer, error) {
	var all []offer
	for _, a := range accounts {
		id, err := f.signer.Offer(ctx, Offer{KeyID: a.KeyID, Record: record, Hash: string(h), Expires: until})
		if err != nil && tunnus.CodeOf(err).Decided() {
			continue
		}
		if err != nil {
			return all, err
		}
		all = append(all, offer{a.ID, a.KeyID, id})
	}
	return all, nil
}

// budget refuses a request that would be one too many for the person, whoever
// asks, and one of a service that the person has stopped.
func (f *Flow) budget(recent []Session, p Party, now time.Time) error {
	pending, left := 0, 0
	for _, s := range recent {
		running := s.State == Running && now.Before(s.Expires)
		if s.NotMe && s.Party == p.UUID && now.Before(s.Ended.Add(f.rules.Mute)) {
			return none("the person has stopped this service")
		}
		if running {
			pending++
		}
		lapsed := s.State == Running && !running // its row does not say so yet
		if (lapsed || unanswered[s.End]) && now.Before(s.Created.Add(f.rules.Window)) {
			left++
		}
	}
	if pending >= f.rules.Pending || pending+left >= f.rules.Unanswered {
		return none("the person has had as many requests as they may get")
	}
	return nil
}

// cancelAll ends all offers that are not signed. When it returns nil, those that
// were not signed before never will be.
func (f *Flow) cancelAll(ctx context.Context, offers []offer) error {
	var errs []error
	for _, o := range offers {
		if err := f.signer.Cancel(ctx, o.Transaction); err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// none is the one answer for everybody who cannot be asked, whatever the reason.
func none(why string) error {
	return tunnus.Fail(tunnus.CodeAccNone, errors.New("login: "+why))
}
