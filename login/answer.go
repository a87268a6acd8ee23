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

// A Request is a session as an app shows it.
type Request struct {
	Session      string
	Transaction  string // to sign it with, at key/keyshare
	Record       []byte // acsp.Fields.Record: all of the following is in it, or follows from it
	Service      string // who asks, as it is signed
	Brokered     string // for whom, if the service is a broker
	Interactions []acsp.Interaction
	Code         string    // the verification code to show; "" if it is to be picked
	Choices      []string  // three codes to pick from; nil if one is shown
	Until        time.Time // when the request ends
}

// Pending returns the requests that wait for an account, oldest first. With none
// it waits up to the time given for one to come. If several wait for the
// person, each code has to be picked (security.md P5): a holder who does not
// look would otherwise confirm the wrong one.
func (f *Flow) Pending(ctx context.Context, account string, wait time.Duration) ([]Request, error) {
	a, err := f.accounts.ByID(ctx, account)
	if err != nil {
		return nil, err
	}
	woken, stop := f.notifier.Listen(personTopic(a.Person))
	defer stop()
	end := time.NewTimer(wait)
	defer end.Stop()
	for {
		list, err := f.pending(ctx, a)
		if err != nil || len(list) > 0 || wait <= 0 {
			return list, err
		}
		tick := time.NewTimer(f.rules.Reread)
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-end.C:
			wait = 0
		case <-woken:
		case <-tick.C:
		}
		tick.Stop()
		if err != nil || wait <= 0 {
			return nil, err
		}
	}
}

func (f *Flow) pending(ctx context.Context, a Account) ([]Request, error) {
	now := f.clock.Now()
	recent, err := f.store.Recent(ctx, a.Person, now.Add(-f.rules.Answer-f.rules.PIN))
	if err != nil {
		return nil, err
	}
	live := slices.DeleteFunc(recent, func(s Session) bool {
		return s.State != Running || !now.Before(s.Created.Add(f.rules.Answer))
	})
	slices.Reverse(live)
	var list []Request
	for _, s := range live {
		l, err := load(s)
		if err != nil {
			return nil, err
		}
		o, asked := l.offerOf(a.ID)
		if !asked {
			continue
		}
		r, err := l.request(o, len(live) > 1)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// request makes what the app shows. The screen is the first one that was asked
// for, since our app has them all.
func (l loaded) request(o offer, several bool) (Request, error) {
	fields := l.detail.Fields
	record, err := fields.Record()
	if err != nil {
		return Request{}, err
	}
	screens, err := acsp.ParseInteractions(fields.Interactions)
	if err != nil {
		return Request{}, err
	}
	r := Request{
		Session: l.ID, Transaction: o.Transaction, Record: record,
		Service: fields.RPName, Brokered: fields.BrokeredName, Interactions: screens, Until: l.Expires,
	}
	if several || screens[0].CodeChoice() {
		r.Choices = l.detail.Choices
		return r, nil
	}
	r.Code, err = acsp.VerificationCode(fields.RPChallenge)
	return r, err
}

// refusals are what a holder can do other than sign.
var refusals = []Happening{WasRefused, WasCancelled, WasNotMe, CodeMispicked, AppLacksScreen}

// Refuse ends a session by the word of one of the accounts that were asked, on
// all of the person's devices. screen is the interaction on which the holder
// cancelled, with [WasCancelled]. The caller has verified that the account's
// device says so.
//
// It fails with [tunnus.CodeNotFound] if the account was not asked, and with
// [tunnus.CodeStateConflict] if the session has ended, be it by a signature
// that was faster; said again, it succeeds again.
func (f *Flow) Refuse(ctx context.Context, account, session string, how Happening, screen acsp.Type) error {
	if !slices.Contains(refusals, how) {
		return tunnus.BadRequest("refusal", errors.New("login: not a refusal"))
	}
	l, err := f.read(ctx, session)
	if err != nil {
		return err
	}
	if _, asked := l.offerOf(account); !asked {
		return tunnus.NotFound(errors.New("login: account was not asked"))
	}
	if how == WasCancelled && !l.asksFor(screen) {
		return tunnus.BadRequest("interaction", errors.New("login: that interaction was not offered"))
	}
	if how != WasCancelled {
		screen = ""
	}
	if l.State == Running {
		if err := f.cancelAll(ctx, l.detail.Offers); err != nil {
			return err // it could still be signed, so it is not refused yet
		}
		if l, err = f.settle(ctx, l, &refusal{how, string(screen)}); err != nil {
			return err
		}
	}
	if want := ends[Running][how]; l.End != want || l.NotMe != (how == WasNotMe) {
		return tunnus.Conflict(fmt.Errorf("login: session has ended with %s", l.End))
	}
	return nil
}

func (l loaded) asksFor(t acsp.Type) bool {
	list, err := acsp.ParseInteractions(l.detail.Fields.Interactions)
	return err == nil && slices.ContainsFunc(list, func(i acsp.Interaction) bool { return i.Type == t })
}

// Finish ends the session to which an account's signature request belongs, if
// it is signed or can no longer be. It is called after key/keyshare released a
// signature, and when a key was locked; it asks the [Signer] for the truth, so
// it may be called too often, or by anybody.
//
// It fails with [tunnus.CodeNotFound] if the account is unknown. That no
// session has that request is no error.
func (f *Flow) Finish(ctx context.Context, account, transaction string) error {
	a, err := f.accounts.ByID(ctx, account)
	if err != nil {
		return err
	}
	recent, err := f.store.Recent(ctx, a.Person, f.clock.Now().Add(-memory))
	if err != nil {
		return err
	}
	for _, s := range recent {
		if s.State != Running {
			continue
		}
		l, err := load(s)
		if err != nil {
			return err
		}
		if o, asked := l.offerOf(account); asked && o.Transaction == transaction {
			_, err = f.settle(ctx, l, nil)
			return err
		}
	}
	return nil
}

// A refusal is how a holder said no.
type refusal struct {
	how    Happening
	screen string
}

// settle ends a running session if something has ended it, and returns it as it
// stands. no is what the holder said, if anything; a released signature wins
// over it. If somebody else was faster, theirs is returned.
func (f *Flow) settle(ctx context.Context, l loaded, no *refusal) (loaded, error) {
	if l.State != Running {
		return l, nil
	}
	how, by, out, err := f.judge(ctx, l)
	if err != nil {
		return l, err
	}
	if no != nil && how == "" {
		// Its cancelling lost against somebody who writes the same row: it may yet be signed.
		return l, tunnus.Conflict(errors.New("login: an offer is still open"))
	}
	if no != nil && how != WasSigned && how != TimeRanOut {
		how, l.detail.Refused, l.NotMe = no.how, no.screen, no.how == WasNotMe
	}
	if how == WasSigned {
		if l.detail.Answer, err = f.answer(ctx, l, by, out); err != nil {
			return l, err
		}
		if l.detail.Answer == nil {
			how = KeyUnusable
		}
	}
	if how == "" {
		return l, nil
	}
	return f.end(ctx, l, how)
}

// judge asks for the outcome of every offer. It returns what ended the session
// ("" if nothing has), and the offer that was signed. A session whose time has
// run out is closed to signatures before they are looked for.
func (f *Flow) judge(ctx context.Context, l loaded) (Happening, offer, Outcome, error) {
	late := !f.clock.Now().Before(l.Expires)
	if late {
		if err := f.cancelAll(ctx, l.detail.Offers); err != nil {
			return "", offer{}, Outcome{}, err
		}
	}
	count := map[OutcomeState]int{}
	for _, o := range l.detail.Offers {
		out, err := f.signer.Outcome(ctx, o.Transaction)
		if err != nil {
			return "", offer{}, Outcome{}, err
		}
		if out.State == Signed {
			return WasSigned, o, out, nil
		}
		count[out.State]++
	}
	var how Happening
	switch {
	case late:
		how = TimeRanOut
	case count[Open] > 0:
	case count[Cancelled] > 0:
		how = WasRefused // only a refusal cancels offers of a session that has time left
	default:
		how = KeyUnusable
	}
	return how, offer{}, Outcome{}, nil
}

// answer makes what the relying party gets. It is nil if the account that
// signed has ended since: a log-in by it is not passed on.
func (f *Flow) answer(ctx context.Context, l loaded, by offer, out Outcome) (*Answer, error) {
	a, err := f.accounts.ByID(ctx, by.Account)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound || err == nil && a.KeyID != by.KeyID {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	said, err := acsp.ParseAnswer(out.Answer)
	if err != nil {
		return nil, fmt.Errorf("login: session %s: signed answer: %w", l.ID, err)
	}
	return &Answer{
		Number: a.Number, Level: a.Level, Certificate: a.Certificate, Signature: out.Signature,
		ServerRandom: l.detail.Fields.ServerRandom, UserChallenge: said.UserChallenge,
		Interaction: said.Interaction, Flow: l.detail.Fields.Flow, Hash: l.detail.Fields.Hash,
	}, nil
}

// end writes how a session ended and wakes who waits for it.
func (f *Flow) end(ctx context.Context, l loaded, how Happening) (loaded, error) {
	result, err := Next(l.State, how)
	if err != nil {
		return l, err
	}
	now := f.clock.Now()
	l.State, l.End, l.Ended = Complete, result, now
	if how == TimeRanOut {
		l.Ended = l.Expires // it ended then, whenever that is noticed
	}
	if l.Detail, err = json.Marshal(l.detail); err != nil {
		return l, fmt.Errorf("login: session: %w", err)
	}
	event := tunnus.Event{At: now, Kind: "login.end", Subject: l.ID, Detail: map[string]string{
		"party": l.Party, "end": string(result), "how": string(how),
	}}
	err = f.store.Save(ctx, l.Session, []tunnus.Event{event})
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return f.read(ctx, l.ID) // a session is saved once only: it has ended
	}
	if err != nil {
		return l, err
	}
	l.Rev++
	_ = f.cancelAll(ctx, l.detail.Offers) // the other devices' offers; if not now, they run out
	f.notifier.Wake(sessionTopic(l.ID))
	f.notifier.Wake(personTopic(l.Person))
	return l, nil
}

func (f *Flow) read(ctx context.Context, id string) (loaded, error) {
	s, err := f.store.Session(ctx, id)
	if err != nil {
		return loaded{}, err
	}
	return load(s)
}
