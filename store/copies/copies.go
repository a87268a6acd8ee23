// Package copies says what of the database stands in the second place too, and in
// which form: entries of the lock ledgers, keys with their tries, certificates,
// the states of accounts, members of staff who have ended, and contacts that were
// stopped. A transaction that writes one of these calls the function of that name
// here; nothing of a person is in what it leaves.
//
// Each copy has a revision, and a lower one never replaces a higher one.
package copies

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// The kinds of copies.
const (
	KindLock        = "lock"        // one entry of a ledger of locks; never changes
	KindKey         = "key"         // the server's row of a key, without its half
	KindTry         = "try"         // one try of a PIN
	KindCertificate = "certificate" // that it was issued, suspended, revoked
	KindAccount     = "account"     // its state
	KindMember      = "member"      // of the staff, who has ended
	KindContact     = "contact"     // that it was stopped or taken off
)

// Kinds lists the kinds, in the order in which a restore goes through them.
func Kinds() []string {
	return []string{KindLock, KindTry, KindKey, KindCertificate, KindAccount, KindMember, KindContact}
}

// An Account is what is kept of an account.
type Account struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

// A Certificate is what is kept of a certificate once it is issued. Times are
// Unix milliseconds, 0 is never.
type Certificate struct {
	Serial  string `json:"serial"`
	Account string `json:"account"`
	Purpose string `json:"purpose"`
	Level   string `json:"level"`
	Key     []byte `json:"key"` // SHA-256 of the modulus
	Intent  int64  `json:"intent"`
	From    int64  `json:"from"`
	To      int64  `json:"to"`
	Issued  int64  `json:"issued"`
	Held    int64  `json:"held"`
	Changed int64  `json:"changed"`
	Revoked int64  `json:"revoked"`
	Reason  string `json:"reason"`
}

// A Copy is one copy with its revision, as the second place keeps it.
type Copy struct {
	Kind string
	ID   string
	Rev  int64
	Body []byte
}

// body is what goes through the engine, which knows no revisions.
type body struct {
	Rev  int64           `json:"rev"`
	Body json.RawMessage `json:"body"`
}

// leave hands a copy to a transaction.
func leave(t *engine.Tx, c Copy, err error) error {
	if err != nil {
		return fmt.Errorf("store: copy: %w", err)
	}
	text, err := json.Marshal(body{c.Rev, c.Body})
	if err != nil {
		return fmt.Errorf("store: copy: %w", err)
	}
	t.Copy(c.Kind, c.ID, text)
	return nil
}

// Unpack reads what a transaction left.
func Unpack(c engine.Copy) (Copy, error) {
	var b body
	if err := json.Unmarshal(c.Body, &b); err != nil {
		return Copy{}, fmt.Errorf("store: copy of a %s: %w", c.Kind, err)
	}
	return Copy{c.Kind, c.ID, b.Rev, b.Body}, nil
}

// made is a copy with its body as JSON.
func made(kind, id string, rev int64, v any) (Copy, error) {
	text, err := json.Marshal(v)
	return Copy{kind, id, rev, text}, err
}

// Lock leaves a copy of an entry of a ledger.
func Lock(t *engine.Tx, e db.LockEntry) error {
	c, err := OfLock(e)
	return leave(t, c, err)
}

// OfLock is the copy of an entry.
func OfLock(e db.LockEntry) (Copy, error) {
	return made(KindLock, fmt.Sprintf("%s/%06d", e.Key, e.Place), 1, e)
}

// Key leaves a copy of a key as it is stored now.
func Key(t *engine.Tx, k row.Key) error {
	c, err := OfKey(k)
	return leave(t, c, err)
}

// OfKey is the copy of a key. The server's half is left out: who has the second
// place has no half key.
func OfKey(k row.Key) (Copy, error) { return made(KindKey, k.ID, k.Rev, restore.CopyOf(k).Key) }

// Try leaves a copy of a try.
func Try(t *engine.Tx, e row.Evaluation) error {
	c, err := OfTry(e)
	return leave(t, c, err)
}

// progress orders the states of a try as they come.
func progress(state string) int64 {
	switch state {
	case row.Reserved:
		return 1
	case row.Answered:
		return 2
	case row.Confirmed:
		return 3
	}
	return 4
}

// OfTry is the copy of a try, named by its key and its nonce.
func OfTry(e row.Evaluation) (Copy, error) {
	if e.Key == "" || len(e.Nonce) == 0 {
		return Copy{}, errors.New("a try without key or nonce")
	}
	return made(KindTry, e.Key+"/"+hex.EncodeToString(e.Nonce), progress(e.State), e)
}

// AccountState leaves a copy of where an account stands; rev is that of the row
// as it is stored now.
func AccountState(t *engine.Tx, id, state string, rev int64) error {
	c, err := OfAccount(id, state, rev)
	return leave(t, c, err)
}

// OfAccount is the copy of an account.
func OfAccount(id, state string, rev int64) (Copy, error) {
	return made(KindAccount, id, rev, Account{id, state})
}

// CertificateOf leaves a copy of a certificate as it is stored now, within the
// transaction that changed it.
func CertificateOf(ctx context.Context, t *engine.Tx, serial string) error {
	r, err := t.Certificate(ctx, serial)
	if err != nil {
		return fmt.Errorf("store: copy: %w", err)
	}
	c, err := OfCertificate(r)
	return leave(t, c, err)
}

// forEver is added to the revision of a certificate that is revoked: no clock
// that was set back makes it good again.
const forEver = 1 << 52

// OfCertificate is the copy of a certificate; its revision is when it was changed.
func OfCertificate(r db.Certificate) (Copy, error) {
	rev := max(1, r.Intent, r.Issued, r.Changed)
	if r.Revoked != 0 {
		rev += forEver
	}
	return made(KindCertificate, r.Serial, rev, Certificate{
		Serial: r.Serial, Account: r.Account, Purpose: r.Purpose, Level: r.Level, Key: r.Key, Intent: r.Intent,
		From: r.ValidFrom, To: r.ValidTo, Issued: r.Issued, Held: r.Held, Changed: r.Changed, Revoked: r.Revoked, Reason: r.Reason,
	})
}
