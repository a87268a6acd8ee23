package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/tunnus-id/tunnus"
)

// A CodeMail is what the mail with a one-time code says (rule R5: it names
// purpose and device).
type CodeMail struct {
	To      string
	Scheme  string // who sends: the scheme's name
	Purpose string // a phrase of ours, such as "to create an account"
	Device  string // model that the phone claims; cleaned before it is shown
	Code    tunnus.Secret
	Life    time.Duration
}

// Message writes the mail. The code stands in the text only: subjects are
// shown on locked screens and written to the logs of mail servers.
func (c CodeMail) Message() Message {
	return Message{
		To:      c.To,
		Subject: c.Scheme + ": your code",
		Text: fmt.Sprintf(`Your code is %s

It was asked for %s
on this device: %s.
Type it on that device only. It is good for %s, once.

Nobody will ask you for this code: not by phone, not by message, not on a
web page, not us either. Whoever asks for it wants to steal your identity.

If you did not ask for it, do nothing: without the code nothing happens.
`, c.Code.Reveal(), c.Purpose, Device(c.Device), minutes(c.Life)),
	}
}

// A Notice is what the mails about the life of an account say.
type Notice struct {
	To     string
	Scheme string
	Device string // as in [CodeMail]
	At     time.Time
	Help   string // where to turn: an address or phone number of the operator; may be empty
}

// Started tells that a registration starts to bind this contact.
func (n Notice) Started() Message {
	return Message{
		To:      n.To,
		Subject: fmt.Sprintf("%s: an account is being created", n.Scheme),
		Text: fmt.Sprintf(`A %s account is being created.

Device: %s
Time:   %s

If this is you, there is nothing to do.
%s`, n.Scheme, Device(n.Device), moment(n.At), n.notMe()),
	}
}

// Active tells that the account is in use.
func (n Notice) Active() Message {
	return Message{
		To:      n.To,
		Subject: fmt.Sprintf("%s: your account is active", n.Scheme),
		Text: fmt.Sprintf(`Your new %s account is active. It can log in to services in your name.

Device: %s
Time:   %s

Keep your PINs to yourself. We never ask for them.
%s`, n.Scheme, Device(n.Device), moment(n.At), n.notMe()),
	}
}

// Held tells that a second copy of the account was seen, and what comes of it.
func (n Notice) Held() Message {
	return Message{
		To:      n.To,
		Subject: fmt.Sprintf("%s: your account is blocked", n.Scheme),
		Text: fmt.Sprintf(`A second copy of your %s account was seen. Somebody may have copied what
was on your phone.

Time: %s

The account is blocked: nobody can log in with it, neither you nor they.
Nobody can lift this. Three days after the copy was seen, the account
ends and its certificates are revoked. You can make a new account then.

If you did not move or restore the app yourself, look after your phone, and
choose other PINs for the new account.
%s`, n.Scheme, moment(n.At), n.notMe()),
	}
}

func (n Notice) notMe() string {
	if n.Help == "" {
		return "If this is not you, tell the operator of this service at once.\n"
	}
	return fmt.Sprintf("If this is not you, tell us at once: %s\n", n.Help)
}

const maxDevice = 40

// Device makes the model that a phone claims fit to be shown: letters, digits
// and a few signs, at most 40 characters. Nothing that mail programs turn into
// a link survives, so that nobody's mail speaks through ours.
func Device(claimed string) string {
	keep := func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-+()", r):
			return r
		case r == '_' || r == '/' || r == ',' || unicode.IsSpace(r):
			return ' '
		}
		return -1
	}
	words := strings.Join(strings.Fields(strings.Map(keep, claimed)), " ")
	if r := []rune(words); len(r) > maxDevice {
		words = strings.TrimSpace(string(r[:maxDevice]))
	}
	if words == "" {
		return "unknown"
	}
	return words
}

func moment(t time.Time) string { return t.UTC().Format("2 January 2006 15:04 MST") }

func minutes(d time.Duration) string {
	if d == time.Minute {
		return "1 minute"
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}
