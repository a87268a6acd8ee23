package splitkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tunnus-id/tunnus/key/voprf"
)

// A Purpose says what a key is for. A holder has one key for each.
type Purpose string

// The purposes, in the words of the certificates.
const (
	Login     Purpose = "login"     // unlocked by PIN1
	Signature Purpose = "signature" // unlocked by PIN2
)

// Valid reports whether p is one of the purposes.
func (p Purpose) Valid() bool { return p == Login || p == Signature }

// Sizes of what messages carry, in bytes.
const (
	NonceSize   = 16
	ElementSize = voprf.ElementSize
	OneTimeSize = 40 // counter ‖ HMAC-SHA256

	maxID      = 64
	maxAnswer  = 4 << 10
	maxText    = 256
	maxDigest  = 64
	maxMessage = 16 << 10
)

// The types of the messages that a phone sends. Each stands in the body that
// the device key signs, so no message can be taken for another.
const (
	TypeBegin    = "key-begin"
	TypeHarden   = "key-harden"
	TypeConfirm  = "key-confirm"
	TypeStatus   = "key-status"
	TypeEvaluate = "key-evaluate"
	TypeComplete = "key-complete"
)

// A Begin offers the phone's half of a new key. Sent again as it is, it gets
// the same answer.
type Begin struct {
	Type    string  `json:"type"`
	Purpose Purpose `json:"purpose"`
	Modulus []byte  `json:"modulus"` // n1, 384 bytes big-endian
	Nonce   []byte  `json:"nonce"`   // drawn by the phone; makes the key's id
	Proof   []byte  `json:"proof"`   // of possession, see [Proof]
}

// A Begun is the answer to a [Begin].
type Begun struct {
	Key        string `json:"key"`
	Generation int    `json:"generation"` // 1; a PIN change raises it
	Public     []byte `json:"public"`     // pkS, the VOPRF public key: the phone pins it
	OneTime    []byte `json:"one_time"`   // the first one-time value
}

// A Harden asks for the evaluation with which the phone seals its half. It is
// served a few times before [Confirm] and never after it.
type Harden struct {
	Type       string `json:"type"`
	Key        string `json:"key"`
	Generation int    `json:"generation"`
	Nonce      []byte `json:"nonce"`
	Blinded    []byte `json:"blinded"`
}

// An Evaluated is a VOPRF evaluation with its proof (RFC 9497 §3.3.2).
type Evaluated = voprf.Evaluation

// A Confirm says that the half is sealed, and proves it by a half signature
// made with the opened blob.
type Confirm struct {
	Type       string `json:"type"`
	Key        string `json:"key"`
	Generation int    `json:"generation"`
	Nonce      []byte `json:"nonce"`
	Proof      []byte `json:"proof"`
}

// A Status asks how a key stands and what waits for it. It presents the
// one-time value and does not use it up. A phone that does not know which
// generation lives, for the answer to its [ChangeConfirm] was lost, names the old
// one and the transaction of the change: then it is told, and is no copy.
type Status struct {
	Type       string `json:"type"`
	Key        string `json:"key"`
	Generation int    `json:"generation"`
	OneTime    []byte `json:"one_time"`
	Change     string `json:"change,omitempty"` // transaction of a change that is not known to be over
}

// A Standing is the answer to a [Status].
type Standing struct {
	Key          string   `json:"key"`
	Generation   int      `json:"generation"`        // which lives
	Change       string   `json:"change,omitempty"`  // transaction of a PIN change that is proved and not confirmed
	Public       []byte   `json:"public"`            // of the generation that lives
	Modulus      []byte   `json:"modulus,omitempty"` // n, once the server's half is there; see [CheckProduct]
	Tries        Tries    `json:"tries"`
	Transactions []Fields `json:"transactions"`
}

// Tries says how many wrong PINs are left, and what holds after the last charge
// if that PIN was wrong. A right share takes the charge back.
type Tries struct {
	Left        int        `json:"left"`                   // before the next lock
	LockedUntil *time.Time `json:"locked_until,omitempty"` // absent if not locked
	Permanent   bool       `json:"permanent,omitempty"`    // no try is left at all
	Unconfirmed int        `json:"unconfirmed"`            // evaluations never followed by a right share
}

// Fields is a transaction as the phone sees it: what to show, and all that is
// needed to build the payload and sign it.
type Fields struct {
	Transaction string    `json:"transaction"`
	Kind        string    `json:"kind"`
	Record      []byte    `json:"record"` // canonical JSON of what is to be shown
	Hash        Hash      `json:"hash"`
	Padding     Padding   `json:"padding"`
	Salt        []byte    `json:"salt"` // of the PSS encoding, drawn by the server
	Freshness   []byte    `json:"freshness"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// An Evaluate is one try of the PIN for one transaction. The phone stores it
// before it sends it, and sends the stored one again until it is answered.
type Evaluate struct {
	Type        string `json:"type"`
	Key         string `json:"key"`
	Generation  int    `json:"generation"`
	Transaction string `json:"transaction"`
	Freshness   []byte `json:"freshness"`
	Blinded     []byte `json:"blinded"`
	OneTime     []byte `json:"one_time"`
	Nonce       []byte `json:"nonce"`
}

// An Evaluation is the answer to an [Evaluate].
type Evaluation struct {
	Evaluated
	OneTime []byte `json:"one_time"` // the next one
	Tries   Tries  `json:"tries"`
}

// An Approval is what the holder agreed to, as the phone showed it (K13).
type Approval struct {
	TextHash  []byte `json:"text_hash"`  // SHA-256 of the text shown
	Service   string `json:"service"`    // who asked, as shown
	Digest    []byte `json:"digest"`     // of the payload that the phone built
	CodeShown string `json:"code_shown"` // the verification code; "" if none was shown
}

// A Complete hands over the phone's half signature. Sent again as it is, it
// gets the same answer.
type Complete struct {
	Type        string   `json:"type"`
	Key         string   `json:"key"`
	Generation  int      `json:"generation"`
	Transaction string   `json:"transaction"`
	Evaluation  []byte   `json:"evaluation"` // nonce of the Evaluate that opened the blob
	OneTime     []byte   `json:"one_time"`   // presented, not used up
	Share       []byte   `json:"share"`      // s1, 384 bytes
	Answer      []byte   `json:"answer"`     // the phone's part of the payload, as the kind wants it
	Approval    Approval `json:"approval"`
}

// A Completed is the answer to a [Complete]: the signature stands.
type Completed struct {
	Transaction string `json:"transaction"`
}

// A Message is one of those that a phone sends.
type Message interface {
	check() error
}

// Decode reads a message strictly: one JSON object, no unknown fields, each
// field within its limits, and of the type that the message is.
func Decode(body []byte, m Message) error {
	if len(body) > maxMessage {
		return fmt.Errorf("splitkey: message of %d bytes, at most %d", len(body), maxMessage)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return errors.New("splitkey: the message is not the JSON that is expected")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("splitkey: more than one message")
	}
	return m.check()
}

// Encode writes a message with its type set.
func Encode(m Message) ([]byte, error) {
	switch m := m.(type) {
	case *Begin:
		m.Type = TypeBegin
	case *Harden:
		m.Type = TypeHarden
	case *Confirm:
		m.Type = TypeConfirm
	case *Status:
		m.Type = TypeStatus
	case *Evaluate:
		m.Type = TypeEvaluate
	case *Complete:
		m.Type = TypeComplete
	case *Change:
		m.Type = TypeChange
	case *ChangeProve:
		m.Type = TypeChangeProve
	case *ChangeHarden:
		m.Type = TypeChangeHarden
	case *ChangeConfirm:
		m.Type = TypeChangeConfirm
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// A limit is one demand on a message.
type limit struct {
	ok    bool
	field string
}

// within reports the first demand that is not met.
func within(limits ...limit) error {
	for _, l := range limits {
		if !l.ok {
			return fmt.Errorf("splitkey: field %s cannot be what it says", l.field)
		}
	}
	return nil
}

// named are the demands on what most messages carry.
func named(gotType, wantType, key string, generation int) limit {
	return limit{
		gotType == wantType && key != "" && len(key) <= maxID && generation > 0,
		"type, key or generation",
	}
}

func (m *Begin) check() error {
	return within(
		limit{m.Type == TypeBegin, "type"},
		limit{m.Purpose.Valid(), "purpose"},
		limit{len(m.Modulus) == HalfSize, "modulus"},
		limit{len(m.Nonce) == NonceSize, "nonce"},
		limit{len(m.Proof) == HalfSize, "proof"},
	)
}

func (m *Harden) check() error {
	return within(
		named(m.Type, TypeHarden, m.Key, m.Generation),
		limit{len(m.Nonce) == NonceSize, "nonce"},
		limit{len(m.Blinded) == ElementSize, "blinded"},
	)
}

func (m *Confirm) check() error {
	return within(
		named(m.Type, TypeConfirm, m.Key, m.Generation),
		limit{len(m.Nonce) == NonceSize, "nonce"},
		limit{len(m.Proof) == HalfSize, "proof"},
	)
}

func (m *Status) check() error {
	return within(
		named(m.Type, TypeStatus, m.Key, m.Generation),
		limit{len(m.OneTime) == OneTimeSize, "one_time"},
		limit{len(m.Change) <= maxID, "change"},
	)
}

func (m *Evaluate) check() error {
	return within(
		named(m.Type, TypeEvaluate, m.Key, m.Generation),
		limit{m.Transaction != "" && len(m.Transaction) <= maxID, "transaction"},
		limit{len(m.Freshness) == NonceSize, "freshness"},
		limit{len(m.Blinded) == ElementSize, "blinded"},
		limit{len(m.OneTime) == OneTimeSize, "one_time"},
		limit{len(m.Nonce) == NonceSize, "nonce"},
	)
}

func (m *Complete) check() error {
	return within(
		named(m.Type, TypeComplete, m.Key, m.Generation),
		limit{m.Transaction != "" && len(m.Transaction) <= maxID, "transaction"},
		limit{len(m.Evaluation) == NonceSize, "evaluation"},
		limit{len(m.OneTime) == OneTimeSize, "one_time"},
		limit{len(m.Share) == HalfSize, "share"},
		limit{len(m.Answer) <= maxAnswer, "answer"},
		limit{len(m.Approval.TextHash) <= maxDigest && len(m.Approval.Service) <= maxText &&
			len(m.Approval.Digest) <= maxDigest && len(m.Approval.CodeShown) <= maxText, "approval"},
	)
}
