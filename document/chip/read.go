package chip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/pace"
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
// bytes has room for with any cipher, what chips with small buffers have, and what
// chips and phones with extended length commonly take.
const (
	shortChunk  = 223
	middleChunk = 1000
	longChunk   = 4096
	shortLe     = 256 // of a command that is not one of extended length
)

const (
	headerChunk = 8      // enough for tag and length of each file
	maxOffset   = 0x7FFF // of READ BINARY with even instruction
	oddHeader   = 8      // bytes that READ BINARY with odd instruction may put around the data
)

// application is the identifier of the passport application (Doc 9303-10 §3.6.1).
var application = []byte{0xA0, 0, 0, 0x02, 0x47, 0x10, 0x01}

// Bytes that a file commonly has, for the meter until its header tells, and what
// the other steps are worth.
const (
	weighAccess = 1500
	weighProof  = 1000
	weighCOM    = 32
	weighSOD    = 2500
)

// readable are the data groups in the order in which they are read, what a verdict
// needs first.
var readable = []struct{ group, weight int }{
	{1, 100}, {14, 500}, {15, 300}, {2, 18_000}, {11, 400}, {12, 300}, {16, 300}, {13, 500}, {7, 8000},
}

// Readable lists the data groups that can be read. Fingerprints and irises (3, 4)
// are not among them.
func Readable() []int {
	all := make([]int, len(readable))
	for i, w := range readable {
		all[i] = w.group
	}
	slices.Sort(all)
	return all
}

// A reader reads one chip.
type reader struct {
	link   *link
	chunk  int
	meter  meter
	access Access
	run    *pace.Terminal // the run of PACE that opened the chip; nil after BAC

	cardSecurity []byte
	selects      bool // files are found by SELECT only
	rootless     bool // EF.CardSecurity is not asked for
	again        bool // the chip has lost a session once
}

// read makes one attempt, from selecting the application to the proof. With an
// error it returns what another attempt can go on with.
func (r *reader) read(q Request) (Reading, error) {
	r.meter.restart(q)
	if err := r.open(q); err != nil {
		return q.Before, err
	}
	r.meter.add(weighAccess)
	got := Reading{Groups: map[int][]byte{}, Access: r.access}
	if q.CardSecurity {
		got.CardSecurity = r.cardSecurity
	}
	var err error
	if got.COM, err = r.com(); err != nil {
		return q.Before, err
	}
	if got.SOD, err = r.file(lds.SOD, weighSOD, nil); err != nil {
		return q.Before, err
	}
	r.link.proven = true
	signed, err := lds.ReadSOD(got.SOD)
	if err != nil {
		return q.Before, err
	}
	if err := r.groups(q, &got, signed.Object); err != nil {
		return got, err
	}
	if err := r.compare(got.Groups[14]); err != nil {
		return got, err
	}
	got.Access = r.access
	if got.Groups[15] != nil {
		if got.ActiveAuth, err = r.prove(q.Challenge); err != nil {
			return got, err
		}
	}
	if q.Prover != nil && got.Groups[14] != nil {
		if err := r.relay(q.Prover, got.Groups[14]); err != nil {
			return got, err
		}
	}
	r.meter.finish()
	return got, nil
}

// com reads EF.COM. Nobody signs it and nothing depends on it, so one that is missing,
// refused or odd is none; only what ends the session ends the reading.
func (r *reader) com() ([]byte, error) {
	file, err := r.file(lds.COM, weighCOM, nil)
	switch {
	case err == nil:
		return file, nil
	case r.link.lost(err):
		return nil, err
	}
	return nil, nil
}

// groups reads the wanted data groups, or takes them from before.
func (r *reader) groups(q Request, got *Reading, signed lds.SecurityObject) error {
	before := q.Before.of(*got)
	for _, w := range readable {
		f, ok := lds.Group(w.group)
		switch {
		case !ok || !slices.Contains(q.Groups, w.group):
			continue
		case !signed.Has(w.group):
			r.meter.expect(-w.weight)
			continue
		}
		content := before.Groups[w.group]
		if fits(signed, w.group, content) {
			r.meter.expect(len(content) - w.weight)
			r.meter.add(len(content))
			got.Groups[w.group] = content
			continue
		}
		var begun []byte
		if before.part.group == w.group {
			begun = before.part.content
		}
		content, err := r.file(f, w.weight, begun)
		if err == nil && begun != nil && !fits(signed, w.group, content) {
			content, err = r.file(f, 0, nil) // whoever began it gave something else
		}
		if errors.Is(err, errNoFile) {
			continue // whether that may be is for the verifier to say
		}
		if err != nil {
			got.part = part{group: w.group, content: content}
			return err
		}
		got.Groups[w.group] = content
	}
	return nil
}

// errNoFile is a file that the chip says it does not have.
var errNoFile = errors.New("chip: no such file")

// file reads one file whole, as long as its outer tag and length say, and no
// longer than its cap. It goes on behind what was begun, if the file starts like
// that. If the chip is lost it returns what it has, with the error.
func (r *reader) file(f lds.File, weight int, begun []byte) ([]byte, error) {
	content, err := r.begin(f)
	if errors.Is(err, errNoFile) {
		r.meter.expect(-weight)
	}
	if err != nil {
		return begun, err
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
	if len(begun) <= size && bytes.HasPrefix(begun, content) {
		content = bytes.Clone(begun)
	}
	r.meter.expect(size - weight)
	r.meter.add(len(content))
	for len(content) < size {
		b, err := r.part(len(content), min(r.chunk, size-len(content)))
		if err != nil {
			return content, err
		}
		content = append(content, b...)
		r.meter.add(len(b))
	}
	return content, nil
}

// begin makes a file the current one and reads its first bytes: by its short
// identifier, with which most files are whole in one command, or else by SELECT
// and as many bytes as any file has.
func (r *reader) begin(f lds.File) ([]byte, error) {
	if !r.selects {
		data, err := r.short(f)
		if data != nil || err != nil {
			return data, err
		}
	}
	id := binary.BigEndian.AppendUint16(nil, f.ID)
	_, status, err := r.link.send(apdu.Command{Ins: insSelect, P1: 0x02, P2: 0x0C, Data: id})
	if err != nil {
		return nil, err
	}
	switch status {
	case apdu.OK:
	case apdu.FileNotFound:
		return nil, fmt.Errorf("%w: %04X", errNoFile, f.ID)
	default:
		return nil, fmt.Errorf("%w: file %04X: %04X", errBroken, f.ID, uint16(status))
	}
	data, err := r.part(0, headerChunk)
	r.selects = r.selects || err == nil // the file is there, and was not found by its short identifier
	return data, err
}

// short reads the start of a file by its short identifier (ISO/IEC 7816-4
// §7.2.3); nil if the chip does not answer with that file. A chip that gives up its
// session over the question is asked no more: see [Request.Read].
func (r *reader) short(f lds.File) ([]byte, error) {
	const shortID, mask = 0x80, 0x1F // of P1
	c := apdu.Command{Ins: insReadBinary, P1: shortID | byte(f.ID&mask), Le: shortChunk}
	data, status, err := r.link.send(c)
	if errors.Is(err, errPlain) {
		err = fmt.Errorf("%w: %w", errShortID, err)
	}
	if err != nil {
		return nil, err
	}
	if status != apdu.OK && status != apdu.EndOfFile {
		return nil, nil
	}
	if len(data) > shortChunk {
		return nil, fmt.Errorf("%w: %d bytes where %d were asked for", errBroken, len(data), shortChunk)
	}
	if tag, _, _, err := tlv.Header(data); err != nil || tag != f.Tag {
		return nil, nil
	}
	return data, nil
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
	if status == apdu.WrongLength && n > shortChunk { // it takes long commands, but not such
		r.chunk = less(n)
		return r.part(offset, min(n, r.chunk))
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

// less is what to ask for of a chip that does not take n bytes at once.
func less(n int) int {
	if n > middleChunk {
		return middleChunk
	}
	return shortChunk
}

// prove lets the chip answer the challenge (active authentication, Doc 9303-11
// §6.1), in a command as long as it has taken others: a signature may have more bytes
// than a short one has room for. A chip that wants another length gets it, once; one
// that refuses a long command, for whatever reason, a short one. If it refuses that
// too, the answer is nil: the verifier will miss it.
func (r *reader) prove(challenge []byte) ([]byte, error) {
	told := false
	for le := max(r.chunk, shortLe); ; {
		answer, status, err := r.link.send(apdu.Command{Ins: insInternalAuth, Data: challenge, Le: le})
		if err != nil {
			return nil, err
		}
		want, tells := status.Expect()
		switch {
		case status == apdu.OK && len(answer) <= le:
			return answer, nil
		case tells && !told && want != le:
			le, told = want, true
		case status == apdu.WrongLength && le > shortLe:
			le = max(less(le), shortLe)
		case status != apdu.OK && le > shortLe:
			le = shortLe
		default:
			return nil, nil
		}
	}
}

// relay has the prover run chip authentication (Doc 9303-11 §6.2). After its
// commands the chip has a session that is not ours: nothing can be read any more.
// A chip that refuses ends it: the prover has seen no answer and knows.
func (r *reader) relay(p Prover, dg14 []byte) error {
	commands, err := p.Begin(r.link.ctx, dg14)
	if err != nil {
		return &proverError{err}
	}
	for _, c := range commands {
		_, status, err := r.link.send(c)
		if err != nil {
			return err
		}
		if status != apdu.OK {
			return nil
		}
	}
	for answer := []byte(nil); len(commands) > 0; {
		command, err := p.Next(r.link.ctx, answer)
		if err != nil {
			return &proverError{err}
		}
		if command == nil {
			break
		}
		c, err := apdu.ParseCommand(command)
		if err != nil {
			return &proverError{err}
		}
		if answer, err = r.link.carry(c); err != nil {
			return err
		}
	}
	return nil
}

// A meter reports progress in hundredths of the bytes to read. It never goes back,
// even if the reading starts anew or there is more than was expected.
type meter struct {
	report         func(done, total int)
	done, expected int // bytes
	shown          int
}

const total = 100

// restart expects what is wanted, as long as files commonly are.
func (m *meter) restart(q Request) {
	m.done, m.expected = 0, weighAccess+weighProof+weighCOM+weighSOD
	for _, w := range readable {
		if slices.Contains(q.Groups, w.group) {
			m.expected += w.weight
		}
	}
}

// expect corrects what is to come.
func (m *meter) expect(more int) { m.expected += more }

// add counts bytes that were read.
func (m *meter) add(n int) {
	m.done += n
	m.show(min(total*m.done/max(m.expected, 1), total-1))
}

func (m *meter) finish() { m.show(total) }

func (m *meter) show(n int) {
	if n > m.shown {
		m.shown = n
		m.report(n, total)
	}
}
