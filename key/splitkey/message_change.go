package splitkey

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/key/voprf"
)

// The messages of a PIN change (security.md K8, doc/splitkey.md "Changing the
// PIN"), in their order; the try of the old PIN between the first two is an
// ordinary [Evaluate] for the transaction that [Changing] names.
const (
	TypeChange        = "key-change"
	TypeChangeProve   = "key-change-prove"
	TypeChangeHarden  = "key-change-harden"
	TypeChangeConfirm = "key-change-confirm"
)

// ChangeKind is the kind of the transaction that a PIN change is. Nothing is
// ever signed for it.
const ChangeKind = "pin-change"

// The steps of a PIN change that are proved by a half signature.
const (
	// StepChange proves the old PIN, under the generation that lives; the extras
	// are the transaction and the nonce of the try.
	StepChange Step = "change"
	// StepChanged proves that the new blob opens, under the generation to come;
	// the extras are the transaction, its new pkS and the nonce.
	StepChanged Step = "changed"
)

// A Change asks for a PIN change. Sent again as it is, it gets the same answer.
type Change struct {
	Type       string `json:"type"`
	Key        string `json:"key"`
	Generation int    `json:"generation"` // the one that lives, g
	OneTime    []byte `json:"one_time"`   // presented, not used up
	Nonce      []byte `json:"nonce"`      // makes the transaction's id
}

// A Changing is the answer to a [Change].
type Changing struct {
	Transaction string    `json:"transaction"`
	Freshness   []byte    `json:"freshness"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// A ChangeProve proves the old PIN: Proof is of [StepChange], made with the
// opened blob of generation g. Sent again as it is, it gets the same answer.
type ChangeProve struct {
	Type        string `json:"type"`
	Key         string `json:"key"`
	Generation  int    `json:"generation"` // g
	Transaction string `json:"transaction"`
	Evaluation  []byte `json:"evaluation"` // nonce of the Evaluate that opened the blob
	OneTime     []byte `json:"one_time"`   // presented, not used up
	Proof       []byte `json:"proof"`
}

// A ChangeProved is the answer to a [ChangeProve]: the VOPRF key to come.
type ChangeProved struct {
	Generation int    `json:"generation"` // g+1
	Public     []byte `json:"public"`     // its pkS

	// Endorsed is the evaluation of Public, taken as a blinded element, by the key
	// of generation g: its proof is the word of that key for the one to come.
	Endorsed Evaluated `json:"endorsed"`
}

// Follow is the identity of the generation to come, for a phone that has pinned id.
// It fails if the key that is pinned there does not vouch for the new one: whoever
// stands between the two must not have the PIN sealed under a key of his own.
func (p ChangeProved) Follow(id Identity) (Identity, error) {
	if p.Generation != id.Generation+1 || bytes.Equal(p.Public, id.Public) {
		return id, errors.New("splitkey: no new key is named for the new PIN")
	}
	if err := voprf.Check(id.Public, p.Public, p.Endorsed); err != nil {
		return id, fmt.Errorf("splitkey: the key for the new PIN: %w", err)
	}
	id.Generation, id.Public = p.Generation, p.Public
	return id, nil
}

// A ChangeHarden asks for the evaluation with which the phone seals its half
// anew. Sent again as it is, it is not counted again.
type ChangeHarden struct {
	Type        string `json:"type"`
	Key         string `json:"key"`
	Generation  int    `json:"generation"` // g+1
	Transaction string `json:"transaction"`
	OneTime     []byte `json:"one_time"` // of generation g: presented, not used up
	Blinded     []byte `json:"blinded"`  // of the new PIN, under generation g+1 and its pkS
}

// A ChangeConfirm says that the new blob is stored and opens: Proof is of
// [StepChanged], made with that blob, opened. From the answer on, generation
// g+1 lives and g is dead. Sent again as it is, it gets the same answer.
type ChangeConfirm struct {
	Type        string `json:"type"`
	Key         string `json:"key"`
	Generation  int    `json:"generation"` // g+1
	Transaction string `json:"transaction"`
	OneTime     []byte `json:"one_time"` // of generation g: used up
	Nonce       []byte `json:"nonce"`
	Proof       []byte `json:"proof"`
}

// A Changed is the answer to a [ChangeConfirm].
type Changed struct {
	Generation int    `json:"generation"` // g+1, which lives
	OneTime    []byte `json:"one_time"`   // its first one-time value
}

func (m *Change) check() error {
	return within(
		named(m.Type, TypeChange, m.Key, m.Generation),
		limit{len(m.OneTime) == OneTimeSize, "one_time"},
		limit{len(m.Nonce) == NonceSize, "nonce"},
	)
}

func (m *ChangeProve) check() error {
	return within(
		named(m.Type, TypeChangeProve, m.Key, m.Generation),
		limit{m.Transaction != "" && len(m.Transaction) <= maxID, "transaction"},
		limit{len(m.Evaluation) == NonceSize, "evaluation"},
		limit{len(m.OneTime) == OneTimeSize, "one_time"},
		limit{len(m.Proof) == HalfSize, "proof"},
	)
}

func (m *ChangeHarden) check() error {
	return within(
		named(m.Type, TypeChangeHarden, m.Key, m.Generation),
		limit{m.Transaction != "" && len(m.Transaction) <= maxID, "transaction"},
		limit{len(m.OneTime) == OneTimeSize, "one_time"},
		limit{len(m.Blinded) == ElementSize, "blinded"},
	)
}

func (m *ChangeConfirm) check() error {
	return within(
		named(m.Type, TypeChangeConfirm, m.Key, m.Generation),
		limit{m.Transaction != "" && len(m.Transaction) <= maxID, "transaction"},
		limit{len(m.OneTime) == OneTimeSize, "one_time"},
		limit{len(m.Nonce) == NonceSize, "nonce"},
		limit{len(m.Proof) == HalfSize, "proof"},
	)
}
