package notify_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/notify"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A server is a real SMTP server that keeps what it gets.
type server struct {
	mu     sync.Mutex
	port   int
	roots  *x509.CertPool
	got    []string
	to     []string
	secure []bool // for each mail: was it sent over TLS
	logins []string
	refuse error // answer to RCPT
	hang   chan struct{}
}

func start(t *testing.T, withTLS bool) *server {
	t.Helper()
	s := &server{}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, secure := c.TLSConnectionState()
		return &session{s: s, secure: secure}, nil
	}))
	if withTLS {
		made, err := pki.NewServer(pki.Sandbox(), []string{"localhost"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		s.roots = x509.NewCertPool()
		s.roots.AddCert(made.CA)
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{made.Certificate.Raw}, PrivateKey: made.Key}}}
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = l.Close(); _ = srv.Close(); <-done })
	return s
}

type session struct {
	s      *server
	secure bool
}

func (x *session) Reset()                               {}
func (x *session) Logout() error                        { return nil }
func (x *session) Mail(string, *smtp.MailOptions) error { return nil }
func (x *session) AuthMechanisms() []string             { return []string{sasl.Plain} }
func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		x.s.logins = append(x.s.logins, user+":"+password)
		return nil
	}), nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.s.to = append(x.s.to, to)
	return x.s.refuse
}

func (x *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if x.s.hang != nil {
		<-x.s.hang
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.got, x.s.secure = append(x.s.got, string(b)), append(x.s.secure, x.secure)
	return err
}

func (s *server) config() notify.Config {
	return notify.Config{
		Host: "localhost", Port: s.port, TLS: notify.None, From: "tunnus <no-reply@id.example>", Roots: s.roots, Timeout: 5 * time.Second,
		Clock: tunnus.ClockFunc(func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }),
	}
}

func mailer(t *testing.T, c notify.Config) *notify.Mailer {
	t.Helper()
	m, err := notify.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var hello = notify.Message{To: "ada@example.org", Subject: "tunnus: grüße", Text: "One line.\n.\nA line after a dot: ž.\n"}

func TestSendDelivers(t *testing.T) {
	s := start(t, false)
	if err := mailer(t, s.config()).Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(s.got[0]))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"To": "<ada@example.org>", "From": `"tunnus" <no-reply@id.example>`, "Date": "Sun, 22 Nov 2026 12:00:00 +0000",
		"Auto-Submitted": "auto-generated", "Subject": "=?UTF-8?q?tunnus:_gr=C3=BC=C3=9Fe?=",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if id := m.Header.Get("Message-ID"); !strings.HasSuffix(id, "@id.example>") {
		t.Errorf("message id %s does not end with the sender's domain", id)
	}
}

func TestTLSPolicies(t *testing.T) {
	for _, tt := range []struct {
		name      string
		policy    notify.TLS
		serverTLS bool
		trusted   bool
		sent      bool
		secure    bool
	}{
		{"mandatory, offered", notify.Mandatory, true, true, true, true},
		{"mandatory, not offered", notify.Mandatory, false, true, false, false},
		{"mandatory, unknown CA", notify.Mandatory, true, false, false, false},
		{"opportunistic, offered", notify.Opportunistic, true, true, true, true},
		{"opportunistic, not offered", notify.Opportunistic, false, true, true, false},
		{"none", notify.None, true, true, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, tt.serverTLS)
			c := s.config()
			c.TLS = tt.policy
			if !tt.trusted {
				c.Roots = x509.NewCertPool()
			}
			err := mailer(t, c).Send(t.Context(), hello)
			if (err == nil) != tt.sent || len(s.got) != btoi(tt.sent) {
				t.Fatalf("sent %d, %v", len(s.got), err)
			}
			if tt.sent && s.secure[0] != tt.secure {
				t.Errorf("over TLS: %v, want %v", s.secure[0], tt.secure)
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestLoginIsSentOverTLSOnly(t *testing.T) {
	s := start(t, true)
	c := s.config()
	c.Username, c.Password, c.TLS = "tunnus", tunnus.NewSecret([]byte("open sesame")), notify.Mandatory
	if err := mailer(t, c).Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	if len(s.logins) != 1 || s.logins[0] != "tunnus:open sesame" {
		t.Errorf("log-ins: %v", s.logins)
	}
	for _, p := range []notify.TLS{notify.Opportunistic, notify.None} {
		c.TLS = p
		if _, err := notify.New(c); err == nil {
			t.Errorf("a password with TLS %s was taken", p)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	s := &server{port: 25}
	for name, spoil := range map[string]func(*notify.Config){
		"no host":               func(c *notify.Config) { c.Host = "" },
		"port 0":                func(c *notify.Config) { c.Port = 0 },
		"unknown policy":        func(c *notify.Config) { c.TLS = "" },
		"plain text to outside": func(c *notify.Config) { c.Host = "mail.example" },
		"no sender":             func(c *notify.Config) { c.From = "" },
		"two lines as sender":   func(c *notify.Config) { c.From = "a@b.example\r\nBcc: eve@example.org" },
	} {
		c := s.config()
		spoil(&c)
		if _, err := notify.New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestHeaderInjectionIsRefused(t *testing.T) {
	s := start(t, false)
	m := mailer(t, s.config())
	for name, msg := range map[string]notify.Message{
		"CR LF in the subject":       {To: hello.To, Subject: "a\r\nBcc: eve@example.org", Text: "x"},
		"LF in the subject":          {To: hello.To, Subject: "a\nBcc: eve@example.org", Text: "x"},
		"CR in the subject":          {To: hello.To, Subject: "a\rBcc: eve@example.org", Text: "x"},
		"line separator":             {To: hello.To, Subject: "a\u2028Bcc: eve@example.org", Text: "x"},
		"CR LF in the address":       {To: "ada@example.org\r\nRCPT TO:<eve@example.org>", Subject: "a", Text: "x"},
		"two addresses":              {To: "ada@example.org, eve@example.org", Subject: "a", Text: "x"},
		"an address in brackets":     {To: "<ada@example.org>", Subject: "a", Text: "x"},
		"an address with a name":     {To: "Ada <ada@example.org>", Subject: "a", Text: "x"},
		"no address":                 {To: "", Subject: "a", Text: "x"},
		"a bare CR in the text":      {To: hello.To, Subject: "a", Text: "x\r.\r\nMAIL FROM:<eve@example.org>"},
		"no subject":                 {To: hello.To, Text: "x"},
		"text that is not UTF-8":     {To: hello.To, Subject: "a", Text: "\xff"},
		"an address that is endless": {To: strings.Repeat("a", 300) + "@example.org", Subject: "a", Text: "x"},
	} {
		if err := m.Send(t.Context(), msg); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.got) != 0 || len(s.to) != 0 {
		t.Errorf("the server got %d mails for %v", len(s.got), s.to)
	}
}

// A line with a single dot ends a mail in SMTP; it must not end ours.
func TestTextCannotEndTheMail(t *testing.T) {
	s := start(t, false)
	msg := hello
	msg.Text = "before\n.\nMAIL FROM:<eve@example.org>\n"
	if err := mailer(t, s.config()).Send(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	if len(s.got) != 1 || !strings.Contains(s.got[0], "MAIL FROM") || len(s.to) != 1 {
		t.Errorf("%d mails to %v: %q", len(s.got), s.to, s.got)
	}
}

func TestErrorsTellNoAddress(t *testing.T) {
	for _, tt := range []struct {
		answer    *smtp.SMTPError
		temporary bool
	}{
		{&smtp.SMTPError{Code: 550, Message: "no ada@example.org here"}, false},
		{&smtp.SMTPError{Code: 451, Message: "ada@example.org later"}, true},
	} {
		s := start(t, false)
		s.refuse = tt.answer
		err := mailer(t, s.config()).Send(t.Context(), hello)
		e, ok := errors.AsType[*notify.Undelivered](err)
		if !ok || e.SMTP != tt.answer.Code || e.Temporary != tt.temporary || strings.Contains(err.Error(), "ada") {
			t.Errorf("got %v", err)
		}
	}
}

func TestSendEndsAtTheDeadline(t *testing.T) {
	s := start(t, false)
	s.hang = make(chan struct{})
	defer close(s.hang)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := mailer(t, s.config()).Send(ctx, hello); err == nil {
		t.Error("a mail was sent by a server that hangs")
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("it took %s", d)
	}
}
