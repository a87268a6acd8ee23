// Package otp sends one-time codes to a contact and judges what is typed.
//
// A code has six digits, belongs to one session, lives for minutes and works
// once; a newer code voids the older ones, those of other sessions of the device
// for the same contact too, and the third wrong try kills it. The
// try is charged in a committed row before it is judged, so answers that get
// lost give no further tries. Neither codes nor contacts are kept in clear:
// sheets hold keyed hashes, and the message itself waits sealed in the outbox,
// written in the same commit.
//
// A confirmed contact proves that somebody reads it, never who that is. Text
// messages (SMS) are not sent yet.
package otp

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
)

// digits is the length of a code.
const digits = 6

// Rules are the numbers of product.md §4.
type Rules struct {
	Life        time.Duration // of a code sent by e-mail
	Tries       int           // the last of them kills the code
	ResendAfter time.Duration
	Resends     int // after the first code
	PerContact  int // codes a day
	PerPerson   int // codes a day
}

// Codes sends codes and judges them.
type Codes struct {
	store  Store
	sealer Sealer
	rules  Rules
	secret tunnus.Secret
	clock  tunnus.Clock
}

// New makes a sender of codes. The secret (32 bytes) keys all hashes.
func New(store Store, sealer Sealer, rules Rules, secret tunnus.Secret, clock tunnus.Clock) *Codes {
	return &Codes{store, sealer, rules, secret, clock}
}

// An Order asks for a code to be sent.
type Order struct {
	Session string
	Owner   string // thumbprint of the device key
	Contact string // e-mail address
	Person  tunnus.PersonCode
	Purpose string // what it is for, in a few words: the message names it
	Device  string // model of the device, as it says itself: the message names it
}

// A Message is what a [Letter] holds: what the mail has to say.
type Message struct {
	To      string    `json:"to"`
	Code    string    `json:"code,omitempty"`
	Purpose string    `json:"purpose"`
	Device  string    `json:"device"`
	Expires time.Time `json:"expires,omitzero"` // of the code
}

// Sent tells what was promised to the applicant.
type Sent struct {
	Expires  time.Time
	ResendAt time.Time // earliest time for another one
	Resends  int       // how many more
}

// Send makes a new code, which voids those before it, in other sessions of the
// device for the same contact too, and puts its message into
// the outbox. It fails with otp-resends (Until says when it may be tried again,
// if it may), with otp-blocked once the last code has died, and with bad-request
// for what is no address.
func (c *Codes) Send(ctx context.Context, o Order) (Sent, error) {
	if a, err := mail.ParseAddress(o.Contact); err != nil || a.Address != o.Contact || len(o.Contact) > 254 {
		return Sent{}, tunnus.BadRequest("email", errors.New("otp: not an e-mail address"))
	}
	now := c.now()
	s, err := c.store.Sheet(ctx, o.Session)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		s, err = Sheet{Session: o.Session, Owner: o.Owner}, nil
	}
	if err != nil {
		return Sent{}, fmt.Errorf("otp: reading a sheet: %w", err)
	}
	if s.Over {
		return Sent{}, blocked()
	}
	if len(s.Codes) > c.rules.Resends {
		return Sent{}, resends(time.Time{})
	}
	if n := len(s.Codes); n > 0 {
		if at := s.Codes[n-1].SentAt.Add(c.rules.ResendAfter); now.Before(at) {
			return Sent{}, resends(at)
		}
	}
	code, text, err := c.draw(o, now)
	if err != nil {
		return Sent{}, err
	}
	letter, err := Seal(c.sealer, "otp", Message{o.Contact, text, o.Purpose, o.Device, code.ExpiresAt})
	if err != nil {
		return Sent{}, err
	}
	s.Contact = code.Contact
	s.Codes = append(s.Codes, code)
	day := now.Format(time.DateOnly)
	spends := []Spend{
		{"contact:" + code.Contact, day, c.rules.PerContact},
		{"person:" + hex.EncodeToString(c.mac("person", o.Person.SemanticsID())), day, c.rules.PerPerson},
	}
	err = c.store.Save(ctx, s, spends, []Letter{letter}, c.event("otp.sent", s, "", now))
	if errors.Is(err, ErrBudget) {
		return Sent{}, resends(now.Truncate(24 * time.Hour).Add(24 * time.Hour))
	}
	if err != nil {
		return Sent{}, fmt.Errorf("otp: sending: %w", err)
	}
	if err := c.replace(ctx, s, now); err != nil {
		return Sent{}, err
	}
	return Sent{code.ExpiresAt, now.Add(c.rules.ResendAfter), c.rules.Resends + 1 - len(s.Codes)}, nil
}

// draw makes a code and its digits.
func (c *Codes) draw(o Order, now time.Time) (Code, string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return Code{}, "", fmt.Errorf("otp: drawing a code: %w", err)
	}
	text := fmt.Sprintf("%0*d", digits, n)
	id := random()
	return Code{
		ID: id, MAC: c.codeMAC(o.Session, id, text), Contact: c.ContactKey(o.Contact),
		SentAt: now, ExpiresAt: now.Add(c.rules.Life),
	}, text, nil
}

// Confirm judges what was typed and returns the key of the contact that is
// proved by it: compare it with [Codes.ContactKey]. A try is charged before
// anything is compared.
//
// It fails with otp-wrong (Left tells the tries of this code), otp-old (out of
// time, replaced, used or killed), otp-session (a code that was sent to another
// session of this device, and opens nothing there any more), otp-blocked (the last code died: the session
// ends), and [tunnus.CodeStateConflict] if another try was faster.
func (c *Codes) Confirm(ctx context.Context, session, typed string) (contact string, err error) {
	now := c.now()
	s, err := c.store.Sheet(ctx, session)
	if err != nil {
		return "", fmt.Errorf("otp: reading a sheet: %w", err)
	}
	if s.Over {
		return "", blocked()
	}
	typed = strings.TrimSpace(typed)
	if len(typed) != digits || strings.Trim(typed, "0123456789") != "" {
		return "", tunnus.BadRequest("code", errors.New("otp: not six digits"))
	}
	last := len(s.Codes) - 1
	if last < 0 {
		return "", tunnus.NotFound(errors.New("otp: nothing was sent"))
	}
	live := &s.Codes[last]
	if !c.live(*live, now) {
		return "", old(errors.New("otp: the newest code is used, killed or past its time"))
	}
	live.Tries++ // the charge
	if err := c.save(ctx, &s, "otp.try", "", now); err != nil {
		return "", err
	}
	live = &s.Codes[last]
	if hmac.Equal(live.MAC, c.codeMAC(session, live.ID, typed)) {
		live.Used = true
		if err := c.save(ctx, &s, "otp.confirmed", "", now); err != nil {
			return "", err
		}
		return live.Contact, nil
	}
	return "", c.wrong(ctx, s, typed, now)
}

// wrong finds out in what way a code is wrong, and ends the session's codes if
// it was the last try of the last one.
func (c *Codes) wrong(ctx context.Context, s Sheet, typed string, now time.Time) error {
	last := len(s.Codes) - 1
	left := c.rules.Tries - s.Codes[last].Tries
	if left == 0 && len(s.Codes) > c.rules.Resends {
		s.Over = true
		if err := c.save(ctx, &s, "otp.over", tunnus.CodeOTPBlocked, now); err != nil {
			return err
		}
		return blocked()
	}
	if c.matches(s.Session, s.Codes[:last], typed) {
		return old(errors.New("otp: a newer code was sent")).WithLeft(left)
	}
	// Only sessions of the same device and contact are looked at, and of them
	// only codes that open nothing any more: nobody must learn that a code is
	// right somewhere by a try that the code itself was not charged for.
	others, err := c.others(ctx, s)
	if err != nil {
		return err
	}
	for _, o := range others {
		if c.matches(o.Session, c.dead(o, now), typed) {
			return tunnus.Fail(tunnus.CodeOTPSession, errors.New("otp: a code of another session")).WithLeft(left)
		}
	}
	return tunnus.Fail(tunnus.CodeOTPWrong, errors.New("otp: no code of this session")).WithLeft(left)
}

func (c *Codes) matches(session string, codes []Code, typed string) bool {
	found := false
	for _, code := range codes {
		found = hmac.Equal(code.MAC, c.codeMAC(session, code.ID, typed)) || found
	}
	return found
}

// others returns the sheets of the same device and contact.
func (c *Codes) others(ctx context.Context, s Sheet) ([]Sheet, error) {
	list, err := c.store.Others(ctx, s.Session, s.Owner, s.Contact)
	if err != nil {
		return nil, fmt.Errorf("otp: reading sheets: %w", err)
	}
	return slices.DeleteFunc(list, func(o Sheet) bool { return o.Owner != s.Owner || len(o.Codes) == 0 }), nil
}

// replace ends the time of what other sessions of the device have open at the
// contact of the newest code of s. One that moves meanwhile is left alone.
func (c *Codes) replace(ctx context.Context, s Sheet, now time.Time) error {
	others, err := c.others(ctx, s)
	if err != nil {
		return err
	}
	for _, o := range others {
		last := &o.Codes[len(o.Codes)-1]
		if o.Over || !c.live(*last, now) {
			continue
		}
		last.ExpiresAt = now
		if err := c.save(ctx, &o, "otp.replaced", "", now); err != nil && tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			return err
		}
	}
	return nil
}

// live reports whether a code, the newest of its sheet, can still be confirmed.
func (c *Codes) live(code Code, now time.Time) bool {
	return !code.Used && code.Tries < c.rules.Tries && now.Before(code.ExpiresAt)
}

// dead returns the codes of a sheet that open nothing any more: all but the
// newest, and that one too if it is used, killed or past its time.
func (c *Codes) dead(s Sheet, now time.Time) []Code {
	last := len(s.Codes) - 1
	if !s.Over && c.live(s.Codes[last], now) {
		return s.Codes[:last]
	}
	return s.Codes
}

func (c *Codes) save(ctx context.Context, s *Sheet, kind string, why tunnus.Code, now time.Time) error {
	if err := c.store.Save(ctx, *s, nil, nil, c.event(kind, *s, why, now)); err != nil {
		return fmt.Errorf("otp: writing a sheet: %w", err)
	}
	s.Rev++
	return nil
}

func (c *Codes) event(kind string, s Sheet, why tunnus.Code, now time.Time) []tunnus.Event {
	return []tunnus.Event{{
		At: now, Kind: kind, Subject: s.Session, Code: why,
		Detail: map[string]string{"codes": fmt.Sprint(len(s.Codes)), "tries": fmt.Sprint(s.Codes[len(s.Codes)-1].Tries)},
	}}
}

func old(why error) *tunnus.Error { return tunnus.Fail(tunnus.CodeOTPOld, why) }

func blocked() error {
	return tunnus.Fail(tunnus.CodeOTPBlocked, errors.New("otp: the last code of the session is dead"))
}

// resends refuses another code; until is zero if the session gets none any more.
func resends(until time.Time) error {
	e := tunnus.Fail(tunnus.CodeOTPResends, errors.New("otp: no further code now"))
	if !until.IsZero() {
		return e.WithUntil(until)
	}
	return e
}

// ContactKey is the keyed hash under which a contact is known here. Capital and
// small letters are one.
func (c *Codes) ContactKey(contact string) string {
	return hex.EncodeToString(c.mac("contact", strings.ToLower(strings.TrimSpace(contact))))
}

func (c *Codes) codeMAC(session, id, text string) []byte { return c.mac("code", session, id, text) }

// mac is HMAC-SHA256 over the parts, each behind its length.
func (c *Codes) mac(parts ...string) []byte {
	h := hmac.New(sha256.New, c.secret.Reveal())
	for _, p := range append([]string{"tunnus/otp/v1"}, parts...) {
		_ = binary.Write(h, binary.BigEndian, uint32(len(p)))
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

func (c *Codes) now() time.Time { return c.clock.Now().UTC().Truncate(time.Millisecond) }

func random() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// Seal makes a letter of a message, for the outbox.
func Seal(sealer Sealer, kind string, m Message) (Letter, error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return Letter{}, fmt.Errorf("otp: writing a letter: %w", err)
	}
	l := Letter{ID: random(), Kind: kind}
	if l.Sealed, err = sealer.Seal(plain, l.place()); err != nil {
		return Letter{}, fmt.Errorf("otp: sealing a letter: %w", err)
	}
	return l, nil
}

// OpenLetter reads a letter: for whoever sends it.
func OpenLetter(sealer Sealer, l Letter) (Message, error) {
	plain, err := sealer.Open(l.Sealed, l.place())
	if err != nil {
		return Message{}, fmt.Errorf("otp: opening a letter: %w", err)
	}
	var m Message
	if err := json.Unmarshal(plain, &m); err != nil {
		return Message{}, fmt.Errorf("otp: reading a letter: %w", err)
	}
	return m, nil
}

// place binds the seal to the letter's id and kind.
func (l Letter) place() []byte { return []byte("letter/" + l.Kind + "/" + l.ID) }
