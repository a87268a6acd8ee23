package mailbox

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/tunnus-id/tunnus"
)

// A Mail is one mail that was taken.
type Mail struct {
	ID      int       `json:"id"` // 1 for the first; never used twice
	At      time.Time `json:"at"`
	From    string    `json:"from"` // envelope
	To      []string  `json:"to"`   // envelope
	Subject string    `json:"subject"`
	Text    string    `json:"text"` // the plain text, or all of a mail that cannot be read
}

// The limits of what is taken.
const (
	maxBytes      = 256 << 10
	maxRecipients = 20
	maxParts      = 20
	patience      = 30 * time.Second
)

// A Box takes and keeps mails. It is safe for concurrent use.
type Box struct {
	clock tunnus.Clock
	keep  int

	mu    sync.Mutex
	last  int
	mails []Mail // oldest first

	lastText int
	texts    []Text // oldest first
}

// New makes a box that keeps the given number of mails, at least one; older
// ones are forgotten.
func New(clock tunnus.Clock, keep int) *Box { return &Box{clock: clock, keep: max(keep, 1)} }

// Serve takes mails on l until ctx ends, and then returns nil. It closes l.
func (b *Box) Serve(ctx context.Context, l net.Listener) error {
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }))
	srv.Domain = "mailbox.invalid"
	srv.MaxMessageBytes, srv.MaxRecipients = maxBytes, maxRecipients
	srv.ReadTimeout, srv.WriteTimeout = patience, patience
	srv.EnableSMTPUTF8 = true
	srv.ErrorLog = log.New(io.Discard, "", 0) // its lines may quote mails
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close() // the server may not know of it yet
		_ = srv.Close()
	})
	defer stop()
	err := srv.Serve(l)
	if ctx.Err() != nil || errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// Mails returns what is kept, newest first.
func (b *Box) Mails() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Mail, 0, len(b.mails))
	for i := len(b.mails) - 1; i >= 0; i-- {
		out = append(out, b.mails[i])
	}
	return out
}

func (b *Box) add(m Mail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	m.ID, m.At = b.last, b.clock.Now().UTC()
	b.mails = append(b.mails, m)
	if over := len(b.mails) - b.keep; over > 0 {
		b.mails = append([]Mail(nil), b.mails[over:]...) // lets go of the old ones
	}
}

// A session is one client's connection.
type session struct {
	box  *Box
	from string
	to   []string
}

// Reset implements [smtp.Session].
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements [smtp.Session].
func (s *session) Logout() error { return nil }

// Mail implements [smtp.Session].
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt implements [smtp.Session].
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data implements [smtp.Session].
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r) // the server ends it at maxBytes
	if err != nil {
		return err
	}
	subject, text := read(raw)
	s.box.add(Mail{From: s.from, To: s.to, Subject: subject, Text: text})
	return nil
}

// read finds subject and plain text; a mail that cannot be read is shown whole.
func read(raw []byte) (subject, text string) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "", clean(raw)
	}
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	body, ok := plain(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	if !ok {
		body = raw
	}
	return clean([]byte(subject)), clean(body)
}

// plain returns the first plain text of a body, one level deep.
func plain(kind, encoding string, body io.Reader) ([]byte, bool) {
	if kind == "" {
		kind = "text/plain"
	}
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		return nil, false
	}
	if media == "text/plain" {
		b, err := io.ReadAll(decoder(encoding, body))
		return b, err == nil
	}
	if !strings.HasPrefix(media, "multipart/") {
		return nil, false
	}
	parts := multipart.NewReader(body, params["boundary"])
	for range maxParts {
		p, err := parts.NextRawPart()
		if err != nil {
			return nil, false
		}
		if media, _, err := mime.ParseMediaType(p.Header.Get("Content-Type")); err == nil && media == "text/plain" {
			b, err := io.ReadAll(decoder(p.Header.Get("Content-Transfer-Encoding"), p))
			return b, err == nil
		}
	}
	return nil, false
}

func decoder(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r) // skips line ends
	}
	return r
}

// clean makes text of bytes: UTF-8 with plain line ends.
func clean(b []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\r\n", "\n")
}
