package chip

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/bac"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// Instructions (ISO/IEC 7816-4 §5.4.2).
const (
	insExternalAuth = 0x82
	insGetChallenge = 0x84
	insInternalAuth = 0x88
	insSelect       = 0xA4
	insReadBinary   = 0xB0
	insReadOdd      = 0xB1
)

// How many bytes of a file one command asks for: what a protected answer of 256
// bytes has room for with any cipher, and what chips and phones with extended
// length commonly take.
const (
	shortChunk = 223
	longChunk  = 4096
)

const (
	headerChunk = 8      // enough for tag and length of each file
	maxOffset   = 0x7FFF // of READ BINARY with even instruction
	oddHeader   = 8      // bytes that READ BINARY with odd instruction may put around the data
)

// application is the identifier of the passport application (Doc 9303-10 §3.6.1).
var application = []byte{0xA0, 0, 0, 0x02, 0x47, 0x10, 0x01}

// wanted are the data groups that are read if the security object lists them,
// each with its share of the work for the meter.
var wanted = []struct{ group, share int }{{1, 3}, {14, 3}, {15, 4}, {2, 70}}

// Shares of the other steps; all together make [total].
const (
	shareAccess = 6
	shareCOM    = 2
	shareSOD    = 7
	shareProof  = 5
	total       = 100
)

// A reader reads one chip.
type reader struct {
	link  *link
	chunk int
	meter meter
}

// read makes one attempt, from selecting the application to the proof.
func (r *reader) read(accessKey string, challenge []byte) (Reading, error) {
	r.meter.restart()
	if err := r.open(accessKey); err != nil {
		return Reading{}, err
	}
	r.meter.add(shareAccess)
	got := Reading{Groups: map[int][]byte{}}
	var err error
	if got.COM, err = r.file(lds.COM, shareCOM); err != nil && !errors.Is(err, errNoFile) {
		return Reading{}, err
	}
	if got.SOD, err = r.file(lds.SOD, shareSOD); err != nil {
		return Reading{}, err
	}
	signed, err := lds.ReadSOD(got.SOD)
	if err != nil {
		return Reading{}, err
	}
	for _, w := range wanted {
		f, ok := lds.Group(w.group)
		if !ok || !signed.Object.Has(w.group) {
			r.meter.add(w.share)
			continue
		}
		content, err := r.file(f, w.share)
		if errors.Is(err, errNoFile) {
			continue // whether that may be is for the verifier to say
		}
		if err != nil {
			return Reading{}, err
		}
		got.Groups[w.group] = content
	}
	if got.Groups[15] != nil {
		if got.ActiveAuth, err = r.prove(challenge); err != nil {
			return Reading{}, err
		}
	}
	r.meter.finish()
	return got, nil
}

// open selects the application and runs Basic Access Control (Doc 9303-11 §4.3.2).
func (r *reader) open(accessKey string) error {
	r.link.session = nil
	_, status, err := r.link.send(apdu.Command{Ins: insSelect, P1: 0x04, P2: 0x0C, Data: application})
	if err != nil {
		return err
	}
	if status != apdu.OK {
		return fmt.Errorf("%w: %04X", errNotPassport, uint16(status))
	}
	challenge, status, err := r.link.send(apdu.Command{Ins: insGetChallenge, Le: bac.ChallengeSize})
	if err != nil {
		return err
	}
	if status != apdu.OK || len(challenge) != bac.ChallengeSize {
		return fmt.Errorf("%w: challenge", errBroken)
	}
	exchange, message, err := bac.AccessKeys(accessKey).Start(challenge, rand.Reader)
	if err != nil {
		return err
	}
	answer, status, err := r.link.send(apdu.Command{Ins: insExternalAuth, Data: message, Le: bac.MessageSize})
	if err != nil {
		return err
	}
	if status != apdu.OK {
		return fmt.Errorf("%w: %04X", errDenied, uint16(status))
	}
	r.link.session, err = exchange.Finish(answer)
	return err
}

// errNoFile is a file that the chip says it does not have.
var errNoFile = errors.New("chip: no such file")

// file reads one file whole, as long as its outer tag and length say, and no
// longer than its cap.
func (r *reader) file(f lds.File, share int) ([]byte, error) {
	id := binary.BigEndian.AppendUint16(nil, f.ID)
	_, status, err := r.link.send(apdu.Command{Ins: insSelect, P1: 0x02, P2: 0x0C, Data: id})
	if err != nil {
		return nil, err
	}
	switch status {
	case apdu.OK:
	case apdu.FileNotFound:
		r.meter.add(share)
		return nil, fmt.Errorf("%w: %04X", errNoFile, f.ID)
	default:
		return nil, fmt.Errorf("%w: file %04X: %04X", errBroken, f.ID, uint16(status))
	}
	content, err := r.part(0, headerChunk)
	if err != nil {
		return nil, err
	}
	tag, header, length, err := tlv.Header(content)
	if err != nil {
		return nil, err
	}
	size := header + length
	if tag != f.Tag || size > f.MaxSize {
		return nil, fmt.Errorf("%w: file %04X has another tag, or over %d bytes", errBroken, f.ID, f.MaxSize)
	}
	content = content[:min(len(content), size)]
	for len(content) < size {
		b, err := r.part(len(content), min(r.chunk, size-len(content)))
		if err != nil {
			return nil, err
		}
		content = append(content, b...)
		r.meter.within(share, len(content), size)
	}
	r.meter.add(share)
	return content, nil
}

// part reads up to n bytes at offset, at least one.
func (r *reader) part(offset, n int) ([]byte, error) {
	c := apdu.Command{Ins: insReadBinary, P1: byte(offset >> 8), P2: byte(offset), Le: n}
	odd := offset > maxOffset
	if odd {
		at := []byte{byte(offset >> 16), byte(offset >> 8), byte(offset)}
		c = apdu.Command{Ins: insReadOdd, Data: tlv.Append(nil, 0x54, at), Le: min(n+oddHeader, r.chunk)}
	}
	data, status, err := r.link.send(c)
	if err != nil {
		return nil, err
	}
	if want, ok := status.Expect(); ok && len(data) == 0 && want < c.Le {
		c.Le = want
		if data, status, err = r.link.send(c); err != nil {
			return nil, err
		}
	}
	if status != apdu.OK && status != apdu.EndOfFile {
		return nil, fmt.Errorf("%w: read: %04X", errBroken, uint16(status))
	}
	if odd {
		if data, err = tlv.Only(data, 0x53); err != nil {
			return nil, err
		}
		data = data[:min(len(data), n)] // room was left for the header
	}
	if len(data) == 0 || len(data) > n {
		return nil, fmt.Errorf("%w: %d bytes where %d were asked for", errBroken, len(data), n)
	}
	return data, nil
}

// prove lets the chip answer the challenge (active authentication, Doc 9303-11
// §6.1). A chip that refuses gives nil: the verifier will miss the answer.
func (r *reader) prove(challenge []byte) ([]byte, error) {
	le := 256
	if r.chunk > shortChunk {
		le = longChunk
	}
	answer, status, err := r.link.send(apdu.Command{Ins: insInternalAuth, Data: challenge, Le: le})
	if err != nil {
		return nil, err
	}
	if status != apdu.OK || len(answer) > le {
		return nil, nil
	}
	return answer, nil
}

// A meter reports progress that never goes back, even if the reading starts anew.
type meter struct {
	report      func(done, total int)
	done, shown int
}

func (m *meter) restart() { m.done = 0 }

func (m *meter) add(share int) {
	m.done += share
	m.show(m.done)
}

// within shows the part of a share that is done.
func (m *meter) within(share, done, all int) { m.show(m.done + share*done/all) }

func (m *meter) finish() { m.show(total) }

func (m *meter) show(n int) {
	if n > m.shown && n <= total {
		m.shown = n
		m.report(n, total)
	}
}
