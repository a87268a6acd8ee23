package confirm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/statement"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// world is a service with everything around it that can be turned.
type world struct {
	*testing.T
	*Service
	now       time.Time
	rows      map[string]Question
	events    []tunnus.Event
	offers    map[string]binding.Offer // by transaction
	signed    map[string]bool
	cancelled map[string]bool
	guardians map[tunnus.PersonCode]bool
	down      bool // the register
	// die makes the nth write from now fail, having written nothing; dead tells that it did.
	die  int
	dead bool
	// before is done before the next offer.
	before func()
}

var errKilled = errors.New("killed")

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		T: t, now: start, rows: map[string]Question{}, offers: map[string]binding.Offer{}, signed: map[string]bool{}, cancelled: map[string]bool{},
		guardians: map[tunnus.PersonCode]bool{},
	}
	var err error
	w.Service, err = New(Config{
		Store: w, Signatures: w, Guardians: w, Sealer: mask{}, Secret: tunnus.NewSecret(make([]byte, 32)),
		Clock: tunnus.ClockFunc(func() time.Time { return w.now }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) Question(_ context.Context, id string) (Question, error) {
	q, ok := w.rows[id]
	if !ok {
		return q, tunnus.NotFound(nil)
	}
	return q, nil
}

func (w *world) Save(_ context.Context, q Question, events []tunnus.Event) error {
	if w.die--; w.die == 0 {
		w.dead = true
		return errKilled
	}
	if w.rows[q.ID].Rev != q.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	if q.State.Over() && len(q.Sealed) > 0 { // the CHECK of the store
		return errors.New("sealed, and over")
	}
	q.Rev++
	w.rows[q.ID] = q
	w.events = append(w.events, events...)
	return nil
}

func (w *world) OfChild(_ context.Context, child string, limit int) (out []Question, err error) {
	for _, q := range w.rows {
		if q.Child == child && child != "" && !q.State.Over() {
			out = append(out, q)
		}
	}
	return out[:min(limit, len(out))], nil
}

func (w *world) Unheard(_ context.Context, due time.Time, limit int) (ids []string, err error) {
	for id, q := range w.rows {
		if !q.State.Over() && !due.Before(q.Due) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], nil
}

// Offer is as keyshare has it: the same offer is the same transaction, another one
// under its id a conflict, also one that ends at another time.
func (w *world) Offer(_ context.Context, o binding.Offer) (string, error) {
	if do := w.before; do != nil {
		w.before = nil
		do()
	}
	txn := fmt.Sprintf("%s@%s", o.ID, o.KeyID)
	if old, ok := w.offers[txn]; ok {
		if !bytes.Equal(old.Record, o.Record) || old.Padding != o.Padding || !old.Expires.Equal(o.Expires) {
			return "", tunnus.Conflict(errors.New("another offer"))
		}
		return txn, nil
	}
	if !o.Expires.After(w.now) || o.Expires.After(w.now.Add(15*time.Minute)) {
		return "", errors.New("a time that cannot be")
	}
	if _, err := (statement.Format{}).Payload(o.Record, nil); err != nil {
		return "", err
	}
	w.offers[txn] = o
	return txn, nil
}

func (w *world) Outcome(_ context.Context, txn string) (binding.Signed, bool, error) {
	return binding.Signed{Payload: w.offers[txn].Record, Signature: []byte("by " + txn)}, w.signed[txn], nil
}

func (w *world) Cancel(_ context.Context, txn string) error {
	if w.signed[txn] {
		return tunnus.Conflict(errors.New("signed"))
	}
	w.cancelled[txn] = true
	return nil
}

// pin is a right PIN of the holder's for a transaction: false if it comes to nothing.
func (w *world) pin(txn string) bool {
	o, ok := w.offers[txn]
	if ok = ok && !w.cancelled[txn] && w.now.Before(o.Expires); ok {
		w.signed[txn] = true
	}
	return ok
}

// live lists what holders could still answer.
func (w *world) live() (all []string) {
	for txn, o := range w.offers {
		if !w.signed[txn] && !w.cancelled[txn] && w.now.Before(o.Expires) {
			all = append(all, txn)
		}
	}
	return all
}

func (w *world) Answers(_ context.Context, guardian, _ tunnus.PersonCode) (bool, error) {
	if w.down {
		return false, tunnus.Fail(tunnus.CodeRegiDown, errors.New("no answer"))
	}
	return w.guardians[guardian], nil
}

// mask is a sealer that turns bits and binds to the place.
type mask struct{}

func turn(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = ^b[i]
	}
	return out
}

func (mask) Seal(plain, aad []byte) ([]byte, error) {
	return turn(slices.Concat(aad, []byte{0}, plain)), nil
}

func (mask) Open(sealed, aad []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(turn(sealed), slices.Concat(aad, []byte{0}))
	if !ok {
		return nil, errors.New("another place")
	}
	return plain, nil
}

func person(code string) tunnus.PersonCode {
	p, err := tunnus.ParseSemanticsID("PNOXX-" + code)
	if err != nil {
		panic(err)
	}
	return p
}

var (
	ada   = person("199002140017")
	child = person(utopian("20200214001"))
)

// utopian adds the check digit to eleven digits of a personal code.
func utopian(s string) string {
	sum := 0
	for i := range s {
		sum += int(s[i]-'0') * []int{7, 3, 1}[i%3]
	}
	return s + string(rune('0'+sum%10))
}

// holder is an account that is four days old and was proved by a passport.
func holder(id string, p tunnus.PersonCode) account.Account {
	return account.Account{
		ID: id, Person: p, Surname: "Åsk", GivenNames: "Ada", Level: tunnus.Qualified, State: account.Active, Device: "phone-of-" + id,
		LoginKey: id + "-login", SignKey: id + "-sign", Proofed: account.ByPassport,
		ActiveAt: start.Add(-96 * time.Hour), ExpiresAt: start.AddDate(3, 0, 0),
	}
}

// order is what a sitting asks.
func order(about statement.About) Order {
	o := Order{
		About: about, Session: "sitting", Device: "new-phone", Level: tunnus.Qualified, Model: "Fairphone 9", Code: "42",
		Age: 72 * time.Hour, Until: start.Add(30 * time.Minute),
	}
	switch about {
	case statement.Replace:
		o.Person, o.Name = ada, "Ada Åsk"
	case statement.Guardian:
		o.Person, o.Name, o.Until = child, "Bo Åsk", start.Add(7*24*time.Hour)
	}
	return o
}

func (w *world) ask(about statement.About) string {
	w.Helper()
	link, err := w.Ask(w.Context(), order(about))
	if err != nil {
		w.Fatal(err)
	}
	return link
}

func (w *world) claim(link string, by account.Account) Claim {
	w.Helper()
	c, err := w.Claim(w.Context(), link, by)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// row is the only question.
func (w *world) row() Question {
	w.Helper()
	if len(w.rows) != 1 {
		w.Fatalf("%d questions; want 1", len(w.rows))
	}
	for _, q := range w.rows {
		return q
	}
	return Question{}
}

func (w *world) wants(what string, err error, code tunnus.Code) {
	w.Helper()
	if tunnus.CodeOf(err) != code {
		w.Errorf("%s = %v; want %q", what, err, code)
	}
	if err != nil && (strings.Contains(err.Error(), "199002140017") || strings.Contains(err.Error(), "Åsk")) {
		w.Errorf("%s names a person: %v", what, err)
	}
}

// answer demands what a sitting hears.
func (w *world) answer(about statement.About, ok bool, code tunnus.Code) Answer {
	w.Helper()
	a, got, err := w.Answer(w.Context(), "sitting", about)
	w.wants("Answer", err, code)
	if got != ok {
		w.Errorf("answered: %v; want %v", got, ok)
	}
	return a
}
