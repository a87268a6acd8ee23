package desk

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/staff"
	"github.com/tunnus-id/tunnus/staff/stafftest"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// sealer is a sealer that binds to places and hides nothing but from a look.
type sealer struct{}

func (sealer) Seal(plain, aad []byte) ([]byte, error) {
	return []byte(fmt.Sprintf("%x|%s", aad, base64.StdEncoding.EncodeToString(plain))), nil
}

func (sealer) Open(sealed, aad []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(fmt.Sprintf("%x|", aad)))
	if !ok {
		return nil, errors.New("sealed for another place, or gone")
	}
	return base64.StdEncoding.DecodeString(string(rest))
}

// memory is every store of a desk.
type memory struct {
	mu      sync.Mutex
	desks   map[string]Session
	ledgers map[lock.Key][]lock.Entry
	events  []tunnus.Event
}

func (m *memory) Desk(_ context.Context, id string) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.desks[id]
	if !ok {
		return s, tunnus.NotFound(errors.New("none"))
	}
	return s, nil
}

func (m *memory) DeskOf(_ context.Context, sitting string) (found Session, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.desks {
		if s.Sitting == sitting && !s.CreatedAt.Before(found.CreatedAt) {
			found = s
		}
	}
	if found.ID == "" {
		err = tunnus.NotFound(errors.New("none"))
	}
	return found, err
}

func (m *memory) OverdueDesks(_ context.Context, now time.Time, _ int) (ids []string, err error) {
	for id, s := range m.desks {
		if (!s.State.Ended() || s.Payload != nil) && !now.Before(s.Expires) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (m *memory) SaveDesk(_ context.Context, s Session, events []tunnus.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.desks[s.ID].Rev != s.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	s.Rev++
	m.desks[s.ID] = s
	m.events = append(m.events, events...)
	return nil
}

func (m *memory) Entries(_ context.Context, key lock.Key) ([]lock.Entry, error) {
	return slices.Clone(m.ledgers[key]), nil
}

func (m *memory) Append(_ context.Context, key lock.Key, _ int, e lock.Entry, _ []tunnus.Event) error {
	m.ledgers[key] = append(m.ledgers[key], e)
	return nil
}

// AtDesk implements [Sittings]: there is one sitting.
func (m *memory) AtDesk(_ context.Context, sitting, device string) (string, error) {
	if t := ticket(); sitting != t.Sitting || device != t.Device {
		return "", tunnus.NotFound(errors.New("none"))
	}
	return "Phone", nil
}

// utopia is a scheme that serves the invented state.
type utopia struct{}

func (utopia) Accepts(emrtd.Verified) error { return nil }
func (utopia) Takes(mrz.Zone) error         { return nil }
func (utopia) Issuer(string) string         { return "XX" }
func (utopia) Person(country, code string) (tunnus.PersonCode, error) {
	return tunnus.ParsePersonCode(country, code)
}

func ticket() Ticket {
	text := func(b byte) string { return base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) }
	return Ticket{text(1), text(2)}
}

// personCode is a code of the invented state for somebody born on a day.
func personCode(day string) string {
	sum := 0
	for i, c := range day + "001" {
		sum += int(c-'0') * []int{7, 3, 1}[i%3]
	}
	return day + "001" + fmt.Sprint(sum%10)
}

var country = sync.OnceValues(func() (*virtual.Country, error) { return virtual.NewCountry(start) })

type world struct {
	*Service
	*memory
	now     time.Time
	officer staff.Actor
	second  staff.Actor
	id      string
}

func documents() lock.Rules {
	return lock.Rules{Phase: lock.Judgement, Ladder: tunnus.Ladder{{Failures: 1, Permanent: true}}, Life: time.Hour, Grace: time.Hour}
}

func fresh(t *testing.T) *world {
	t.Helper()
	c, err := country()
	if err != nil {
		t.Fatal(err)
	}
	trust, err := trustlist.Of(c.CSCA())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{memory: &memory{desks: map[string]Session{}, ledgers: map[lock.Key][]lock.Entry{}}, now: start}
	clock := tunnus.ClockFunc(func() time.Time { return w.now })
	secret := tunnus.NewSecret([]byte("0123456789abcdef0123456789abcdef"))
	devices := lock.Rules{Phase: lock.Proof, Ladder: tunnus.Ladder{{Failures: 5, Lock: time.Hour}}, Life: time.Hour}
	w.Service, err = New(Config{
		Rules: DefaultRules, Scheme: utopia{}, Trust: trust, Secret: secret, Marker: stafftest.Marker(), Store: w.memory, Sittings: w.memory,
		Tab: lock.Tab{Documents: lock.New(w.memory, documents(), secret, clock), Devices: lock.New(w.memory, devices, secret, clock)}, Sealer: sealer{}, Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.officer = stafftest.Actor(t, "reg-1", nil, staff.Officer)
	w.second = stafftest.Actor(t, "reg-2", nil, staff.Officer)
	o, err := w.Open(t.Context(), w.officer, ticket(), "")
	if err != nil {
		t.Fatal(err)
	}
	w.id = o.ID
	return w
}

// passport issues a passport of somebody born on a day; change may make it worse.
func passport(t *testing.T, day string, change func(*virtual.Holder)) *virtual.Passport {
	t.Helper()
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 60, 80)), nil); err != nil {
		t.Fatal(err)
	}
	h := virtual.Holder{
		Surname: "BERG", GivenNames: "BO", Number: "X7654321", PersonCode: personCode(day), Birth: time.Date(1985, 2, 2, 0, 0, 0, 0, time.UTC),
		Expiry: start.AddDate(5, 0, 0), Portrait: portrait.Bytes(), Chip: virtual.ChipECDSA,
	}
	if change != nil {
		change(&h)
	}
	c, err := country()
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Issue(h)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// noChip is what an officer asks for whose reader finds no chip in this document.
func noChip(t *testing.T, p *virtual.Passport) Wish {
	t.Helper()
	z, err := lds.Zone(p.Group(1))
	if err != nil {
		t.Fatal(err)
	}
	return Wish{Kind: NoChip, Zone: z.String()}
}

// lockedForEver lets a document fail as often as it may.
func (w *world) lockedForEver(t *testing.T) {
	t.Helper()
	key := w.cfg.Tab.Documents.DocumentKey("XX", "P", "X7654321", start.AddDate(5, 0, 0).Format("060102"))
	if _, err := w.cfg.Tab.Documents.Charge(t.Context(), key, "a", false); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cfg.Tab.Documents.Close(t.Context(), key, "a", lock.Failed, ""); err != nil {
		t.Fatal(err)
	}
}

// read lets the officer's reader relay one document.
func (w *world) read(t *testing.T, p *virtual.Passport) (Reading, error) {
	t.Helper()
	challenge, err := w.Challenge(t.Context(), w.officer, w.id)
	if err != nil {
		t.Fatal(err)
	}
	ev := emrtd.Evidence{SOD: p.SOD(), Groups: p.Groups()}
	if p.Group(15) != nil {
		if ev.ActiveAuth, err = p.Prove(challenge); err != nil {
			t.Fatal(err)
		}
	}
	return w.Read(t.Context(), w.officer, w.id, ev)
}

// sign lets the officer sign what the server drafted.
func (w *world) sign(t *testing.T) (string, error) {
	t.Helper()
	body, err := w.Draft(t.Context(), w.officer, w.id)
	if err != nil {
		return "", err
	}
	c, err := w.Sign(t.Context(), stafftest.Actor(t, "reg-1", body, staff.Officer), w.id)
	return string(c.Code.Reveal()), err
}

func wantCode(t *testing.T, what string, err error, want tunnus.Code) {
	t.Helper()
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v); want %q", what, got, err, want)
	}
}

// silent checks that nothing of a person stands in rows or lines in clear.
func (w *world) silent(t *testing.T) {
	t.Helper()
	text := fmt.Sprintf("%+v %+v", w.desks, w.events)
	for _, s := range w.desks {
		text += string(s.Statement) + string(s.Signed)
	}
	for _, canary := range []string{"BERG", personCode("19850202"), "X7654321"} {
		if strings.Contains(text, canary) {
			t.Errorf("%s stands in clear", canary)
		}
	}
}
