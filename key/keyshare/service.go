package keyshare

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare/closing"
	"github.com/tunnus-id/tunnus/key/keyshare/gate"
	"github.com/tunnus-id/tunnus/key/keyshare/moduli"
	"github.com/tunnus-id/tunnus/key/keyshare/restore"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// Limits of the protocol (security.md K4); those of tries stand in package row.
const (
	pollGrace      = time.Minute // how long a poll may still show the value before
	maxOffered     = 20          // transactions shown at once
	maxTransaction = 15 * time.Minute
	maxRecord      = 64 << 10
)

// A Format knows one kind of transaction, by the server's record and the phone's
// answer (its challenge, the interaction used). It must refuse an answer that
// the record does not allow. The same record and answer give the same at any time.
type Format interface {
	// Payload builds what is signed. Two records never give the same.
	Payload(record, answer []byte) ([]byte, error)

	// Shown tells what an honest phone showed: the text, who asks, and the
	// verification code, "" if there is none. The approval must say just that.
	Shown(record, answer []byte) (text, service, code string, err error)

	// Signs reports whether keys of this purpose sign this kind, in this padding.
	// No caller can have another key or padding of it (security.md K7, P7).
	Signs(splitkey.Purpose, splitkey.Padding) bool
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
type Service struct {
	Config
	gate     *gate.Gate
	closer   *closing.Closer
	keeper   *moduli.Keeper
	restorer *restore.Restorer
}

// New makes a service.
func New(c Config) (*Service, error) {
	s := c.Store
	if s.Keys == nil || s.Evaluations == nil || s.Transactions == nil || s.Pool == nil || s.Moduli == nil || s.Restores == nil ||
		c.Clock == nil || c.SealVOPRF == nil || c.SealModulus == nil {
		return nil, errors.New("keyshare: a part of the configuration is missing")
	}
	if c.Formats[splitkey.ChangeKind] != nil {
		return nil, errors.New("keyshare: a PIN change is not signed, so it has no format")
	}
	if len(c.Ladder) == 0 {
		c.Ladder = DefaultLadder()
	}
	closer := closing.New(s.Keys, c.Clock)
	restorer := restore.New(s.Keys, s.Evaluations, s.Restores, c.Clock)
	return &Service{
		Config: c, closer: closer, restorer: restorer,
		gate:   gate.New(s.Keys, restorer, c.Clock),
		keeper: moduli.New(s.Keys, s.Pool, s.Moduli, c.Clock, c.SealModulus, closer.Revoke),
	}, nil
}

// A refusal of each kind is raised here or in package row, and nowhere else.

func refuseKey(cause error) error   { return tunnus.Fail(tunnus.CodeKeyRefused, cause) }
func refuseShare(cause error) error { return tunnus.Fail(tunnus.CodeShareWrong, cause) }

// event makes an audit event about a key; details come in pairs.
func (s *Service) event(kind string, k Key, code tunnus.Code, details ...string) tunnus.Event {
	return k.Event(s.Clock.Now(), kind, code, details...)
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
