package card

import (
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Phone is the phone that shows a registration code: what the portal tells the
// holder of the card about it (R1).
type Phone struct {
	Session string // of the sitting
	Device  string // thumbprint of the device key (hk)
	Model   string // as the phone says itself
	Address string // of the network, from where the code was asked for; "" if it is not known
	Place   string // of that address, as [Places] tells it: set here
	Counter string // two digits that the app shows too
	Level   tunnus.Level
	Began   time.Time
	// Keys are thumbprints of the phone's halves of both keys, PIN1 first
	// (SHA-256 of n1, hexadecimal): the card signs them.
	Keys  [2]string
	Until time.Time // when the sitting ends
}

// A Code is what the app shows: eight characters of base 32.
type Code struct {
	Text  string
	Until time.Time
}

// Terminated is the end of a registration by a stop for security: the cause is for
// staff, and everybody else is told the same.
func Terminated(cause error) error { return tunnus.Fail(tunnus.CodeSesTerminated, cause) }

// An Outcome is what the card has proved in the portal and signed, for one sitting
// and its device.
type Outcome struct {
	Visit      string // reference of the visit to the portal
	Person     tunnus.PersonCode
	Surname    string // as the certificate writes it
	GivenNames string
	Contact    string // confirmed there, in the normal form of enrol/otp/address
	Channel    string // of it: "email", "sms"
	Language   string
	Hold       bool // phone and portal are in different countries, or nothing is known of the phone: 24 h (R1)

	// What stands of each fact: words of the system.
	Login, Questions, Code, Signed map[string]string
}
