package keyshare

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// Limits of the protocol (security.md K3–K6, K14).
const (
	maxHardenings  = 5                // VOPRF evaluations before the blob exists
	warnAt         = 10               // unconfirmed evaluations of a generation: the holder is warned
	maxGeneration  = 30               // … and nothing but a PIN change is served
	maxLife        = 60               // unconfirmed evaluations of a key: it ends
	confirmTime    = 10 * time.Minute // how long a right PIN is confirmed after its transaction ended
	flightTime     = 10 * time.Second // how long an unanswered evaluation keeps others out
	pollGrace      = time.Minute      // how long a poll may still show the value before
	holdTime       = 72 * time.Hour   // from a copy's alarm to the end of the key
	noticeTime     = 30 * time.Second // until a notice that nobody saw to is given again
	maxNotices     = 100              // given at once
	maxOffered     = 20               // transactions shown at once
	maxMoved       = 4                // tries of a step whose rows keep moving
	maxTransaction = 15 * time.Minute
	maxRecord      = 64 << 10
)

// A Format knows one kind of transaction, by the server's record and the phone's
// answer (its challenge, the interaction used). It must refuse an answer that
// the record does not allow. The same record and answer give the same at any time.
type Format interface {
	// Payload builds what is signed.
	Payload(record, answer []byte) ([]byte, error)

	// Shown tells what an honest phone showed: the text, who asks, and the
	// verification code, "" if there is none. The approval must say just that.
	Shown(record, answer []byte) (text, service, code string, err error)
}

// Config is what a [Service] is made of.
type Config struct {
	Store       Store
	Clock       tunnus.Clock
	Formats     map[string]Format // by kind of transaction
	SealVOPRF   sealed.Sealer     // for the VOPRF keys
	SealModulus sealed.Sealer     // for the server's halves; another key than SealVOPRF's
	Ladder      tunnus.Ladder     // what wrong PINs lead to; [DefaultLadder] if empty
}

// DefaultLadder is 3 wrong PINs → 3 h, 3 more → 24 h, 3 more → the end.
func DefaultLadder() tunnus.Ladder {
	return tunnus.Ladder{
		{Failures: 3, Lock: 3 * time.Hour},
		{Failures: 3, Lock: 24 * time.Hour},
		{Failures: 3, Permanent: true},
	}
}

// A Service is the server's half of all keys. It is safe for use by several
// goroutines, and by several processes on one store.
type Service struct{ Config }

// New makes a service.
func New(c Config) (*Service, error) {
	s := c.Store
	if s.Keys == nil || s.Evaluations == nil || s.Transactions == nil || s.Pool == nil ||
		c.Clock == nil || c.SealVOPRF == nil || c.SealModulus == nil {
		return nil, errors.New("keyshare: a part of the configuration is missing")
	}
	if len(c.Ladder) == 0 {
		c.Ladder = DefaultLadder()
	}
	return &Service{c}, nil
}

// A refusal of each kind is raised here and nowhere else.

func refuseKey(cause error) error   { return tunnus.Fail(tunnus.CodeKeyRefused, cause) }
func refuseTxn(cause error) error   { return tunnus.Fail(tunnus.CodeTxnState, cause) }
func refuseShare(cause error) error { return tunnus.Fail(tunnus.CodeShareWrong, cause) }
func cloned(cause error) error      { return tunnus.Fail(tunnus.CodeAccCloned, cause) }
func gone(cause error) error        { return tunnus.Fail(tunnus.CodePINLockPerm, cause).WithLeft(0) }

// errMoved says that a row changed between reading and writing it: the step is
// judged anew from the rows as they are now.
var errMoved = errors.New("keyshare: somebody else was faster")

// moved turns the store's conflict into [errMoved].
func moved(err error) error {
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return errMoved
	}
	return err
}

// settled runs a step until its rows hold still. The loser of a race reads
// again, and finds the stored answer if the request was the same (K14).
func settled[T any](step func() (T, error)) (T, error) {
	for range maxMoved {
		v, err := step()
		if !errors.Is(err, errMoved) {
			return v, err
		}
	}
	var none T
	return none, tunnus.Conflict(errMoved)
}

// admit verifies the device's own signature, reads the message, and finds the
// key. A key of another device looks like one that does not exist.
func (s *Service) admit(ctx context.Context, r device.Signed, m splitkey.Message) (Key, error) {
	if err := r.Verify(); err != nil {
		return Key{}, err
	}
	if err := splitkey.Decode(r.Request.Body, m); err != nil {
		return Key{}, tunnus.BadRequest("body", err)
	}
	var named struct { // all messages but Begin name a key
		Key        string `json:"key"`
		Generation int    `json:"generation"`
	}
	if err := json.Unmarshal(r.Request.Body, &named); err != nil {
		return Key{}, fmt.Errorf("keyshare: %w", err)
	}
	k, err := s.Store.Keys.Key(ctx, named.Key)
	if err != nil {
		return Key{}, err
	}
	if k.Device != r.Thumbprint() {
		return Key{}, tunnus.NotFound(errors.New("keyshare: the key is another device's"))
	}
	if k.Generation != named.Generation {
		return Key{}, refuseTxn(fmt.Errorf("keyshare: generation %d asked, %d lives", named.Generation, k.Generation))
	}
	return k, nil
}

// usable refuses what a key in its state does not do any more, or not yet.
func usable(k Key) error {
	cause := fmt.Errorf("keyshare: the key is %s (%s)", k.State, k.Reason)
	switch {
	case k.State == Ready:
		return nil
	case k.State == Begun || k.State == Sealed:
		return tunnus.Conflict(cause)
	case k.Reason == ReasonCopy:
		return cloned(cause)
	case k.Reason == ReasonPIN:
		return gone(cause)
	}
	return tunnus.Fail(tunnus.CodeKeyUnusable, cause)
}

// event makes an audit event about a key; details come in pairs.
func (s *Service) event(kind string, k Key, code tunnus.Code, details ...string) tunnus.Event {
	e := tunnus.Event{
		At: s.Clock.Now(), Kind: kind, Subject: k.ID, Code: code,
		Detail: map[string]string{"purpose": string(k.Purpose), "generation": strconv.Itoa(k.Generation)},
	}
	for i := 0; i+1 < len(details); i += 2 {
		e.Detail[details[i]] = details[i+1]
	}
	return e
}

// hash is what bodies are compared by.
func hash(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// draw returns n random bytes.
func draw(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}

// name writes random or hashed bytes as an identifier.
func name(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
