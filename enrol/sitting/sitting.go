// Package sitting keeps the sittings of applicants: which way somebody goes, the
// facts that stand, and, sealed, what a person has told so far.
//
// A [Book] loads a sitting for the device that speaks, admits the fact that is
// open, lets it stand, and commits all of one decision, conditional on the
// revision that was read. What finds a fact is the matter of package enrol and
// of its rooms: they judge, this only writes down. It knows no document, no
// face and no key.
package sitting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sweep"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// A Session is one sitting of an applicant, as it is stored. What names a
// person stands in Payload, sealed, and nowhere else.
type Session struct {
	ID       string // made of the device key and the server's nonce; names no person
	Device   string // thumbprint of the device key (hk): R2
	Route    way.Route
	Revision string // of the way's table, "passport/2"
	State    way.State
	Why      tunnus.Code // why it waits or ended: what was told
	Claim    scheme.Claim
	Facts    way.Facts

	// Challenges counts the challenges that the chip was given, the last one
	// at ChallengeAt; zero if it is used up.
	Challenges  int
	ChallengeAt time.Time

	Document lock.Key // ledger of the document, once the chip has proved it
	Copyable bool     // the chip could not prove that it is the original
	Attempts int      // face attempts that were opened
	Attempt  string   // the open one, "" if there is none
	Captures int      // sets of frames that were taken in it

	Account     string // id of the account, once keys are being made
	LoginKey    string // and the ids of its keys
	SignKey     string
	Replaces    string    // id of the account that makes place, for a renewal
	Vouched     string    // id of the account that vouches (R3)
	Transaction string    // of keyshare: the application that waits to be signed
	Due         time.Time // when the session ends by itself; Sweep looks at it
	CreatedAt   time.Time
	ExpiresAt   time.Time

	Payload []byte // sealed; nil once the session has ended
	Rev     int64  // 0 until first saved; every Commit raises it by one
}

// Holds reports whether a session holds what a document's chip has told, or an
// account in the making: who has come so far has proved more than any stranger.
func (s Session) Holds() bool { return s.Document != "" || s.Account != "" }

// Pair is what the session has keys for, or will have.
func (s Session) Pair(login, sign string) binding.Pair {
	return binding.Pair{Session: s.ID, Device: s.Device, Login: login, Sign: sign}
}

// place binds the seal to the session.
func (s Session) place() []byte { return []byte("enrol/session/" + s.ID) }

// A Change is one decision: all of it is written, or nothing.
type Change struct {
	Session Session
	Account *account.Account // written too, if not nil; compare-and-swap on its own Rev
	// Most is how many accounts the person of a new Account may have with it, but for
	// the one that it replaces; 0 is any number.
	Most int
	// Voucher, if not nil, is the account by whose word Account is made, as it was read.
	Voucher *account.Account
	// Container, if not nil, is the account's signed application that now waits
	// for its time-stamp; it is written as [container.Store] Save would.
	Container *container.Container
	Letters   []otp.Letter // for the outbox
	Taps      []tell.Tap   // the links in them
	Events    []tunnus.Event
}

// A Store keeps sessions.
type Store interface {
	// Session returns a session, or fails with [tunnus.CodeNotFound].
	Session(ctx context.Context, id string) (Session, error)

	// Latest returns the newest session of a device that is open, parked or done, or
	// has run out of time, or fails with [tunnus.CodeNotFound].
	Latest(ctx context.Context, device string) (Session, error)

	// Commit writes a change in one transaction, as revision Rev+1 of session
	// and account. It fails with [tunnus.CodeStateConflict], having written
	// nothing, if a stored revision is not the one given (0: none is stored),
	// if that of the Voucher has moved, or where [account.Store] Save would, and with dev-too-many if the person has
	// Most accounts without the new one ([account.Room]): of two that come at the
	// same time, one is one too many. When it returns nil, the change survives a crash.
	Commit(ctx context.Context, c Change) error

	// Overdue returns at most limit sessions that are open or parked and have
	// Due at or before now, or that are being undone: those for which
	// [Session.Holds] is true or those for which it is not. They come in the
	// order of [sweep.Place], and only those behind the one given.
	Overdue(ctx context.Context, now time.Time, holds bool, after sweep.Place, limit int) ([]sweep.Place, error)
}

// A Payload is what a session holds of a person, sealed in its row.
type Payload struct {
	Form       match.Form `json:"form"`
	Zone       string     `json:"zone,omitempty"` // code line of the chip
	Portrait   []byte     `json:"portrait,omitempty"`
	Ledger     lock.Key   `json:"ledger,omitempty"`  // of the document, where a desk has read it and Zone is gone
	Contact    string     `json:"contact,omitempty"` // in the normal form of enrol/otp/address
	Surname    string     `json:"surname,omitempty"` // as the register writes it
	GivenNames string     `json:"given_names,omitempty"`
	Birth      time.Time  `json:"birth,omitzero"`
	Number     string     `json:"number,omitempty"` // document number of the account being made
	// Guardian is who has consented for a child: a semantics identifier.
	Guardian string `json:"guardian,omitempty"`
	// Level is that of the account that vouches.
	Level tunnus.Level `json:"level,omitempty"`
	// Replaces is the document number of the account that is to make place, as it was
	// named, or found; Several tells that the holder still has to say which.
	Replaces string `json:"replaces,omitempty"`
	Several  bool   `json:"several,omitempty"`
	// Hold tells that the new account is held for a day at first (R1).
	Hold bool `json:"hold,omitempty"`
	// Relay is what a run of chip authentication has shown, until it is judged.
	Relay relay.Note `json:"relay,omitzero"`
	// Hinted is the last attempt of which something was told: no fault of ours gives it back (L5).
	Hinted string `json:"hinted,omitempty"`
}

// Person reads the personal code, which was judged when it was taken.
func (p Payload) Person() (tunnus.PersonCode, error) {
	return tunnus.ParsePersonCode(p.Form.Country, p.Form.PersonCode)
}

// CodeLine reads the chip's code line.
func (p Payload) CodeLine() (mrz.Zone, error) { return mrz.Parse(p.Zone) }

// A Ref names a session and the device that speaks. The caller has verified
// that the device signed the request.
type Ref struct {
	Session string
	Device  string // thumbprint of the device key
	Address string // where the request came from: what is slowed (L7); "" if it is not known
	Request string // names the request within the session: said again, it is the same; "" if it has no name
}

// A Book keeps sittings. It keeps nothing of its own.
type Book struct {
	Store  Store
	Sealer otp.Sealer
	Clock  tunnus.Clock
	Rules  string        // name and revision of the rules, for the evidence
	Life   time.Duration // of a session that waits for nobody
}

// Now is the time to the millisecond, which every store keeps.
func (b Book) Now() time.Time { return b.Clock.Now().UTC().Truncate(time.Millisecond) }

// Load returns a session of the device that speaks. That of another device
// looks as if it did not exist. A sitting that has waited for somebody else goes on
// under any later session of its device (R13): nobody's app runs for days.
func (b Book) Load(ctx context.Context, ref Ref) (Session, error) {
	s, err := b.Store.Session(ctx, ref.Session)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound && ref.Device != "" {
		waited, missing := b.Store.Latest(ctx, ref.Device)
		if tunnus.CodeOf(missing) != tunnus.CodeNotFound && missing != nil {
			return Session{}, fmt.Errorf("sitting: reading a session: %w", missing)
		}
		if missing == nil && b.waited(waited) {
			return waited, nil
		}
	}
	if err != nil {
		return Session{}, fmt.Errorf("sitting: reading a session: %w", err)
	}
	if s.Device != ref.Device || ref.Device == "" {
		return Session{}, tunnus.NotFound(errors.New("sitting: a session of another device"))
	}
	return s, nil
}

// waited reports whether a session is parked, or was: only then does it end later
// than it would have by itself. One that is done tells so for as long.
func (b Book) waited(s Session) bool {
	switch s.State {
	case way.Parked:
		return true
	case way.Done:
		if !b.Now().Before(s.ExpiresAt) {
			return false
		}
	case way.Undoing, way.Expired: // nothing goes on under it: see Missed
		return false
	}
	return b.Life > 0 && s.ExpiresAt.After(s.CreatedAt.Add(b.Life))
}

// Stands reports whether an open session has the fact already: then a repeat of
// a step that can only be answered one way is answered so.
func (b Book) Stands(ctx context.Context, ref Ref, fact way.Fact) bool {
	s, err := b.Load(ctx, ref)
	return err == nil && s.State == way.Open && s.Facts.Has(fact)
}

// Over reports whether a session is alive although its time is over: it is to be
// ended before anything else.
func (b Book) Over(s Session) bool { return s.State.Holds() && !b.Now().Before(s.Due) }

// Admit checks that the fact is the next one and opens the payload.
func (b Book) Admit(s Session, fact way.Fact) (Session, Payload, error) {
	switch {
	case s.Why == tunnus.CodeSesTimeout:
		return Session{}, Payload{}, TimeUp()
	case s.State != way.Open:
		return Session{}, Payload{}, tunnus.Conflict(fmt.Errorf("sitting: the session is %q", s.State))
	}
	if err := way.Admit(s.Route, s.Facts, fact); err != nil {
		return Session{}, Payload{}, err
	}
	p, err := b.Unseal(s)
	return s, p, err
}

// Missed is the answer to a step for which [Book.Load] has found nothing. A device whose
// newest sitting has run out of time, and whose own session was forgotten since, is told
// that; for everybody else what Load has said stays true.
func (b Book) Missed(ctx context.Context, ref Ref, why error) error {
	if tunnus.CodeOf(why) != tunnus.CodeNotFound || ref.Device == "" {
		return why
	}
	s, err := b.Store.Latest(ctx, ref.Device)
	if err == nil && (s.Why == tunnus.CodeSesTimeout || b.Over(s)) {
		return TimeUp()
	}
	return why
}

// TimeUp is the answer of a session whose time is over.
func TimeUp() error {
	return tunnus.Fail(tunnus.CodeSesTimeout, errors.New("sitting: the session's time is over"))
}

// Unseal reads what a session holds.
func (b Book) Unseal(s Session) (Payload, error) {
	plain, err := b.Sealer.Open(s.Payload, s.place())
	if err != nil {
		return Payload{}, fmt.Errorf("sitting: opening a session: %w", err)
	}
	var p Payload
	if err := json.Unmarshal(plain, &p); err != nil {
		return Payload{}, fmt.Errorf("sitting: reading a session: %w", err)
	}
	return p, nil
}

// Save commits a live session with what it holds.
func (b Book) Save(ctx context.Context, s *Session, p Payload, events ...tunnus.Event) error {
	return b.Commit(ctx, s, p, Change{Events: events})
}

// Commit seals what a live session holds, drops it from one that has ended, and
// writes the change, whose Session is set here.
func (b Book) Commit(ctx context.Context, s *Session, p Payload, c Change) error {
	s.Payload = nil
	if s.State.Holds() {
		plain, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("sitting: writing a session: %w", err)
		}
		if s.Payload, err = b.Sealer.Seal(plain, s.place()); err != nil {
			return fmt.Errorf("sitting: sealing a session: %w", err)
		}
	}
	c.Session = *s
	if err := b.Store.Commit(ctx, c); err != nil {
		return fmt.Errorf("sitting: writing a session: %w", err)
	}
	s.Rev++
	return nil
}

// Add lets a fact stand, and returns its audit line.
func (b Book) Add(s *Session, fact way.Fact, detail map[string]string) tunnus.Event {
	return b.AddAs(s, fact, fact.Mark(), detail)
}

// AddAs lets a fact stand that is worth something else than it usually is: less.
func (b Book) AddAs(s *Session, fact way.Fact, mark way.Mark, detail map[string]string) tunnus.Event {
	facts := maps.Clone(s.Facts)
	if facts == nil {
		facts = way.Facts{}
	}
	r := way.Record{Mark: mark, At: b.Now(), Revision: s.Revision, Detail: detail}
	facts[fact] = r
	s.Facts = facts
	line := map[string]string{
		"fact": string(fact), "mark": string(r.Mark), "revision": r.Revision, "rules": b.Rules, "route": s.Route.String(),
	}
	maps.Copy(line, detail)
	return tunnus.Event{At: r.At, Kind: "enrol.fact", Subject: s.ID, Detail: line}
}

// Refuse ends a session for the reason given, which it returns.
func (b Book) Refuse(ctx context.Context, s *Session, why error, events ...tunnus.Event) error {
	to, err := s.State.After(way.Refuse)
	if err != nil {
		return err
	}
	s.State, s.Why = to, tunnus.CodeOf(why)
	line := b.ended(*s)
	if err := b.Commit(context.WithoutCancel(ctx), s, Payload{}, Change{Events: append(events, line)}); err != nil {
		return err
	}
	return why
}

// ended is the audit line of an end.
func (b Book) ended(s Session) tunnus.Event {
	return tunnus.Event{At: b.Now(), Kind: "enrol.end", Subject: s.ID, Code: s.Why, Detail: map[string]string{"state": string(s.State)}}
}

// Park lets a session wait for somebody else until a time, with what it has to
// keep of the person for that.
func (b Book) Park(ctx context.Context, s *Session, p Payload, why tunnus.Code, until time.Time, events ...tunnus.Event) error {
	to, err := s.State.After(way.Park)
	if err != nil {
		return err
	}
	s.State, s.Why, s.Due = to, why, until
	line := tunnus.Event{At: b.Now(), Kind: "enrol.park", Subject: s.ID, Code: why}
	return b.Save(ctx, s, p, append(events, line)...)
}

// Resume lets a parked session go on, for as long as given.
func (b Book) Resume(ctx context.Context, s *Session, p Payload, life time.Duration, events ...tunnus.Event) error {
	to, err := s.State.After(way.Resume)
	if err != nil {
		return err
	}
	s.State, s.Why, s.Due = to, "", b.Now().Add(life)
	s.ExpiresAt = s.Due
	line := tunnus.Event{At: b.Now(), Kind: "enrol.resume", Subject: s.ID}
	return b.Save(ctx, s, p, append(events, line)...)
}

// Clip shortens what a client says of itself before it enters a row: to 40 bytes of
// whole characters, and none that cannot be shown on one line.
func Clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	for len(s) > maxClaim {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

const maxClaim = 40
