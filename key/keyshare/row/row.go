// Package row holds the rows of the server's half of all keys, and the rules
// that need nothing but rows: what a key in its state does, what a try costs and
// forgives, how a new generation takes the place of the old, and what becomes of
// two copies of one row after a restore.
//
// Everything here is a value: a rule takes rows and gives rows. Package keyshare
// reads and writes them.
package row

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A State is where a key stands. The values stand in rows.
type State string

// The states of a key.
const (
	Begun     State = "begun"     // n1 and the VOPRF key are there, the blob is not
	Sealed    State = "sealed"    // the phone has its blob; no n2 yet
	Ready     State = "ready"     // signs
	Suspended State = "suspended" // blocked by the holder or staff; may be lifted
	Held      State = "held"      // a copy was seen; never lifted, ended after 72 h
	Ended     State = "ended"     // for ever
)

// Why a key is held or has ended, where keyshare itself says so. Others give
// reasons of their own.
const (
	ReasonPIN    = "pin"    // wrong PIN too often
	ReasonCopy   = "copy"   // a second copy was seen
	ReasonFactor = "factor" // its modulus shares a factor with another
	ReasonLost   = "lost"   // only the second place knew it after a restore
)

// A Key is the server's row of one key. Secrets in it are sealed.
type Key struct {
	ID          string
	Rev         int64 // 0 before it is stored; raised by one with each write
	Purpose     splitkey.Purpose
	Device      string // thumbprint of hk; the only device that may use the key
	Account     string // "" until bound
	State       State
	Reason      string // why it is suspended, held or ended: a word of the system
	Generation  int    // which lives: 1, raised by each PIN change
	CreatedAt   time.Time
	Modulus     []byte    // n1, 384 bytes
	Public      []byte    // pkS, 33 bytes
	SealedVOPRF []byte    // k and the key of the one-time values
	Begin       []byte    // SHA-256 of the body of Begin
	Hardenings  int       // evaluations served before Confirm
	Counter     uint64    // c of the current one-time value
	RotatedAt   time.Time // when Counter was raised last
	Product     []byte    // n, 768 bytes; empty until assigned
	Inverse     []byte    // n1⁻¹ mod n2, 384 bytes; public
	SealedHalf  []byte    // n2 with its primes

	LastSeq     int64     // of the newest evaluation; 0 if none
	LastNonce   []byte    // of the newest evaluation
	ClearedSeq  int64     // evaluations up to here are forgiven: a right share came later
	Unconfirmed int       // evaluations of this generation never followed by their share
	LifeCount   int       // the same over the key's life
	DueAt       time.Time // when the key has to be looked at; zero if never
	EndsAt      time.Time // when a key that is held ends; zero for others

	Next      Next   // the PIN change under way; zero if none
	ChangedBy string // transaction of the change that made this generation
	Changed   []byte // SHA-256 of the body of the ChangeConfirm that did
}

// A Next is the generation that a PIN change makes, from the proof of the old PIN
// until it is confirmed.
type Next struct {
	Change      string // transaction of the change
	Public      []byte
	SealedVOPRF []byte
	Since       time.Time
	Hardenings  int
	Hardened    []byte // SHA-256 of the body of the newest hardening
}

// Owner is what a key's secrets are sealed for.
func (k Key) Owner() sealed.Owner { return sealed.Owner{Key: k.ID, Generation: k.Generation} }

// Identity is what blob and proofs of a key are bound to.
func (k Key) Identity() splitkey.Identity {
	return splitkey.Identity{Key: k.ID, Purpose: k.Purpose, Generation: k.Generation, Modulus: k.Modulus, Public: k.Public}
}

// Usable refuses what a key in its state does not do any more, or not yet.
func (k Key) Usable() error {
	cause := fmt.Errorf("row: the key is %s (%s)", k.State, k.Reason)
	switch {
	case k.State == Ready:
		return nil
	case k.State == Begun || k.State == Sealed:
		return tunnus.Conflict(cause)
	case k.Reason == ReasonCopy:
		return Cloned(cause)
	case k.Reason == ReasonPIN:
		return Gone(cause)
	}
	return tunnus.Fail(tunnus.CodeKeyUnusable, cause)
}

// A View is what the server's other parts may know of a key.
type View struct {
	ID, Device, Account string
	Purpose             splitkey.Purpose
	State               State
	Reason              string
	Generation          int
	Modulus             []byte // n; empty until assigned
	Tries               splitkey.Tries
	// Undecided says that the newest try was answered a moment ago: its PIN may
	// have been right, and then Tries is too strict.
	Undecided bool
}

// View shows a key to the server's other parts.
func (k Key) View(t splitkey.Tries) View {
	return View{
		ID: k.ID, Device: k.Device, Account: k.Account, Purpose: k.Purpose, State: k.State, Reason: k.Reason,
		Generation: k.Generation, Modulus: k.Product, Tries: t,
	}
}

// Cloned is the refusal of a key that was seen twice.
func Cloned(cause error) error { return tunnus.Fail(tunnus.CodeAccCloned, cause) }

// Gone is the refusal of a key that ended by wrong PINs.
func Gone(cause error) error { return tunnus.Fail(tunnus.CodePINLockPerm, cause).WithLeft(0) }

// RefuseTxn is the refusal of a request about what is over, or was never so: app
// and server disagree.
func RefuseTxn(cause error) error { return tunnus.Fail(tunnus.CodeTxnState, cause) }

// Event makes an audit event about a key; details come in pairs.
func (k Key) Event(at time.Time, kind string, code tunnus.Code, details ...string) tunnus.Event {
	e := tunnus.Event{
		At: at, Kind: kind, Subject: k.ID, Code: code,
		Detail: map[string]string{"purpose": string(k.Purpose), "generation": strconv.Itoa(k.Generation)},
	}
	for i := 0; i+1 < len(details); i += 2 {
		e.Detail[details[i]] = details[i+1]
	}
	return e
}

// The states of an evaluation.
const (
	Reserved  = "reserved"  // charged; not yet answered
	Answered  = "answered"  // charged and answered
	Confirmed = "confirmed" // its right share came: no longer charged
	Misused   = "misused"   // a wrong share came: stays charged
)

// An Evaluation is one charged try of a PIN. Key and Nonce name it, Key and Seq
// too.
type Evaluation struct {
	Key         string
	Seq         int64 // 1, 2, … for each key
	Generation  int
	Transaction string
	Nonce       []byte
	Body        []byte // SHA-256 of the request's body
	State       string
	At          time.Time // when it was charged
	Answer      []byte    // JSON of [splitkey.Evaluation]; empty while Reserved
}

// The states of a transaction. An expired one stays Live in its row: time tells.
const (
	Live      = "live"
	Signed    = "signed"
	Cancelled = "cancelled"
)

// A Transaction is one payload that a key is asked to sign, or a PIN change,
// whose kind is [splitkey.ChangeKind].
type Transaction struct {
	ID        string
	Rev       int64
	Key       string
	Kind      string // names the Format
	Record    []byte // canonical JSON of the fields to show and sign
	Hash      splitkey.Hash
	Padding   splitkey.Padding // "" is [splitkey.PSS]
	Salt      []byte           // of the PSS encoding
	Freshness []byte           // 16 bytes; the request for an evaluation must repeat it
	State     string
	CreatedAt time.Time
	ExpiresAt time.Time

	Completion []byte // SHA-256 of the body of the Complete that was served, or only confirmed its try
	Answer     []byte // the phone's part of the payload; of a PIN change what the phone was told
	Approval   []byte // JSON of the whole signed request (device.Signed): who approved what (K13)
	Signature  []byte // s, 768 bytes; of a PIN change the proof of the old PIN, 384
	SignedAt   time.Time
}

// Over reports whether a transaction can no longer be signed.
func (t Transaction) Over(now time.Time) bool { return t.State != Live || !now.Before(t.ExpiresAt) }

// Fields is a transaction as the phone sees it.
func (t Transaction) Fields() splitkey.Fields {
	return splitkey.Fields{
		Transaction: t.ID, Kind: t.Kind, Record: t.Record, Hash: t.Hash, Padding: cmp.Or(t.Padding, splitkey.PSS), Salt: t.Salt,
		Freshness: t.Freshness, ExpiresAt: t.ExpiresAt,
	}
}

// A Half is a server half that waits for its phone's half.
type Half struct {
	Modulus    []byte // n2, 384 bytes; names the row
	SealedHalf []byte
	CreatedAt  time.Time
}
