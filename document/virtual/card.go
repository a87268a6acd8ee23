package virtual

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/bac"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual/hostile"
)

// Instructions (ISO/IEC 7816-4 §5.4.2).
const (
	insManage       = 0x22
	insExternalAuth = 0x82
	insGetChallenge = 0x84
	insGeneral      = 0x86
	insInternalAuth = 0x88
	insSelect       = 0xA4
	insReadBinary   = 0xB0
	insReadOdd      = 0xB1
)

// Longest answers in bytes, before protection: what a short answer leaves for
// data under secure messaging, and the chip's buffer.
const (
	shortAnswer = 231
	longAnswer  = 4096
)

// application is the identifier of the passport application (Doc 9303-10 §3.6.1).
var application = []byte{0xA0, 0, 0, 0x02, 0x47, 0x10, 0x01}

// masterFile is the identifier of the root (ISO/IEC 7816-4 §7.3).
var masterFile = []byte{0x3F, 0}

// Transceive takes one command and returns the chip's answer. It fails only if
// ctx has ended: a chip answers anything, with a status word.
func (p *Passport) Transceive(ctx context.Context, command []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.faults.Manner == "" || len(command) < 4 {
		return p.obey(command), nil
	}
	var answer []byte
	under := command[0]&0x0C != 0
	if command[1] != hostile.GetResponse || p.state.rest == nil && p.faults.Manner != hostile.MoreForEver { // which would end the session
		answer = p.obey(command)
	}
	return p.faults.Manner.Answer(command, answer, under, &p.state.rest), nil
}

// obey answers a command as a chip should.
func (p *Passport) obey(command []byte) []byte {
	c, err := apdu.ParseCommand(command)
	long := len(command) > 5 && command[4] == 0
	if err != nil || p.short && long {
		p.state.session = nil
		return apdu.Answer(nil, apdu.WrongLength)
	}
	limit := shortAnswer
	if long {
		limit = longAnswer
	}
	if c.Class&0x0C != 0 {
		return p.protected(c, limit)
	}
	// A plain command ends secure messaging (Doc 9303-11 §9.8.3).
	p.state.session = nil
	return apdu.Answer(p.answer(c, limit))
}

// protected answers a command under secure messaging.
func (p *Passport) protected(c apdu.Command, limit int) []byte {
	s := p.state.session
	if s == nil {
		return apdu.Answer(nil, apdu.NotSatisfied)
	}
	plain, err := s.Open(c)
	if err != nil {
		p.state.session = nil
		return apdu.Answer(nil, apdu.WrongObjects)
	}
	sealed, err := s.Seal(p.answer(plain, limit))
	if err != nil {
		p.state.session = nil
		return apdu.Answer(nil, apdu.WrongObjects)
	}
	if p.state.next != nil {
		p.state.session, p.state.next = p.state.next, nil
	}
	return sealed
}

// answer obeys a plain command.
func (p *Passport) answer(c apdu.Command, limit int) ([]byte, apdu.Status) {
	if c.Class&^chained != 0 || c.Class != 0 && c.Ins != insGeneral {
		return nil, apdu.UnknownClass
	}
	if c.Ins != insGeneral {
		p.state.pace, p.state.auth = nil, ""
	}
	if p.faults.Most > 0 && c.Le > p.faults.Most {
		return nil, apdu.WrongLength
	}
	switch c.Ins {
	case insManage:
		return nil, p.manage(c)
	case insGeneral:
		return p.general(c)
	case insSelect:
		return nil, p.choose(c)
	case insGetChallenge:
		return p.giveChallenge(c)
	case insExternalAuth:
		return p.admit(c)
	case insReadBinary:
		return p.read(c, limit)
	case insReadOdd:
		return p.readOdd(c, limit)
	case insInternalAuth:
		return p.prove(c, limit)
	}
	return nil, apdu.UnknownCommand
}

// choose answers SELECT: the application by name, files by identifier, and the
// master file, in which this chip has EF.CardAccess at most.
func (p *Passport) choose(c apdu.Command) apdu.Status {
	switch c.P1 {
	case 0x00:
		if len(c.Data) != 0 && !bytes.Equal(c.Data, masterFile) {
			return apdu.FileNotFound
		}
		p.state.selected, p.state.current = false, 0
		return apdu.OK
	case 0x04:
		if !bytes.Equal(c.Data, application) {
			return apdu.FileNotFound
		}
		p.state.selected, p.state.current = true, 0
		return apdu.OK
	case 0x02:
		if len(c.Data) != 2 {
			return apdu.WrongLength
		}
		return p.open(binary.BigEndian.Uint16(c.Data))
	}
	return apdu.WrongParameters
}

// open makes a file the current one. Before access control no file can be told
// from one that is not there.
func (p *Passport) open(id uint16) apdu.Status {
	if !p.state.selected {
		_, status := p.root(id)
		if status == apdu.OK {
			p.state.current = id
		}
		return status
	}
	if p.state.session == nil {
		return apdu.NotSatisfied
	}
	if p.files[id] == nil {
		return apdu.FileNotFound
	}
	p.state.current = id
	return apdu.OK
}

func (p *Passport) giveChallenge(c apdu.Command) ([]byte, apdu.Status) {
	if !p.state.selected || p.access.NoBAC {
		return nil, apdu.ConditionsNot
	}
	if c.Le != bac.ChallengeSize {
		return nil, apdu.WrongLength
	}
	p.state.challenge = make([]byte, bac.ChallengeSize)
	_, _ = rand.Read(p.state.challenge) // never fails
	return bytes.Clone(p.state.challenge), apdu.OK
}

// admit answers EXTERNAL AUTHENTICATE: mutual authentication of Basic Access
// Control. The challenge is used up either way.
func (p *Passport) admit(c apdu.Command) ([]byte, apdu.Status) {
	challenge := p.state.challenge
	p.state.challenge = nil
	if challenge == nil {
		return nil, apdu.ConditionsNot
	}
	answer, session, err := p.accessKeys().Answer(challenge, c.Data, rand.Reader)
	if err != nil {
		return nil, apdu.AuthFailed
	}
	p.state.session = session
	return answer, apdu.OK
}

// read answers READ BINARY: bit 8 of P1 tells a short file identifier from an
// offset of 15 bits.
func (p *Passport) read(c apdu.Command, limit int) ([]byte, apdu.Status) {
	offset := int(c.P1)<<8 | int(c.P2)
	if c.P1&0x80 != 0 {
		if s := p.open(0x0100 | uint16(c.P1&0x1F)); s != apdu.OK {
			return nil, s
		}
		offset = int(c.P2)
	}
	return p.part(offset, min(c.Le, limit))
}

// readOdd answers READ BINARY with the offset in a data object, for files of
// over 32767 bytes.
func (p *Passport) readOdd(c apdu.Command, limit int) ([]byte, apdu.Status) {
	value, err := tlv.Only(c.Data, 0x54)
	if err != nil || len(value) > 4 || c.P1 != 0 || c.P2 != 0 {
		return nil, apdu.WrongData
	}
	offset := 0
	for _, b := range value {
		offset = offset<<8 | int(b)
	}
	const header = 4 // of the data object around the answer, at most
	data, status := p.part(offset, min(c.Le, limit)-header)
	if data != nil {
		data = tlv.Append(nil, 0x53, data)
	}
	return data, status
}

// part returns up to n bytes of the current file.
func (p *Passport) part(offset, n int) ([]byte, apdu.Status) {
	file := p.files[p.state.current]
	switch {
	case !p.state.selected:
		file, _ = p.root(p.state.current)
	case p.state.session == nil:
		return nil, apdu.NotSatisfied
	}
	switch {
	case file == nil:
		return nil, apdu.ConditionsNot
	case n <= 0:
		return nil, apdu.WrongLength
	}
	data, status := hostile.Cut(file, offset, n)
	if m := p.faults.Manner; m != "" && p.state.session != nil && p.state.current == p.faults.of() {
		return m.File(p.state.current, file, offset, n, data, status)
	}
	return data, status
}

// prove answers INTERNAL AUTHENTICATE: active authentication.
func (p *Passport) prove(c apdu.Command, limit int) ([]byte, apdu.Status) {
	switch {
	case p.state.session == nil:
		return nil, apdu.NotSatisfied
	case p.key == nil && p.faults.Prove == nil || p.faults.WithoutActiveAuth:
		return nil, apdu.UnknownCommand
	case len(c.Data) != 8:
		return nil, apdu.WrongLength
	case p.faults.ActiveAuth != nil:
		return p.faults.ActiveAuth, apdu.OK
	}
	prove := p.Prove
	if p.faults.Prove != nil {
		prove = p.faults.Prove
	}
	answer, err := prove(c.Data)
	if err != nil || len(answer) > limit {
		return nil, apdu.ConditionsNot
	}
	return answer, apdu.OK
}
