package lock

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// A Ledger charges attempts and closes them, under the rules of one phase.
type Ledger struct {
	store  Store
	rules  Rules
	secret tunnus.Secret
	clock  tunnus.Clock
}

// New makes a ledger. The secret (32 bytes) keys names and entries: without it
// no ledger can be found or forged, and with another one none can be read.
func New(store Store, rules Rules, secret tunnus.Secret, clock tunnus.Clock) *Ledger {
	return &Ledger{store, rules, secret, clock}
}

// DocumentKey names the ledger of a document: issuing state as two or three
// letters after mapping of codes, kind, number, and expiry as YYMMDD (L9).
// Different printings of one number are one document only if all four agree.
func (l *Ledger) DocumentKey(state, kind, number, expiry string) Key {
	return l.name("document", state, kind, number, expiry)
}

// Of names the ledger of the document with this code line. Its kind is the first
// letter of the code (Doc 9303-4 §4.2.2): a state may give a card the number of a
// passport. The second letter tells no documents apart.
func (l *Ledger) Of(state string, z mrz.Zone) Key {
	return l.DocumentKey(state, z.Document[:min(1, len(z.Document))], z.Number, z.Expiry)
}

// DeviceKey names the ledger of a device by the thumbprint of its key.
func (l *Ledger) DeviceKey(thumbprint string) Key { return l.name("device", thumbprint) }

// AccountKey names the ledger of an account that has proved itself in this
// session; one that is only claimed has none (L7).
func (l *Ledger) AccountKey(id string) Key { return l.name("account", id) }

func (l *Ledger) name(parts ...string) Key {
	return Key(hex.EncodeToString(l.mac("tunnus/lock/key/v1", parts...)))
}

// State tells where a ledger stands now.
func (l *Ledger) State(ctx context.Context, key Key) (State, error) {
	_, s, err := l.read(ctx, key)
	return s, err
}

// Check fails as [Ledger.Charge] would if the ledger is locked. It charges nothing.
func (l *Ledger) Check(ctx context.Context, key Key) error {
	s, err := l.State(ctx, key)
	if err != nil {
		return err
	}
	return l.refuse(s)
}

// Charge opens an attempt and returns when that is durable. The attempt's name
// is used once. Repeating the charge of the open attempt charges nothing more.
// An attempt that somebody else left open ends here, as a failure: whoever lets
// a verdict get lost does not get the try back.
//
// It fails with doc-lock-temp or doc-lock-perm (Judgement) or req-too-often
// (Proof) if the ledger is locked, and with [tunnus.CodeStateConflict] if the
// name was used before or another charge was faster.
func (l *Ledger) Charge(ctx context.Context, key Key, attempt string, copyable bool) (State, error) {
	entries, s, err := l.read(ctx, key)
	if err != nil {
		return State{}, err
	}
	if err := l.refuse(s); err != nil {
		return s, err
	}
	if s.Attempt == attempt && attempt != "" {
		return s, nil
	}
	used := slices.ContainsFunc(entries, func(e Entry) bool { return e.Attempt == attempt })
	if attempt == "" || used {
		return s, tunnus.Conflict(errors.New("lock: an attempt is charged once, by its own name"))
	}
	if s.Attempt != "" {
		entries, s, err = l.append(ctx, key, entries, Entry{Kind: Lapsed, Attempt: s.Attempt, Copyable: s.Copyable})
		if err != nil {
			return s, err
		}
		if err := l.refuse(s); err != nil {
			return s, err
		}
	}
	_, s, err = l.append(ctx, key, entries, Entry{Kind: Charged, Attempt: attempt, Copyable: copyable})
	return s, err
}

// Close writes the verdict of the open attempt: Passed, Succeeded or Failed, with
// the code that the person is told. It fails with [tunnus.CodeStateConflict] if
// that attempt is not open (any more): then the verdict must not be used.
func (l *Ledger) Close(ctx context.Context, key Key, attempt string, verdict Kind, code tunnus.Code) (State, error) {
	if verdict != Passed && verdict != Succeeded && verdict != Failed {
		return State{}, fmt.Errorf("lock: %q is no verdict", verdict)
	}
	entries, s, err := l.opened(ctx, key, attempt)
	if err != nil {
		return s, err
	}
	_, s, err = l.append(ctx, key, entries, Entry{Kind: verdict, Attempt: attempt, Code: code, Copyable: s.Copyable})
	return s, err
}

// Void refunds the open attempt for a fault of ours while in was judged. The
// caller vouches that no verdict, score or hint has left the server. It fails with
// [tunnus.CodeStateConflict] if the attempt is not open, there was a void within
// Rules.VoidEvery, or one for the same input ever; then the attempt stands (L5).
func (l *Ledger) Void(ctx context.Context, key Key, attempt string, why tunnus.Code, in Input) error {
	if in == (Input{}) {
		return errors.New("lock: a void names what was judged")
	}
	entries, s, err := l.opened(ctx, key, attempt)
	if err != nil {
		return err
	}
	if !s.voided.IsZero() && l.now().Before(s.voided.Add(l.rules.VoidEvery)) {
		return tunnus.Conflict(errors.New("lock: one void a day"))
	}
	input := l.input(key, in)
	if slices.ContainsFunc(entries, func(e Entry) bool { return e.Kind == Voided && e.Input == input }) {
		return tunnus.Conflict(errors.New("lock: one void an input"))
	}
	_, _, err = l.append(ctx, key, entries, Entry{Kind: Voided, Attempt: attempt, Code: why, Copyable: s.Copyable, Input: input})
	return err
}

// Note writes down a mishap that counts when repeated; the same evidence once.
func (l *Ledger) Note(ctx context.Context, key Key, evidence string, code tunnus.Code, copyable bool) error {
	entries, _, err := l.read(ctx, key)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e Entry) bool { return e.Kind == Noted && e.Attempt == evidence }) {
		return nil
	}
	_, _, err = l.append(ctx, key, entries, Entry{Kind: Noted, Attempt: evidence, Code: code, Copyable: copyable})
	return err
}

// Spare writes an incident of ours into a ledger that it concerns: one that is
// Pending, where the charges of a release and a time led. For others it does
// nothing, so that it may be repeated; once the grace is over it never does
// anything, and behind a Permanent entry the database itself refuses. It tells
// whether it wrote, and fails with [tunnus.CodeStateConflict] if the ledger moved.
//
// Whoever calls it has two pairs of eyes behind him (package incident).
func (l *Ledger) Spare(ctx context.Context, key Key, incident, release string, from, until time.Time) (bool, error) {
	entries, s, err := l.read(ctx, key)
	if err != nil || s.Condition != Pending || incident == "" || release == "" {
		return false, err
	}
	e := Entry{Kind: Incident, Attempt: incident, At: l.now(), Release: release, From: from.UTC().Truncate(time.Millisecond), Until: until.UTC().Truncate(time.Millisecond)}
	if slices.ContainsFunc(entries, func(e Entry) bool { return e.Kind == Incident && e.Attempt == incident }) ||
		!l.rules.concerns(entries, e) {
		return false, nil
	}
	_, _, err = l.append(ctx, key, entries, e)
	return err == nil, err
}

// Settle writes the row that makes a last step permanent, once its grace is
// over. Before that, or if there is nothing to settle, it does nothing.
func (l *Ledger) Settle(ctx context.Context, key Key) error {
	entries, s, err := l.read(ctx, key)
	if err != nil || s.Condition != Forever {
		return err
	}
	if slices.ContainsFunc(entries, func(e Entry) bool { return e.Kind == Permanent }) {
		return nil
	}
	_, _, err = l.append(ctx, key, entries, Entry{Kind: Permanent})
	return err
}

func (l *Ledger) refuse(s State) error {
	why := fmt.Errorf("lock: %s: %s", l.rules.Phase, s.Condition)
	switch {
	case !s.Locked():
		return nil
	case l.rules.Phase == Proof:
		return tooOften(why, s.Until)
	case s.Condition == Timed:
		return tunnus.Fail(tunnus.CodeDocLockTemp, why).WithUntil(s.Until)
	}
	return tunnus.Fail(tunnus.CodeDocLockPerm, why)
}

// tooOften is the answer to a device, an account or an address that has to wait.
func tooOften(why error, until time.Time) error {
	return tunnus.Fail(tunnus.CodeReqTooOften, why).WithUntil(until)
}

// opened reads a ledger whose open attempt is the one given.
func (l *Ledger) opened(ctx context.Context, key Key, attempt string) ([]Entry, State, error) {
	entries, s, err := l.read(ctx, key)
	if err == nil && (attempt == "" || s.Attempt != attempt) {
		err = tunnus.Conflict(errors.New("lock: this attempt is not open"))
	}
	return entries, s, err
}

// read loads a ledger and checks that nobody changed it behind our back.
func (l *Ledger) read(ctx context.Context, key Key) ([]Entry, State, error) {
	entries, err := l.store.Entries(ctx, key)
	if err != nil {
		return nil, State{}, fmt.Errorf("lock: reading a ledger: %w", err)
	}
	var before []byte
	sealer := l.sealer()
	for i, e := range entries {
		if !hmac.Equal(e.MAC, sealer.seal(key, i, before, e)) {
			return nil, State{}, fmt.Errorf("lock: entry %d of a ledger is not as it was written", i)
		}
		before = e.MAC
	}
	return entries, l.rules.Fold(entries, l.now()), nil
}

func (l *Ledger) append(ctx context.Context, key Key, entries []Entry, e Entry) ([]Entry, State, error) {
	var before []byte
	if n := len(entries); n > 0 {
		before = entries[n-1].MAC
	}
	e.At = l.now()
	if e.Kind != Incident {
		e.Release = l.rules.Release
	}
	e.MAC = l.seal(key, len(entries), before, e)
	event := tunnus.Event{
		At: e.At, Kind: "lock." + string(e.Kind), Subject: string(key), Code: e.Code,
		Detail: map[string]string{"phase": string(l.rules.Phase), "attempt": e.Attempt},
	}
	if err := l.store.Append(ctx, key, len(entries), e, []tunnus.Event{event}); err != nil {
		return entries, State{}, fmt.Errorf("lock: adding to a ledger: %w", err)
	}
	entries = append(slices.Clip(entries), e)
	return entries, l.rules.Fold(entries, e.At), nil
}

// seal makes the MAC of an entry, which binds it to its ledger, its place and
// all entries before it. Cutting entries off the end is not seen here: that is
// what the second place and the audit log are for.
//
// Entries that name no release, or no input, are sealed as before there were any.
func (l *Ledger) seal(key Key, place int, before []byte, e Entry) []byte {
	return l.sealer().seal(key, place, before, e)
}

// mac is HMAC-SHA256 over the parts, each behind its length.
func (l *Ledger) mac(tag string, parts ...string) []byte {
	b := part(nil, tag)
	for _, p := range parts {
		b = part(b, p)
	}
	return l.sealer().sum(b)
}

// now is the time to the millisecond, which every store keeps.
func (l *Ledger) now() time.Time { return l.clock.Now().UTC().Truncate(time.Millisecond) }
