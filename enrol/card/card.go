package card

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// Rules are the numbers of the portal.
type Rules struct {
	Nonce     time.Duration // from the nonce to the token
	Visit     time.Duration
	CodeLife  time.Duration
	CodeTries int // wrong tries of one person within CodeLife; the last one ends the visit
	Guesses   int // wrong tries of everybody an hour, beyond which a visit has one
}

// DefaultRules are those of a scheme that says nothing else.
var DefaultRules = Rules{Nonce: 5 * time.Minute, Visit: 30 * time.Minute, CodeLife: 15 * time.Minute, CodeTries: 5, Guesses: 600}

// Places tells where addresses are.
type Places interface {
	// Place returns the country of an address of the network, or another word
	// that is the same for addresses of one place; "" if it is not known.
	Place(address string) string
}

// Contacts knows where people are reached.
type Contacts interface {
	// Usable returns the contacts that codes for a registration may go to.
	Usable(ctx context.Context, p tunnus.PersonCode) ([]contact.Contact, error)
}

// Config is what a service is put together from.
type Config struct {
	Rules    Rules
	Cards    *idcard.Validator
	Store    Store
	Sheets   otp.Store
	OTP      otp.Rules
	Contacts Contacts
	// OnFile tells whether the rules want a contact on file of this person.
	OnFile func(ctx context.Context, p tunnus.PersonCode) (bool, error)
	People *lock.Ledger   // of proofs: charged with the visits that guessing has ended
	Paces  lock.Addresses // its Paces nil: no address is slowed
	Places Places
	Sealer otp.Sealer
	Secret tunnus.Secret // at least 32 bytes
	Clock  tunnus.Clock
}

// A Service serves the portal, and package enrol on the app's side. It keeps
// nothing of its own.
type Service struct {
	cfg  Config
	otp  *otp.Codes
	keys tunnus.Secret
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if len(cfg.Secret.Reveal()) < 32 {
		return nil, errors.New("card: the secret has less than 32 bytes")
	}
	var keys [2]tunnus.Secret
	for i, use := range []string{"rows", "otp"} {
		k, err := hkdf.Key(sha256.New, cfg.Secret.Reveal(), nil, "tunnus/card/"+use+"/v1", 32)
		if err != nil {
			return nil, fmt.Errorf("card: deriving keys: %w", err)
		}
		keys[i] = tunnus.NewSecret(k)
	}
	return &Service{cfg, otp.New(cfg.Sheets, cfg.Sealer, cfg.OTP, keys[1], cfg.Clock), keys[0]}, nil
}

func (s *Service) now() time.Time { return s.cfg.Clock.Now().UTC().Truncate(time.Millisecond) }

// mac is HMAC-SHA256 over the parts, each behind its length.
func (s *Service) mac(use string, parts ...string) []byte {
	h := hmac.New(sha256.New, s.keys.Reveal())
	for _, p := range append([]string{use}, parts...) {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return h.Sum(nil)
}

// payload is what a visit holds of a person, sealed in its row.
type payload struct {
	Nonce      string            `json:"nonce,omitempty"`
	Language   string            `json:"language,omitempty"`
	Address    string            `json:"address,omitempty"` // of the browser
	Country    string            `json:"country,omitempty"` // of the personal code
	Code       string            `json:"code,omitempty"`
	Surname    string            `json:"surname,omitempty"`
	GivenNames string            `json:"given_names,omitempty"`
	Contact    string            `json:"contact,omitempty"`
	Channel    string            `json:"channel,omitempty"`
	Login      map[string]string `json:"login,omitempty"`
	Questions  map[string]string `json:"questions,omitempty"`
	Phone      *Phone            `json:"phone,omitempty"`
	MatchedAt  time.Time         `json:"matched_at,omitzero"`
	Text       string            `json:"text,omitempty"` // that is being signed
	Request    *idcard.Request   `json:"request,omitempty"`
	Signed     map[string]string `json:"signed,omitempty"`
	Hold       bool              `json:"hold,omitempty"`
}

func (p payload) person() (tunnus.PersonCode, error) {
	return tunnus.ParsePersonCode(p.Country, p.Code)
}

func (v Visit) place() []byte { return []byte("card/visit/" + v.ID) }

func (s *Service) open(v Visit) (p payload, err error) {
	plain, err := s.cfg.Sealer.Open(v.Payload, v.place())
	if err != nil {
		return p, fmt.Errorf("card: opening a visit: %w", err)
	}
	return p, json.Unmarshal(plain, &p)
}

// seal puts what a visit holds into its row.
func (s *Service) seal(v *Visit, p payload) error {
	plain, err := json.Marshal(p)
	if err == nil {
		v.Payload, err = s.cfg.Sealer.Seal(plain, v.place())
	}
	if err != nil {
		return fmt.Errorf("card: sealing a visit: %w", err)
	}
	return nil
}

// save writes a live visit with what it holds.
func (s *Service) save(ctx context.Context, v *Visit, p payload, slip *Slip, lines ...tunnus.Event) error {
	if err := s.seal(v, p); err != nil {
		return err
	}
	if err := s.cfg.Store.Save(ctx, Change{Visits: []Visit{*v}, Slip: slip, Events: lines}); err != nil {
		return fmt.Errorf("card: writing a visit: %w", err)
	}
	v.Rev++
	return nil
}

// end ends a visit, for the reason given, which it returns.
func (s *Service) end(ctx context.Context, v *Visit, why error) error {
	if err := v.move(End); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	v.Payload = nil
	change := Change{Visits: []Visit{*v}, Events: []tunnus.Event{{At: s.now(), Kind: "card.end", Subject: v.ID, Code: tunnus.CodeOf(why)}}}
	if v.Slip != "" { // what was typed here is over with it
		c, err := s.cfg.Store.Slip(ctx, v.Slip)
		if err == nil {
			err = c.move(Dead)
		}
		if err != nil {
			return fmt.Errorf("card: ending a code: %w", err)
		}
		change.Slip = &c
	}
	if err := s.cfg.Store.Save(ctx, change); err != nil {
		return fmt.Errorf("card: ending a visit: %w", err)
	}
	v.Rev++
	return why
}

// load returns a visit whose time is not over, with what it holds. Of one that has
// ended nothing is left: not-found.
func (s *Service) load(ctx context.Context, id string) (Visit, payload, error) {
	v, err := s.cfg.Store.Visit(ctx, id)
	if err != nil {
		return Visit{}, payload{}, err
	}
	if v.State == Ended || !s.now().Before(v.Expires) {
		return Visit{}, payload{}, tunnus.NotFound(errors.New("card: the visit is over"))
	}
	p, err := s.open(v)
	return v, p, err
}

// step returns a visit in which an event can happen.
func (s *Service) step(ctx context.Context, id string, e Event) (Visit, payload, error) {
	v, p, err := s.load(ctx, id)
	if err == nil {
		err = v.move(e)
	}
	return v, p, err
}

// A From says where a browser's request came from.
type From struct {
	Address  string // "" if it is not known
	Language string // such as "et"; "" is English
}

// Begin opens a visit: it draws the nonce that the card is to sign. Log-ins that are
// begun and do not end well slow the address: req-too-often.
func (s *Service) Begin(ctx context.Context, from From) (visit, nonce string, err error) {
	if err := s.slow(ctx, from.Address); err != nil {
		return "", "", err
	}
	now := s.now()
	v := Visit{ID: random(), State: Begun, Began: now, Expires: now.Add(s.cfg.Rules.Nonce)}
	p := payload{Nonce: idcard.NewNonce(), Language: from.Language, Address: from.Address}
	return v.ID, p.Nonce, s.save(ctx, &v, p, nil)
}

// Login judges the card's token, for which the nonce is used up before it is
// looked at: whatever becomes of it, the next log-in needs another visit. The
// visit lives from now on. It fails as [idcard.Validator.Verify] does.
func (s *Service) Login(ctx context.Context, visit string, token []byte) error {
	v, p, err := s.step(ctx, visit, Take)
	if err != nil {
		return err
	}
	nonce := p.Nonce
	p.Nonce = ""
	if err := s.save(ctx, &v, p, nil); err != nil {
		return err
	}
	proved, err := s.cfg.Cards.Verify(ctx, token, nonce, s.now())
	if err != nil {
		return s.end(ctx, &v, err)
	}
	who := proved.Person()
	answer, at := proved.Status()
	p.Country, p.Code, p.Surname, p.GivenNames = who.Code.Country(), who.Code.Value(), who.Surname, who.Given
	p.Login = map[string]string{
		"certificate": digest(proved.Certificate().Raw), "issuer": digest(proved.Issuer().Raw), "ocsp": digest(answer), "ocsp_at": at.UTC().Format(time.RFC3339),
	}
	if err := v.move(LogIn); err != nil {
		return err
	}
	v.Person, v.Expires = s.mark(who.Code), s.now().Add(s.cfg.Rules.Visit)
	if err := s.well(ctx, p.Address); err != nil {
		return err
	}
	return s.save(ctx, &v, p, nil, tunnus.Event{At: s.now(), Kind: "card.login", Subject: v.ID, Detail: p.Login})
}

// slow counts one more try of an address, before it is judged; well takes it back.
func (s *Service) slow(ctx context.Context, address string) error {
	if s.cfg.Paces.Paces == nil || address == "" {
		return nil
	}
	return s.cfg.Paces.Enter(ctx, s.cfg.Paces.Key(address))
}

func (s *Service) well(ctx context.Context, address string) error {
	if s.cfg.Paces.Paces == nil || address == "" {
		return nil
	}
	return s.cfg.Paces.Well(ctx, s.cfg.Paces.Key(address))
}

// mark is the keyed hash of a person.
func (s *Service) mark(p tunnus.PersonCode) string {
	return hex.EncodeToString(s.mac("person", p.SemanticsID()))[:32]
}

// A Guest is who has logged in.
type Guest struct {
	State   State
	Person  tunnus.PersonCode
	Name    string
	Contact string            // masked, once it was asked for
	Pairing string            // once a code has matched
	Login   map[string]string // digests of what proved the log-in
	Expires time.Time
}

// Who tells who has logged in, as long as the visit lives. It fails with not-found
// for one that is over, and one that nobody has logged in to.
func (s *Service) Who(ctx context.Context, visit string) (Guest, error) {
	v, p, err := s.load(ctx, visit)
	if err != nil {
		return Guest{}, err
	}
	if v.State == Begun || v.State == Tried {
		return Guest{}, tunnus.NotFound(errors.New("card: nobody has logged in"))
	}
	person, err := p.person()
	if err != nil {
		return Guest{}, fmt.Errorf("card: a visit: %w", err)
	}
	return Guest{
		State: v.State, Person: person, Name: strings.TrimSpace(p.GivenNames + " " + p.Surname), Contact: mask(p.Contact), Pairing: v.Pairing, Login: p.Login, Expires: v.Expires,
	}, nil
}

// Sitting names the registration whose code was typed in a visit, "" if none was. The
// visit may be over.
func (s *Service) Sitting(ctx context.Context, visit string) string {
	v, err := s.cfg.Store.Visit(ctx, visit)
	if err != nil || v.Slip == "" {
		return ""
	}
	c, err := s.cfg.Store.Slip(ctx, v.Slip)
	if err != nil {
		return ""
	}
	return c.Session
}

// Leave ends a visit by the person's wish. One that is over already is no failure.
func (s *Service) Leave(ctx context.Context, visit string) error {
	v, _, err := s.load(ctx, visit)
	if err == nil && v.State != Signed { // the app still takes what was signed
		err = s.end(ctx, &v, nil)
	}
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return nil
	}
	return err
}

func random() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
