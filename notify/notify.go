// Package notify tells people things outside the app: it sends mail through
// any SMTP server. Text messages are sent by notify/sms; notify/words has the words
// of both.
//
// Mails name no person and carry no personal code. What goes wrong is told
// without the address it went wrong with, so that errors may be logged. The
// package sends once and keeps nothing: whoever calls it keeps the job and
// tries again (package store/jobs).
package notify

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/tunnus-id/tunnus"
)

// TLS says how much encryption the way to the SMTP server must have.
type TLS string

// The policies.
const (
	// Mandatory refuses a server without TLS: STARTTLS, or TLS at once on port 465.
	Mandatory TLS = "mandatory"
	// Opportunistic uses STARTTLS where the server offers it. No log-in then.
	Opportunistic TLS = "opportunistic"
	// None is plain text, and only to a server on this machine.
	None TLS = "none"
)

// Config says through which server mail goes, and from whom.
type Config struct {
	Host string // name or address
	Port int
	TLS  TLS
	From string // "tunnus <no-reply@id.example>"
	// Username and Password are for servers that ask; only with [Mandatory].
	Username string
	Password tunnus.Secret
	// Roots are the CAs to trust; nil for those of the system.
	Roots *x509.CertPool
	// Timeout bounds the connecting and each exchange after it; zero is 20 s.
	Timeout time.Duration
	Clock   tunnus.Clock
}

// A Message is one mail to one person.
type Message struct {
	// ID is the same if the mail is sent again, so that programs can drop the second
	// one; empty draws one. Letters and digits.
	ID      string
	To      string // one address, without a name
	Subject string // one line
	Text    string // plain text
}

// An Undelivered is the error of a mail that was not taken. It names neither
// address nor content, nor what the server said, which may repeat them.
type Undelivered struct {
	Stage     string // "connect" or "send"
	SMTP      int    // the server's answer, 0 if it gave none
	Temporary bool   // trying again later may help
}

// Error implements error.
func (e *Undelivered) Error() string {
	return fmt.Sprintf("notify: mail not taken (%s, SMTP %d, temporary %t)", e.Stage, e.SMTP, e.Temporary)
}

// Reason is the error as a code.
func (e *Undelivered) Reason() string { return fmt.Sprintf("mail-%s-%d", e.Stage, e.SMTP) }

// A Mailer sends mail. It is safe for concurrent use.
type Mailer struct {
	cfg    Config
	domain string // of the sender, for HELO and message ids: nothing of this machine is told
}

const (
	implicitTLS    = 465 // RFC 8314 §3.3
	defaultTimeout = 20 * time.Second
	maxSubject     = 200
	maxText        = 32 << 10
	maxAddress     = 254 // RFC 5321 §4.5.3.1.3 with its erratum
)

// New checks the configuration; it does not connect.
func New(c Config) (*Mailer, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, errors.New("notify: from: no address")
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	var errs []error
	for _, v := range []struct {
		bad bool
		why string
	}{
		{c.Host == "", "host: missing"},
		{c.Port < 1 || c.Port > 65535, "port: 1 to 65535 expected"},
		{c.TLS != Mandatory && c.TLS != Opportunistic && c.TLS != None, "tls: mandatory, opportunistic or none expected"},
		{c.TLS == None && !loopback(c.Host), "tls: none is for a server on this machine only"},
		{c.Username != "" && c.TLS != Mandatory, "username: a password is sent with mandatory TLS only"},
		{c.Clock == nil, "clock: missing"},
	} {
		if v.bad {
			errs = append(errs, errors.New("notify: "+v.why))
		}
	}
	return &Mailer{cfg: c, domain: from.Address[strings.LastIndexByte(from.Address, '@')+1:]}, errors.Join(errs...)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Send hands one mail to the server. When it returns nil the server has taken
// it. It fails with [tunnus.CodeBadRequest] for a message that no server
// should see, and with an [Undelivered] if the mail was not taken.
func (m *Mailer) Send(ctx context.Context, msg Message) error {
	out, err := m.compose(msg)
	if err != nil {
		return tunnus.BadRequest("mail", err)
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	end, _ := ctx.Deadline()
	client, err := m.client(time.Until(end))
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return undelivered("connect", err)
	}
	if err := client.SendWithSMTPClient(conn, out); err != nil {
		_ = conn.Close()
		return undelivered("send", err)
	}
	_ = client.CloseWithSMTPClient(conn) // the mail is taken, however the farewell goes
	return nil
}

// undelivered keeps of an error what may be logged.
func undelivered(stage string, err error) error {
	out := &Undelivered{Stage: stage, Temporary: true}
	if e, ok := errors.AsType[*gomail.SendError](err); ok {
		out.SMTP = e.ErrorCode()
		out.Temporary = e.IsTemp() || out.SMTP == 0
	}
	return out
}

// client makes the connection's settings; each sending has its own. The time
// given bounds every exchange with the server: once connected, the library
// looks at deadlines and not at the context.
func (m *Mailer) client(within time.Duration) (*gomail.Client, error) {
	c := m.cfg
	options := []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithTimeout(max(within, time.Millisecond)), gomail.WithHELO(m.domain),
		gomail.WithTLSConfig(&tls.Config{ServerName: c.Host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch {
	case c.TLS == Mandatory && c.Port == implicitTLS:
		options = append(options, gomail.WithSSL())
	case c.TLS == Mandatory:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case c.TLS == Opportunistic:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if c.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(c.Username), gomail.WithPassword(string(c.Password.Reveal())))
	}
	client, err := gomail.NewClient(c.Host, options...)
	if err != nil {
		return nil, errors.New("notify: the settings of the SMTP server do not fit together")
	}
	return client, nil
}

// compose writes the mail. Whatever could begin a header of its own is refused.
func (m *Mailer) compose(msg Message) (*gomail.Msg, error) {
	if err := msg.check(); err != nil {
		return nil, err
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if out.From(m.cfg.From) != nil || out.To(msg.To) != nil {
		return nil, errors.New("notify: an address that cannot be written")
	}
	out.SetMessageIDWithValue(cmp.Or(msg.ID, rand.Text()) + "@" + m.domain)
	out.SetDateWithValue(m.cfg.Clock.Now())
	out.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no out-of-office answers
	out.Subject(msg.Subject)
	out.SetBodyString(gomail.TypeTextPlain, msg.Text)
	return out, nil
}

func (msg Message) check() error {
	if strings.ContainsFunc(msg.ID, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return errors.New("notify: an id of letters and digits expected")
	}
	control := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	a, err := mail.ParseAddress(msg.To)
	if err != nil || a.Name != "" || a.Address != msg.To || len(msg.To) > maxAddress || strings.ContainsFunc(msg.To, control) {
		return errors.New("notify: one bare address expected")
	}
	if msg.Subject == "" || len(msg.Subject) > maxSubject || !utf8.ValidString(msg.Subject) || strings.ContainsFunc(msg.Subject, control) {
		return errors.New("notify: a subject of one line expected")
	}
	lines := func(r rune) bool { return r != '\n' && r != '\t' && control(r) }
	if msg.Text == "" || len(msg.Text) > maxText || !utf8.ValidString(msg.Text) || strings.ContainsFunc(msg.Text, lines) {
		return errors.New("notify: plain text expected")
	}
	return nil
}
