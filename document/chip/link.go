package chip

import (
	"context"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
)

// Limits of one reading.
const (
	maxCommands = 3000     // a file of the largest size in short commands needs half of it
	maxAnswer   = 70 << 10 // bytes of one answer, with all its parts
)

const insGetResponse = 0xC0

// A link carries commands, protected once there is a session. It lives for one
// call of [Read], whose context it keeps.
type link struct {
	ctx     context.Context
	t       Transceiver
	session *apdu.Session
	left    int  // commands that may still be sent
	reached bool // the chip has answered once
	proven  bool // a file was read under a session
	long    bool // the last command was of extended length
}

// send carries one command and returns data and status. Under secure messaging
// an answer that is not protected is an error.
func (l *link) send(c apdu.Command) ([]byte, apdu.Status, error) {
	if l.session == nil {
		answer, err := l.carry(c)
		if err != nil {
			return nil, 0, err
		}
		return apdu.ParseAnswer(answer)
	}
	wrapped, err := l.session.Wrap(c)
	if err != nil {
		return nil, 0, err
	}
	answer, err := l.carry(wrapped)
	if err != nil {
		return nil, 0, err
	}
	data, status, err := l.session.Unwrap(answer)
	if err != nil {
		switch {
		case len(answer) == 2 && wrapped.Extended():
			err = fmt.Errorf("%w: %w", errExtended, err)
		case len(answer) == 2:
			err = fmt.Errorf("%w: %w", errPlain, err)
		}
		return nil, 0, err
	}
	return data, status, nil
}

// lost reports whether nothing more can be asked, behind an error, under the session
// that there was.
func (l *link) lost(err error) bool {
	return gone(err) || l.ctx.Err() != nil || l.left == 0 || errors.Is(err, apdu.ErrAnswer) || l.session == nil || l.session.Ended()
}

// gone reports whether the error is one of the carrier: there may be no chip any more.
func gone(err error) bool {
	var carrier *carrierError
	return errors.As(err, &carrier)
}

// carry sends one encoded command. Where the carrier gives the answer in parts
// (61xx) or wants another length (6Cxx), it goes on (ISO/IEC 7816-4 §5.3.4).
func (l *link) carry(c apdu.Command) ([]byte, error) {
	answer, err := l.transceive(c)
	if err != nil {
		return nil, err
	}
	data, status, err := apdu.ParseAnswer(answer)
	if err != nil {
		return nil, err
	}
	if n, ok := status.Expect(); ok && len(data) == 0 && n != c.Le {
		c.Le = n
		if answer, err = l.transceive(c); err != nil {
			return nil, err
		}
	}
	if data, status, err = apdu.ParseAnswer(answer); err != nil {
		return nil, err
	}
	n, more := status.More()
	if !more {
		return answer, nil
	}
	for more {
		part, err := l.transceive(apdu.Command{Class: c.Class &^ 0x0C, Ins: insGetResponse, Le: n})
		if err != nil {
			return nil, err
		}
		var b []byte
		if b, status, err = apdu.ParseAnswer(part); err != nil {
			return nil, err
		}
		if len(b) == 0 || len(data)+len(b) > maxAnswer {
			return nil, fmt.Errorf("%w: parts of an answer", errBroken)
		}
		data = append(data, b...)
		n, more = status.More()
	}
	return apdu.Answer(data, status), nil
}

func (l *link) transceive(c apdu.Command) ([]byte, error) {
	if err := l.ctx.Err(); err != nil {
		return nil, err
	}
	if l.left == 0 {
		return nil, fmt.Errorf("%w: too many commands", errBroken)
	}
	l.left--
	l.long = c.Extended()
	answer, err := l.t.Transceive(l.ctx, c.Bytes())
	if err != nil {
		return nil, &carrierError{err}
	}
	l.reached = true
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("%w: answer too long", errBroken)
	}
	return answer, nil
}
