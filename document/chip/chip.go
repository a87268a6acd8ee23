package chip

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/lds"
)

// A Transceiver carries one command to a chip and its answer back.
type Transceiver interface {
	// Transceive sends a command APDU and returns the whole answer, status word
	// included; the answer is the caller's. It fails with [ErrNoChip] if there
	// is no chip in the field, and with ctx's error once ctx has ended, which it
	// must watch; any other error means that the connection is lost.
	Transceive(ctx context.Context, command []byte) (response []byte, err error)
}

// ErrNoChip is what a [Transceiver] reports while there is no chip in the field.
var ErrNoChip = errors.New("chip: none in the field")

// ChallengeSize is the length of the challenge of active authentication, in bytes.
const ChallengeSize = 8

// A Reading is what a chip gave. It is personal data, and none of it is verified.
// One that was broken off has what was read until then; see [Request.Before].
type Reading struct {
	SOD          []byte         // EF.SOD
	Groups       map[int][]byte // those of the wanted data groups that the SOD lists
	COM          []byte         // EF.COM; nil if the chip has none
	CardSecurity []byte         // EF.CardSecurity; nil if it was not wanted or is not there
	ActiveAuth   []byte         // answer to the challenge; nil if there is no data group 15
	Access       Access         // how the chip was opened

	part part
}

// MaxReading is how long one reading may take: a document with large pictures takes
// 20 s at the slowest rate of contactless chips (ISO/IEC 14443-2, 106 kbit/s).
const MaxReading = time.Minute

// A Request is what is wanted of a chip.
type Request struct {
	// AccessKey is what mrz.Zone.AccessKey gives. CAN is the card access number
	// that is printed on the document; it is taken instead if both are there, and
	// opens only chips with PACE.
	AccessKey, CAN string
	// Challenge has [ChallengeSize] bytes and comes from whoever will verify.
	Challenge []byte
	// Groups are the data groups that are read if the security object lists them,
	// of those that [Readable] lists; nil means those that a verdict needs: 1, 2,
	// 14 and 15. What nobody needs should stay in the chip.
	Groups []int
	// CardSecurity asks for EF.CardSecurity too, of a chip that is opened by PACE.
	CardSecurity bool
	// Before is what an earlier reading returned with its error; the zero value if
	// there was none. Files that it has are not read again, and the one in which it
	// stopped goes on there, if the same document is in the field: one with the
	// same security object, opened the same way. Else nothing of it is used.
	Before Reading
	// Progress, unless nil, is told now and then how much is done; the numbers
	// only grow and total stays.
	Progress func(done, total int)
	// Prover, unless nil, runs chip authentication when all else is done.
	Prover Prover
}

// A Prover has the ephemeral key of chip authentication, and is commonly far
// away: it hands out commands and takes the chip's answers (package auth). An
// error of it ends the reading.
type Prover interface {
	// Begin takes data group 14 and returns commands for the chip, which are sent
	// under the session that there is; none if the chip has no such proof.
	Begin(ctx context.Context, dg14 []byte) ([]apdu.Command, error)
	// Next takes the chip's whole answer to the command before, nil at first, and
	// returns one that the chip gets as it is; nil when it has seen enough.
	Next(ctx context.Context, answer []byte) (command []byte, err error)
}

// Read reads the chip that t reaches, as [Request.Read] does.
func Read(ctx context.Context, t Transceiver, accessKey string, challenge []byte, progress func(done, total int)) (Reading, error) {
	return Request{AccessKey: accessKey, Challenge: challenge, Progress: progress}.Read(ctx, t)
}

// Read reads the chip that t reaches. It ends with ctx or after [MaxReading], and after a bounded
// number of commands. If the chip does not take commands of extended length, Read
// starts once more with short ones; if it ends secure messaging over a short file
// identifier, with SELECT; over EF.CardSecurity, without it; and if it has lost its
// session otherwise, as one does whose power fails for a moment, just once more. A
// chip that offers PACE and fails in it is not opened by BAC.
//
// With an error it returns what was read so far, for [Request.Before] only: an
// unfinished reading proves less than it seems to.
func (q Request) Read(ctx context.Context, t Transceiver) (Reading, error) {
	if len(q.Challenge) != ChallengeSize {
		return Reading{}, fmt.Errorf("chip: challenge of %d bytes", len(q.Challenge))
	}
	if q.Groups == nil {
		q.Groups = []int{1, 2, 14, 15}
	}
	for _, n := range q.Groups {
		if !slices.Contains(Readable(), n) {
			return Reading{}, fmt.Errorf("chip: data group %d is not read", n)
		}
	}
	if q.Progress == nil {
		q.Progress = func(int, int) {}
	}
	ctx, cancel := context.WithTimeout(ctx, MaxReading)
	defer cancel()
	l := &link{ctx: ctx, t: t, left: maxCommands}
	r := reader{link: l, chunk: longChunk, meter: meter{report: q.Progress}}
	if q.Before.part.stuck >= mostStuck {
		r.chunk = shortChunk
	}
	before := q.Before
	got, err := r.read(q)
	for r.humbled(err) {
		q.Before = got
		got, err = r.read(q)
	}
	if err != nil {
		got.lost(before, l.long)
		return got, l.explain(err)
	}
	return got, nil
}

// humbled reports whether a chip may be read after all, and asks less of it: once for
// each reason.
func (r *reader) humbled(err error) bool {
	switch {
	case errors.Is(err, errExtended) && r.chunk != shortChunk:
		r.chunk = shortChunk
	case errors.Is(err, errShortID) && !r.selects:
		r.selects = true
	case errors.Is(err, errRoot) && !r.rootless:
		r.rootless = true
	case errors.Is(err, errPlain) && !r.again:
		r.again = true
	default:
		return false
	}
	return true
}

// What went wrong, before it is told apart by code.
var (
	errNotPassport = errors.New("chip: no passport application")
	errDenied      = errors.New("chip: access denied")
	errExtended    = errors.New("chip: no commands of extended length")
	errPlain       = errors.New("chip: a status without secure messaging")
	errShortID     = errors.New("chip: no short file identifiers")
	errRoot        = errors.New("chip: no session behind EF.CardSecurity")
	errBroken      = errors.New("chip: answers what it must not")
)

// A carrierError is a failure of the [Transceiver].
type carrierError struct{ cause error }

func (e *carrierError) Error() string { return "chip: connection: " + e.cause.Error() }
func (e *carrierError) Unwrap() error { return e.cause }

// A proverError is a failure of the [Prover].
type proverError struct{ cause error }

func (e *proverError) Error() string { return "chip: prover: " + e.cause.Error() }
func (e *proverError) Unwrap() error { return e.cause }

// NotFound is the failure of whoever waits for a chip, and none comes: nfc-no-chip.
func NotFound(cause error) error { return tunnus.Fail(tunnus.CodeNFCNoChip, cause) }

// explain gives an error its code.
func (l *link) explain(err error) error {
	var prover *proverError
	switch {
	case errors.Is(l.ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &prover):
		return tunnus.Fail(tunnus.CodeNFCTimeout, err) // whoever was waited for, chip or prover
	case errors.As(err, &prover):
		return prover.cause // not the chip's fault
	case errors.Is(err, context.Canceled):
		return err // the caller gave up, nothing failed
	case errors.Is(err, ErrNoChip) && !l.reached, errors.Is(err, errNotPassport):
		return NotFound(err)
	case gone(err), errors.Is(err, errPlain) && l.proven: // what it gave was right until it was lost
		return tunnus.Fail(tunnus.CodeNFCLost, err)
	case errors.Is(err, errDenied):
		return tunnus.Fail(tunnus.CodeNFCAccessDenied, err)
	}
	return lds.Broken(err)
}
