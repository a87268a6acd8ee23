package apdu

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"encoding/binary"
	"errors"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// Why a session ended. Nothing more is told: the difference would help whoever
// stands between the two.
var (
	ErrProtection = errors.New("apdu: answer or command is not protected by this session")
	ErrEnded      = errors.New("apdu: session has ended")
)

// Data objects of secure messaging (Doc 9303-11 §9.8.4).
const (
	tagCryptogram      = tlv.Tag(0x87) // padding indicator and cryptogram
	tagPlainCryptogram = tlv.Tag(0x85) // cryptogram, for odd instructions
	tagExpected        = tlv.Tag(0x97)
	tagStatus          = tlv.Tag(0x99)
	tagMAC             = tlv.Tag(0x8E)
)

const (
	secureClass  = 0x0C
	paddingISO   = 0x01 // padding indicator: ISO/IEC 9797-1 method 2
	macSize      = 8
	maxProtected = 65535
)

// A suite is what a session's cipher adds to the common form. The block size
// pads both data and MAC input.
type suite struct {
	block int
	iv    func(counter []byte) []byte
	enc   cipher.Block
	mac   func(padded []byte) []byte // at least macSize bytes
}

// A Session protects commands and answers (secure messaging, Doc 9303-11 §9.8).
// One value serves one side: the terminal calls Wrap and Unwrap in turn, the
// chip Open and Seal. Any fault ends it for good; it is not safe for concurrent
// use.
type Session struct {
	suite   suite
	counter []byte // send sequence counter, raised before each message
	odd     bool   // the open command's instruction is odd
	ended   bool
}

// NewSession3DES makes a session with two-key Triple DES in CBC mode and the
// retail MAC (Doc 9303-11 §9.8.6). enc and mac have 16 bytes; counter is the
// first send sequence counter, 8 bytes.
func NewSession3DES(enc, mac, counter []byte) (*Session, error) {
	if len(counter) != des.BlockSize {
		return nil, errors.New("apdu: counter of another size")
	}
	e, err := TripleDES(enc)
	if err != nil {
		return nil, err
	}
	m, err := NewRetailMAC(mac)
	if err != nil {
		return nil, err
	}
	zero := make([]byte, des.BlockSize)
	return &Session{
		suite:   suite{des.BlockSize, func([]byte) []byte { return zero }, e, m.Sum},
		counter: bytes.Clone(counter),
	}, nil
}

// NewSessionAES makes a session with AES in CBC mode, whose initial vector is the
// encrypted counter, and CMAC (Doc 9303-11 §9.8.7). enc and mac have 16, 24 or
// 32 bytes, both as many; the counter starts at zero.
func NewSessionAES(enc, mac []byte) (*Session, error) {
	if len(enc) != len(mac) {
		return nil, errors.New("apdu: keys of two sizes")
	}
	e, err := aes.NewCipher(enc)
	if err != nil {
		return nil, err
	}
	m, err := NewCMAC(mac)
	if err != nil {
		return nil, err
	}
	iv := func(counter []byte) []byte {
		v := make([]byte, aes.BlockSize)
		e.Encrypt(v, counter)
		return v
	}
	return &Session{suite: suite{aes.BlockSize, iv, e, m.Sum}, counter: make([]byte, aes.BlockSize)}, nil
}

// Counter returns the send sequence counter.
func (s *Session) Counter() []byte { return bytes.Clone(s.counter) }

// Ended reports whether a fault has ended the session.
func (s *Session) Ended() bool { return s.ended }

// Wrap protects a command. Le of the result asks for the longest answer that
// the protected form of c.Le may need.
func (s *Session) Wrap(c Command) (Command, error) {
	if s.ended {
		return Command{}, ErrEnded
	}
	s.raise()
	s.odd = c.Ins&1 == 1
	var body []byte
	if len(c.Data) > 0 {
		body = s.appendCryptogram(body, c.Data)
	}
	if c.Le > 0 {
		le := []byte{byte(c.Le)}
		if c.Extended() {
			le = []byte{byte(c.Le >> 8), byte(c.Le)}
		}
		body = tlv.Append(body, tagExpected, le)
	}
	header := []byte{c.Class | secureClass, c.Ins, c.P1, c.P2}
	body = tlv.Append(body, tagMAC, s.sum(header, body))
	if len(body) > maxProtected {
		return Command{}, s.end(errors.New("apdu: command too long to protect"))
	}
	w := Command{header[0], c.Ins, c.P1, c.P2, body, maxShortLe}
	if c.Extended() || len(body) > maxShortData {
		w.Le = MaxLe
	}
	return w, nil
}

// Unwrap checks and opens the answer to the last command.
func (s *Session) Unwrap(answer []byte) ([]byte, Status, error) {
	if s.ended {
		return nil, 0, ErrEnded
	}
	s.raise()
	body, outer, err := ParseAnswer(answer)
	if err != nil {
		return nil, 0, s.end(err)
	}
	o, err := s.split(nil, body)
	if err != nil || len(o.status) != 2 || o.expected != nil {
		return nil, 0, s.end(ErrProtection)
	}
	status := Status(binary.BigEndian.Uint16(o.status))
	if status != outer {
		return nil, 0, s.end(ErrProtection)
	}
	data, err := s.decrypt(o.cryptogram)
	if err != nil {
		return nil, 0, s.end(ErrProtection)
	}
	return data, status, nil
}

// Open checks and opens a protected command, on the chip's side.
func (s *Session) Open(c Command) (Command, error) {
	if s.ended {
		return Command{}, ErrEnded
	}
	s.raise()
	s.odd = c.Ins&1 == 1
	if c.Class&secureClass != secureClass {
		return Command{}, s.end(ErrProtection)
	}
	o, err := s.split([]byte{c.Class, c.Ins, c.P1, c.P2}, c.Data)
	if err != nil || o.status != nil {
		return Command{}, s.end(ErrProtection)
	}
	plain := Command{Class: c.Class &^ secureClass, Ins: c.Ins, P1: c.P1, P2: c.P2}
	if plain.Data, err = s.decrypt(o.cryptogram); err != nil {
		return Command{}, s.end(ErrProtection)
	}
	switch len(o.expected) {
	case 0:
	case 1:
		plain.Le = expected(int(o.expected[0]), maxShortLe)
	case 2:
		plain.Le = expected(int(binary.BigEndian.Uint16(o.expected)), MaxLe)
	default:
		return Command{}, s.end(ErrProtection)
	}
	return plain, nil
}

// Seal protects the answer to the command opened last, on the chip's side.
func (s *Session) Seal(data []byte, status Status) ([]byte, error) {
	if s.ended {
		return nil, ErrEnded
	}
	s.raise()
	var body []byte
	if len(data) > 0 {
		body = s.appendCryptogram(make([]byte, 0, len(data)+32), data)
	}
	body = tlv.Append(body, tagStatus, binary.BigEndian.AppendUint16(nil, uint16(status)))
	body = tlv.Append(body, tagMAC, s.sum(nil, body))
	return binary.BigEndian.AppendUint16(body, uint16(status)), nil
}

// objects are the data objects of one protected message.
type objects struct {
	cryptogram, expected, status []byte
}

// split parts a message into its objects, each at most once, in the order of the
// standard, the MAC last; and checks the MAC over all that stands before it.
func (s *Session) split(header, body []byte) (objects, error) {
	var o objects
	last := 0
	for rest := body; len(rest) > 0; {
		e, after, err := tlv.Next(rest)
		if err != nil {
			return objects{}, err
		}
		place := 0
		switch e.Tag {
		case s.cryptogramTag():
			place, o.cryptogram = 1, e.Value
		case tagExpected:
			place, o.expected = 2, e.Value
		case tagStatus:
			place, o.status = 3, e.Value
		case tagMAC:
			covered := body[:len(body)-len(rest)]
			if len(after) != 0 || subtle.ConstantTimeCompare(e.Value, s.sum(header, covered)) != 1 {
				return objects{}, ErrProtection
			}
			return o, nil
		}
		if place <= last {
			return objects{}, ErrProtection
		}
		last, rest = place, after
	}
	return objects{}, ErrProtection
}

func (s *Session) cryptogramTag() tlv.Tag {
	if s.odd {
		return tagPlainCryptogram
	}
	return tagCryptogram
}

// appendCryptogram encrypts data into its data object.
func (s *Session) appendCryptogram(dst, data []byte) []byte {
	indicator := 1
	if s.odd {
		indicator = 0
	}
	b := make([]byte, indicator, len(data)+2*s.suite.block)
	b = Pad(append(b, data...), s.suite.block, indicator)
	if !s.odd {
		b[0] = paddingISO
	}
	cipher.NewCBCEncrypter(s.suite.enc, s.suite.iv(s.counter)).CryptBlocks(b[indicator:], b[indicator:])
	return tlv.Append(dst, s.cryptogramTag(), b)
}

// decrypt opens a cryptogram object; none is no data. It runs only after the MAC
// is checked, so what it says tells nothing of the padding.
func (s *Session) decrypt(object []byte) ([]byte, error) {
	if object == nil {
		return nil, nil
	}
	if !s.odd {
		if len(object) == 0 || object[0] != paddingISO {
			return nil, ErrProtection
		}
		object = object[1:]
	}
	if len(object) == 0 || len(object)%s.suite.block != 0 {
		return nil, ErrProtection
	}
	plain := make([]byte, len(object))
	cipher.NewCBCDecrypter(s.suite.enc, s.suite.iv(s.counter)).CryptBlocks(plain, object)
	return Unpad(plain, s.suite.block)
}

// sum makes the MAC over the counter, the header padded to a block (a command's
// only) and the data objects, padded if there are any.
func (s *Session) sum(header, body []byte) []byte {
	m := make([]byte, 0, len(s.counter)+len(header)+len(body)+3*s.suite.block)
	m = append(m, s.counter...)
	if header != nil {
		m = Pad(append(m, header...), s.suite.block, 0)
	}
	if len(body) > 0 || header == nil {
		m = Pad(append(m, body...), s.suite.block, 0)
	}
	return s.suite.mac(m)[:macSize]
}

// raise adds one to the send sequence counter.
func (s *Session) raise() {
	for i := len(s.counter) - 1; i >= 0; i-- {
		s.counter[i]++
		if s.counter[i] != 0 {
			return
		}
	}
}

func (s *Session) end(err error) error {
	s.ended = true
	return err
}
