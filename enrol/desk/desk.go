package desk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/staff"
)

// Rules are the numbers of a desk.
type Rules struct {
	Life      time.Duration // of a desk session
	Step      time.Duration // from a challenge to its answer
	CodeLife  time.Duration
	CodeTries int           // the last of them kills the code
	ExpiredBy time.Duration // how long ago a document may have expired, by exception
}

// DefaultRules are those of a scheme that says nothing else.
var DefaultRules = Rules{
	Life: time.Hour, Step: 5 * time.Minute, CodeLife: 15 * time.Minute, CodeTries: 5, ExpiredBy: 30 * 24 * time.Hour,
}

// Config is what a desk is put together from.
type Config struct {
	Rules    Rules
	Scheme   Scheme
	Trust    *trustlist.List
	Secret   tunnus.Secret // at least 32 bytes: keys challenges and codes
	Marker   staff.Marker
	Store    Store
	Sittings Sittings
	Tab      lock.Tab
	Sealer   otp.Sealer
	Clock    tunnus.Clock
}

// A Scheme says which documents and persons are served.
type Scheme interface {
	// Accepts refuses documents that are not served: doc-type-no.
	Accepts(v emrtd.Verified) error
	// Takes refuses documents that are not served, by their code line: doc-type-no.
	Takes(z mrz.Zone) error
	// Issuer is an issuing state of a code line in two letters.
	Issuer(state string) string
	// Person reads a personal code: elig-country, form-code.
	Person(country, code string) (tunnus.PersonCode, error)
}

// A Service serves desks. It keeps nothing of its own.
type Service struct{ cfg Config }

// New makes a service.
func New(cfg Config) (*Service, error) {
	if len(cfg.Secret.Reveal()) < 32 {
		return nil, errors.New("desk: the secret has less than 32 bytes")
	}
	return &Service{cfg}, nil
}

func (d *Service) now() time.Time { return d.cfg.Clock.Now().UTC().Truncate(time.Millisecond) }

// A Ticket is what the applicant's app shows as a QR code.
type Ticket struct {
	Sitting string // session id, 43 characters of base64url
	Device  string // thumbprint of the device key, 43 characters of base64url
}

// ticketTag begins the text of a ticket.
const ticketTag = "tunnus:desk:1:"

// String is the text of the QR code: "tunnus:desk:1:SITTING:DEVICE".
func (t Ticket) String() string { return ticketTag + t.Sitting + ":" + t.Device }

// ParseTicket reads the text of a QR code, or fails with bad-request.
func ParseTicket(text string) (Ticket, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), ticketTag)
	sitting, device, two := strings.Cut(rest, ":")
	for _, part := range []string{sitting, device} {
		b, err := base64.RawURLEncoding.Strict().DecodeString(part)
		ok = ok && two && err == nil && len(b) == sha256.Size
	}
	if !ok {
		return Ticket{}, tunnus.BadRequest("ticket", errors.New("desk: not the code of an app at a desk"))
	}
	return Ticket{sitting, device}, nil
}

// An Opening is what the officer sees when the app was scanned.
type Opening struct {
	ID      string `json:"id"`
	Phone   string `json:"phone"`   // as it says itself
	Counter string `json:"counter"` // two digits, which the app shows too
}

// Open begins a desk session for the app that was scanned. Scanning it again
// returns the session of the same officer that has not ended.
func (d *Service) Open(ctx context.Context, a staff.Actor, t Ticket, booking string) (Opening, error) {
	if err := a.May(staff.Serve); err != nil {
		return Opening{}, err
	}
	phone, err := d.cfg.Sittings.AtDesk(ctx, t.Sitting, t.Device)
	if err != nil {
		return Opening{}, err
	}
	have, err := d.cfg.Store.DeskOf(ctx, t.Sitting)
	if err == nil && !have.State.Ended() && have.Officer == a.ID() && d.now().Before(have.Expires) {
		return Opening{have.ID, phone, d.Counter(t.Sitting)}, nil
	}
	if err != nil && tunnus.CodeOf(err) != tunnus.CodeNotFound {
		return Opening{}, err
	}
	now := d.now()
	s := Session{
		ID: staff.Reference(), Sitting: t.Sitting, Device: t.Device, Booking: staff.Clip(booking), Officer: a.ID(), State: Opened,
		CreatedAt: now, Expires: now.Add(d.cfg.Rules.Life),
	}
	err = d.save(ctx, &s, &payload{Phone: phone}, a.Line(now, "desk.open", s.ID, s.ID, map[string]string{"sitting": s.Sitting, "device": s.Device}))
	return Opening{s.ID, phone, d.Counter(t.Sitting)}, err
}

// Counter is the two-digit code that both sides show: whoever swaps the phone
// shows other digits in 99 of 100 cases.
func (d *Service) Counter(sitting string) string {
	return fmt.Sprintf("%02d", binary.BigEndian.Uint64(d.mac("counter", sitting))%100)
}

// payload is what a desk session holds of a person, sealed in its row.
type payload struct {
	Phone    string    `json:"phone"`
	Zone     string    `json:"zone,omitempty"`     // code line of the chip, or as printed (NoChip)
	Portrait []byte    `json:"portrait,omitempty"` // of the chip, for the officer's screen
	Issued   time.Time `json:"issued,omitzero"`    // of the chip, if it tells
	Person   Person    `json:"person"`
	Paper    string    `json:"paper,omitempty"` // number of the paper of an exception
	// Relay is what a run of chip authentication has shown, until it is judged.
	Relay relay.Note `json:"relay,omitzero"`
}

// A Person is whom the document shows.
type Person struct {
	Country    string `json:"country"`
	Code       string `json:"code"` // personal code
	Surname    string `json:"surname"`
	GivenNames string `json:"given_names"`
	Document   string `json:"document"` // number
}

func (s Session) place() []byte { return []byte("desk/" + s.ID) }

func (d *Service) open(s Session) (p payload, err error) {
	plain, err := d.cfg.Sealer.Open(s.Payload, s.place())
	if err != nil {
		return p, fmt.Errorf("desk: opening a session: %w", err)
	}
	return p, json.Unmarshal(plain, &p)
}

// save writes a session with what it holds; nil drops that.
func (d *Service) save(ctx context.Context, s *Session, p *payload, lines ...tunnus.Event) error {
	if s.Payload = nil; p != nil {
		plain, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("desk: writing a session: %w", err)
		}
		if s.Payload, err = d.cfg.Sealer.Seal(plain, s.place()); err != nil {
			return fmt.Errorf("desk: sealing a session: %w", err)
		}
	}
	if err := d.cfg.Store.SaveDesk(ctx, *s, lines); err != nil {
		return fmt.Errorf("desk: writing a session: %w", err)
	}
	s.Rev++
	return nil
}

// mine loads a session of the officer who acts, in which an event can happen. The
// session of a colleague looks as if it did not exist.
func (d *Service) mine(ctx context.Context, a staff.Actor, id string, e Event) (Session, payload, error) {
	if err := a.May(staff.Serve); err != nil {
		return Session{}, payload{}, err
	}
	s, p, err := d.live(ctx, id, e)
	if err == nil && s.Officer != a.ID() {
		err = tunnus.NotFound(errors.New("desk: the session of a colleague"))
	}
	return s, p, err
}

// live loads a session whose time is not over, in which an event can happen.
func (d *Service) live(ctx context.Context, id string, e Event) (Session, payload, error) {
	s, err := d.cfg.Store.Desk(ctx, id)
	if err != nil {
		return Session{}, payload{}, err
	}
	if _, err := s.State.After(e); err != nil {
		return Session{}, payload{}, err
	}
	if !d.now().Before(s.Expires) {
		return Session{}, payload{}, tunnus.Conflict(errors.New("desk: the session's time is over"))
	}
	p, err := d.open(s)
	return s, p, err
}

// mac is HMAC-SHA256 over the parts, each behind its length.
func (d *Service) mac(tag string, parts ...string) []byte {
	h := hmac.New(sha256.New, d.cfg.Secret.Reveal())
	for _, p := range append([]string{"tunnus/desk/" + tag + "/v1"}, parts...) {
		_ = binary.Write(h, binary.BigEndian, uint32(len(p)))
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
