package sms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/linxGnu/gosmpp/data"
)

// A Message is one text message to one phone.
type Message struct {
	ID   string // the same if it is sent again
	To   string // E.164, with the plus
	Text string // of one part, see [Fits]
	// Life is how long the gateway may try to deliver it; zero is an hour.
	Life time.Duration
}

// A Gateway sends messages. It is safe for concurrent use.
type Gateway interface {
	// Send hands over one message. When it returns nil, the gateway has taken it. It
	// fails with an [Undelivered]; if its context ended, the message may have been taken.
	Send(ctx context.Context, m Message) error
}

// An Undelivered is the error of a message that was not taken.
type Undelivered struct {
	Stage     string // "message", "connect", "send" or "answer"
	Status    int    // of HTTP or SMPP; 0 if there was none
	Temporary bool   // trying again later may help
}

// Error implements error.
func (e *Undelivered) Error() string {
	return fmt.Sprintf("sms: message not taken (%s, status %d, temporary %t)", e.Stage, e.Status, e.Temporary)
}

// Reason is the error as a code.
func (e *Undelivered) Reason() string { return fmt.Sprintf("sms-%s-%d", e.Stage, e.Status) }

// The most signs of one part.
const (
	maxGSM  = 160
	maxUCS2 = 70
)

// Fits reports whether a text is one message of one part: 160 septets of the GSM
// alphabet (3GPP TS 23.038 §6.2.1; some signs take two), or 70 units of UTF-16.
func Fits(text string) bool {
	units, most := measure(text)
	return units > 0 && units <= most
}

// measure counts the units of a text, and tells how many are the most.
func measure(text string) (units, most int) {
	if len(data.ValidateGSM7String(text)) > 0 {
		for _, r := range text {
			if units++; r > 0xffff {
				units++
			}
		}
		return units, maxUCS2
	}
	b, err := data.GSM7BIT.Encode(text)
	if err != nil {
		return maxUCS2 + 1, maxUCS2
	}
	return len(b), maxGSM
}

// encoding is the smaller one that can hold the text.
func encoding(text string) data.Encoding {
	if len(data.ValidateGSM7String(text)) > 0 {
		return data.UCS2
	}
	return data.GSM7BIT
}

const (
	defaultLife    = time.Hour
	defaultTimeout = 35 * time.Second // some gateways take half a minute
)

// check refuses what no gateway should see.
func (m Message) check() error {
	digits, ok := strings.CutPrefix(m.To, "+")
	control := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	if !ok || len(digits) < 7 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" || m.ID == "" ||
		!utf8.ValidString(m.Text) || strings.ContainsFunc(m.Text, control) || !Fits(m.Text) {
		return &Undelivered{Stage: "message"}
	}
	return nil
}

// life is how long a message is worth delivering.
func (m Message) life() time.Duration {
	if m.Life <= 0 {
		return defaultLife
	}
	return m.Life
}

// faults joins what is wrong with a configuration.
func faults(list map[string]bool) error {
	var errs []error
	for why, bad := range list {
		if bad {
			errs = append(errs, errors.New("sms: "+why))
		}
	}
	return errors.Join(errs...)
}
