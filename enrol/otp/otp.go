package otp

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/address"
)

// digits is the length of a code.
const digits = 6

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
	return &Codes{store, sealer, rules.filled(), secret, clock}
}

// An Order asks for a code to be sent: to Contact as it was typed, or to the one
// of OnFile that was picked.
type Order struct {
	Session string
	Owner   string // thumbprint of the device key
	Contact string // address of e-mail or phone number, as typed
	// OnFile are the contacts that the server holds of the person, in normal form.
	// If there are any, the code goes to the one that Pick names ([Codes.Offer]),
	// and Contact must be empty.
	OnFile   []string
	Pick     string
	Person   tunnus.PersonCode
	Purpose  string // what it is for: the message names it
	Device   string // model of the device, as it says itself: the message names it
	Language string // of the message, such as "et"; empty is English
	// Request names what asked for it, within the session. The same one again, because
	// its answer or what had to follow it was lost, gets the same answer, and sends
	// nothing. Empty: each is another.
	Request string
}

// Sent tells what was promised to the applicant.
type Sent struct {
	Contact  string // where it goes, in normal form: for the session, not for the applicant
	Channel  address.Channel
	Expires  time.Time
	ResendAt time.Time // earliest time for another one
	OfferAt  time.Time // from when on the app offers to send again, or by e-mail
	Resends  int       // how many more
}

// Send makes a new code, which voids those before it, in other sessions of the
// device for the same contact too, and puts its message into
// the outbox. It fails with otp-resends (Until says when it may be tried again,
// if it may), with otp-blocked once the last code has died, with
// otp-no-sms-country for a phone of a country that gets e-mail only, always or because
// hardly a code that went there is typed, and with bad-request for
// what is no contact, or none of those on file. Whether a contact is known makes
// no difference.
func (c *Codes) Send(ctx context.Context, o Order) (Sent, error) {
	to, err := c.target(o)
	if err != nil {
		return Sent{}, err
	}
	now := c.now()
	s, err := c.store.Sheet(ctx, o.Session)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		s, err = Sheet{Session: o.Session, Owner: o.Owner}, nil
	}
	if err != nil {
		return Sent{}, fmt.Errorf("otp: reading a sheet: %w", err)
	}
	if c.answered(s, o, to, now) {
		return c.promise(s, to), nil
	}
	if err := c.open(s, now); err != nil {
		return Sent{}, err
	}
	if len(o.OnFile) == 0 { // nobody chooses numbers on file to be paid for them
		if err := c.proving(ctx, s, to, now); err != nil {
			return Sent{}, err
		}
	}
	code, text, err := c.draw(o.Session, to, now)
	if err != nil {
		return Sent{}, err
	}
	letter, err := Seal(c.sealer, "otp", Message{
		To: to.Text, Code: text, Purpose: o.Purpose, Device: o.Device, Expires: code.ExpiresAt,
		Language: o.Language, Session: o.Session, CodeID: code.ID,
	})
	if err != nil {
		return Sent{}, err
	}
	code.Request = o.Request
	s.Contact = code.Contact
	s.Codes = append(s.Codes, code)
	err = c.store.Save(ctx, s, c.spends(to, o.Person, now), []Letter{letter}, c.event("otp.sent", s, "", now))
	if errors.Is(err, ErrBudget) {
		return Sent{}, resends(nextPeriod(err, now))
	}
	if err != nil {
		return Sent{}, fmt.Errorf("otp: sending: %w", err)
	}
	if err := c.replace(ctx, s, now); err != nil {
		return Sent{}, err
	}
	return c.promise(s, to), nil
}

// promise tells what was promised with the newest code.
func (c *Codes) promise(s Sheet, to address.Address) Sent {
	code := s.Codes[len(s.Codes)-1]
	return Sent{
		Contact: to.Text, Channel: to.Channel, Expires: code.ExpiresAt, ResendAt: code.SentAt.Add(c.rules.ResendAfter),
		OfferAt: code.SentAt.Add(c.rules.OfferAfter), Resends: c.rules.Resends + 1 - len(sent(s.Codes)),
	}
}

// answered reports whether this very request has sent the code that is live.
func (c *Codes) answered(s Sheet, o Order, to address.Address, now time.Time) bool {
	last := len(s.Codes) - 1
	if o.Request == "" || s.Over || last < 0 {
		return false
	}
	code := s.Codes[last]
	return code.Request == o.Request && code.Contact == c.ContactKey(to.Text) && c.live(code, now)
}

// open reports whether another code may be made now.
func (c *Codes) open(s Sheet, now time.Time) error {
	if s.Over {
		return blocked()
	}
	went := sent(s.Codes)
	if len(went) > c.rules.Resends || len(s.Codes) >= 2*(c.rules.Resends+1) {
		return resends(time.Time{})
	}
	if n := len(went); n > 0 && !s.Codes[len(s.Codes)-1].Unsent {
		if at := went[n-1].SentAt.Add(c.rules.ResendAfter); now.Before(at) {
			return resends(at)
		}
	}
	return nil
}

// sent are the codes that left the server, as far as is known.
func sent(codes []Code) []Code {
	return slices.DeleteFunc(slices.Clone(codes), func(c Code) bool { return c.Unsent })
}

// draw makes a code and its digits.
func (c *Codes) draw(session string, to address.Address, now time.Time) (Code, string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return Code{}, "", fmt.Errorf("otp: drawing a code: %w", err)
	}
	text := fmt.Sprintf("%0*d", digits, n)
	id := random()
	return Code{
		ID: id, MAC: c.codeMAC(session, id, text), Contact: c.ContactKey(to.Text),
		SentAt: now, ExpiresAt: now.Add(c.rules.life(to.Channel)), Region: to.Region,
	}, text, nil
}

// Confirm judges what was typed and returns the key of the contact that is
// proved by it: compare it with [Codes.ContactKey]. A try is charged before
// anything is compared. A code is used once. Only the very request that has used it,
// said again with the same digits because its answer or what had to follow was lost,
// is answered the same, for as long as the code lives; request names it within the
// session, and empty each is another.
//
// It fails with otp-wrong (Left tells the tries of this code), otp-old (out of
// time, replaced, used or killed), otp-session (a code that was sent to another
// session of this device, and opens nothing there any more), otp-blocked (the last code died: the session
// ends), and [tunnus.CodeStateConflict] if another try was faster.
func (c *Codes) Confirm(ctx context.Context, session, request, typed string) (contact string, err error) {
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
	if live.Used && request != "" && live.UsedBy == request && now.Before(live.ExpiresAt) && hmac.Equal(live.MAC, c.codeMAC(session, live.ID, typed)) {
		return live.Contact, nil
	}
	if !c.live(*live, now) {
		return "", old(errors.New("otp: the newest code is used, killed or past its time"))
	}
	live.Tries++ // the charge
	if err := c.save(ctx, &s, "otp.try", "", now); err != nil {
		return "", err
	}
	live = &s.Codes[last]
	if hmac.Equal(live.MAC, c.codeMAC(session, live.ID, typed)) {
		return live.Contact, c.use(ctx, s, live.ID, request, now)
	}
	return "", c.wrong(ctx, s, typed, now)
}

// use ends a code by a right try that was charged. Of several right tries at once,
// one is the first; tries that come between cost it nothing.
func (c *Codes) use(ctx context.Context, s Sheet, id, request string, now time.Time) error {
	for {
		last := len(s.Codes) - 1
		if s.Over {
			return blocked()
		}
		if s.Codes[last].ID != id || s.Codes[last].Used || !now.Before(s.Codes[last].ExpiresAt) {
			return old(errors.New("otp: used or replaced while it was judged"))
		}
		s.Codes[last].Used, s.Codes[last].UsedBy = true, request
		err := c.save(ctx, &s, "otp.confirmed", "", now, s.Codes[last].settles()...)
		if tunnus.CodeOf(err) != tunnus.CodeStateConflict {
			return err
		}
		if s, err = c.store.Sheet(ctx, s.Session); err != nil {
			return fmt.Errorf("otp: reading a sheet: %w", err)
		}
	}
}

// wrong finds out in what way a code is wrong, and ends the session's codes if
// it was the last try of the last one.
func (c *Codes) wrong(ctx context.Context, s Sheet, typed string, now time.Time) error {
	last := len(s.Codes) - 1
	left := c.rules.Tries - s.Codes[last].Tries
	if left == 0 && len(sent(s.Codes)) > c.rules.Resends {
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

func (c *Codes) save(ctx context.Context, s *Sheet, kind string, why tunnus.Code, now time.Time, spends ...Spend) error {
	if err := c.store.Save(ctx, *s, spends, nil, c.event(kind, *s, why, now)); err != nil {
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
// small letters are one, and all ways to write a phone number.
func (c *Codes) ContactKey(contact string) string {
	if a, err := address.Parse(contact); err == nil {
		contact = a.Text
	}
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
