// Package confirm asks a holder, on a device that has an account, to confirm with
// its PINs what another phone is registering: that the phone is the holder's own
// (existing account, R3), that it takes the place of this one (renewal, R12), or
// that the holder answers for a child (R9).
//
// A [Question] is put by a sitting and reaches the other device by a link that
// only the registering phone shows: nobody is asked out of the blue. The first
// account that follows it binds it, a second one ends it. PIN1 proves and PIN2
// signs a statement (package statement) that names the registering phone. A
// guardian without an account finds what is asked about the own children at the
// portal ([Service.About]) and signs it with an ID-card there (package consent): the
// same question, under the same rules. The answer belongs to one sitting and one
// device key, and that is its one use; the sitting takes it with [Service.Answer].
// Nothing here makes or ends an account.
package confirm

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/statement"
)

// A Question is one, as it is stored.
type Question struct {
	ID      string // follows from sitting and matter: a sitting asks once
	About   statement.About
	Session string // of the sitting
	Device  string // thumbprint of the device key that registers
	Child   string // keyed hash of whom a guardian is asked about; "" for all else
	State   State
	Account string // id of the account that follows the link, or keyed hash of whose ID-card does ([cardholder])
	Login   string // transactions of that account: PIN1; "" if only PIN2 is asked for
	Sign    string // PIN2; of an ID-card: digest of Record
	Sealed  []byte // what is asked, sealed; nil once it is over
	Record  []byte // evidence of what was signed with a PIN2, sealed; it stays
	Due     time.Time
	Rev     int64
}

// An Order puts a question.
type Order struct {
	About   statement.About
	Session string
	Device  string
	Person  tunnus.PersonCode // for whom; zero if the account that answers tells it
	Name    string
	Number  string        // document number of the account that is to answer; "" for any of the person
	Level   tunnus.Level  // of the account that is being made; the most that it may be for [statement.Vouch]
	Model   string        // of the phone, as it says
	Place   string        // of its address, as far as it is known
	Code    string        // two digits that the registering phone shows too
	Age     time.Duration // of an account that vouches, at least
	Until   time.Time
}

// asked is what is sealed of an order.
type asked struct {
	Statement statement.Statement `json:"statement"`
	Level     tunnus.Level        `json:"level"`
	Child     string              `json:"child,omitempty"` // semantics identifier
	By        string              `json:"by,omitempty"`    // of whom the account is, or the card, that has claimed it
	Age       time.Duration       `json:"age,omitempty"`
	Number    string              `json:"number,omitempty"` // of the account that is to answer

	// Round counts how often it was put up for the keys that have claimed it, the
	// last time until Until. Both are durable before anything is put up.
	Round int       `json:"round,omitempty"`
	Until time.Time `json:"until,omitzero"`

	Request *idcard.Request   `json:"request,omitempty"` // what the card is to sign
	Detail  map[string]string `json:"detail,omitempty"`  // of its signature, for the evidence
}

// A Store keeps questions.
type Store interface {
	// Question returns one, or fails with [tunnus.CodeNotFound].
	Question(ctx context.Context, id string) (Question, error)

	// Save writes one as revision Rev+1, and the events, in one transaction. It
	// fails with [tunnus.CodeStateConflict], having written nothing, if the stored
	// revision is not Rev (0: none is stored). When it returns nil, it survives a crash.
	Save(ctx context.Context, q Question, events []tunnus.Event) error

	// OfChild returns at most limit questions that are not over about a child, those
	// first whose Due is first.
	OfChild(ctx context.Context, child string, limit int) ([]Question, error)

	// Unheard returns the ids of at most limit questions that are not over and have
	// Due at or before a time, the oldest first.
	Unheard(ctx context.Context, due time.Time, limit int) ([]string, error)
}

// Guardians tells who answers for a child.
type Guardians interface {
	// Answers reports whether the register knows a person as a guardian of a child,
	// today. It fails with regi-down if the register does not answer.
	Answers(ctx context.Context, guardian, child tunnus.PersonCode) (bool, error)
}

// Config is what a [Service] is made of.
type Config struct {
	Store      Store
	Signatures binding.Signatures
	Guardians  Guardians
	Sealer     otp.Sealer
	Secret     tunnus.Secret // at least 32 bytes; keys links and names
	Clock      tunnus.Clock
}

// A Service puts questions and takes answers. It keeps nothing of its own.
type Service struct{ cfg Config }

// New makes a service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Signatures == nil || c.Guardians == nil || c.Sealer == nil || c.Clock == nil || len(c.Secret.Reveal()) < 32 {
		return nil, errors.New("confirm: a part of the configuration is missing")
	}
	return &Service{c}, nil
}

// answerWithin is how long a claimed question waits for the PINs.
const answerWithin = 10 * time.Minute

func (s *Service) now() time.Time { return s.cfg.Clock.Now().UTC().Truncate(time.Millisecond) }

// mac is a keyed hash of the parts, each behind its length.
func (s *Service) mac(parts ...string) string {
	h := hmac.New(sha256.New, s.cfg.Secret.Reveal())
	for _, p := range append([]string{"tunnus/confirm/v1"}, parts...) {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18]) // 144 bits
}

func (s *Service) id(session string, about statement.About) string {
	return s.mac("id", session, string(about))
}

// Ask puts a question, and returns the word that its link ends with. A sitting
// that asks again gets the same one, for as long as it is open.
func (s *Service) Ask(ctx context.Context, o Order) (link string, err error) {
	id := s.id(o.Session, o.About)
	q, err := s.cfg.Store.Question(ctx, id)
	switch {
	case tunnus.CodeOf(err) == tunnus.CodeNotFound:
		if q, err = s.put(ctx, id, o); err != nil {
			return "", err
		}
	case err != nil:
		return "", fmt.Errorf("confirm: reading a question: %w", err)
	}
	if q.State.Over() || q.Device != o.Device {
		return "", tunnus.Conflict(fmt.Errorf("confirm: the question is %q", q.State))
	}
	return id + "." + s.mac("link", id), nil
}

func (s *Service) put(ctx context.Context, id string, o Order) (Question, error) {
	a := asked{Level: o.Level, Age: o.Age, Number: o.Number, Statement: statement.Statement{
		Format: statement.Version, About: o.About, Session: o.Session, Device: o.Device, Name: o.Name, Level: string(o.Level),
		Model: o.Model, Place: o.Place, Code: o.Code, Time: s.now().Truncate(time.Second),
	}}
	if !o.Person.IsZero() {
		a.Statement.Person = o.Person.SemanticsID()
	}
	q := Question{ID: id, About: o.About, Session: o.Session, Device: o.Device, State: Asked, Due: o.Until}
	if o.About == statement.Guardian {
		a.Child = a.Statement.Person
		q.Child = s.mac("child", a.Child)
	}
	return q, s.save(ctx, &q, &a, "confirm.ask", "")
}

// save seals what is asked, or drops it from a question that is over, and writes it.
func (s *Service) save(ctx context.Context, q *Question, a *asked, kind string, why tunnus.Code) error {
	switch {
	case q.State.Over():
		q.Sealed = nil
	case a != nil:
		plain, err := json.Marshal(a)
		if err != nil {
			return fmt.Errorf("confirm: writing a question: %w", err)
		}
		if q.Sealed, err = s.cfg.Sealer.Seal(plain, q.place()); err != nil {
			return fmt.Errorf("confirm: sealing a question: %w", err)
		}
	}
	line := tunnus.Event{
		At: s.now(), Kind: kind, Subject: q.Session, Code: why,
		Detail: map[string]string{"about": string(q.About), "state": string(q.State), "account": q.Account},
	}
	if err := s.cfg.Store.Save(ctx, *q, []tunnus.Event{line}); err != nil {
		return fmt.Errorf("confirm: writing a question: %w", err)
	}
	q.Rev++
	return nil
}

// place binds the seal to the question.
func (q Question) place() []byte { return []byte("enrol/confirm/" + q.ID) }

func (s *Service) unseal(q Question) (a asked, err error) {
	plain, err := s.cfg.Sealer.Open(q.Sealed, q.place())
	if err == nil {
		err = json.Unmarshal(plain, &a)
	}
	if err != nil {
		return a, fmt.Errorf("confirm: opening a question: %w", err)
	}
	return a, nil
}

// find returns the question that a link leads to; a wrong link leads nowhere.
func (s *Service) find(ctx context.Context, link string) (Question, error) {
	id, word, _ := strings.Cut(link, ".")
	if !hmac.Equal([]byte(word), []byte(s.mac("link", id))) {
		return Question{}, tunnus.NotFound(errors.New("confirm: no such link"))
	}
	q, err := s.cfg.Store.Question(ctx, id)
	if err != nil {
		return Question{}, fmt.Errorf("confirm: reading a question: %w", err)
	}
	if !q.State.Over() && !s.now().Before(q.Due) {
		return q, s.move(ctx, &q, Lapse, unanswered(q))
	}
	return q, nil
}

// move ends a question, and returns why. What was put up for it is cancelled.
func (s *Service) move(ctx context.Context, q *Question, e Event, why error) error {
	to, err := q.State.After(e)
	if err != nil {
		return err
	}
	q.State = to
	ctx = context.WithoutCancel(ctx)
	if err := s.save(ctx, q, nil, "confirm."+string(e), tunnus.CodeOf(why)); err != nil {
		return err
	}
	if err := s.cancel(ctx, *q); err != nil {
		return err
	}
	return why
}

func (s *Service) cancel(ctx context.Context, q Question) error {
	for _, t := range q.offers() {
		if err := s.cfg.Signatures.Cancel(ctx, t); err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			return fmt.Errorf("confirm: cancelling: %w", err)
		}
	}
	return nil
}
