package mailbox

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-smtp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/notify"
	"github.com/tunnus-id/tunnus/notify/sms"
)

var clock = tunnus.ClockFunc(func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) })

// open starts a box and returns its SMTP port.
func open(t *testing.T, keep int) (*Box, int) {
	t.Helper()
	b := New(clock, keep)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return b, l.Addr().(*net.TCPAddr).Port
}

func mailer(t *testing.T, port int) *notify.Mailer {
	t.Helper()
	m, err := notify.New(notify.Config{Host: "127.0.0.1", Port: port, TLS: notify.None, From: "tunnus <no-reply@id.example>", Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func get(t *testing.T, b *Box, path string) (*http.Response, string) {
	t.Helper()
	srv := httptest.NewServer(b.Handler())
	defer srv.Close()
	resp, err := http.Get(srv.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestCodeMailArrives(t *testing.T) {
	b, port := open(t, 10)
	msg := notify.Message{To: "ada@example.org", Subject: "tunnus-demo: your code", Text: "Your code is 402817.\n\nVirtual Phone – ž\n"}
	if err := mailer(t, port).Send(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	_, body := get(t, b, "/mails.json")
	var got struct{ Mails []Mail }
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Mails) != 1 {
		t.Fatalf("%d mails", len(got.Mails))
	}
	m := got.Mails[0]
	if m.ID != 1 || !m.At.Equal(clock.Now()) || m.From != "no-reply@id.example" || fmt.Sprint(m.To) != "[ada@example.org]" ||
		m.Subject != msg.Subject || strings.TrimSpace(m.Text) != strings.TrimSpace(msg.Text) {
		t.Errorf("got %+v\nsent %+v", m, msg)
	}
}

// A message that a gateway is given twice is one; it shows on the page, as text.
func TestTextMessageArrivesOnce(t *testing.T) {
	b := New(clock, 10)
	srv := httptest.NewServer(b.Handler())
	defer srv.Close()
	g, err := sms.NewHTTP(sms.HTTPConfig{URL: srv.URL + "/sms", From: "tunnus", Body: []byte(SMSBody)})
	if err != nil {
		t.Fatal(err)
	}
	m := sms.Message{ID: "one", To: "+3725123456", Text: `402817 <b>"kood"</b>`}
	for range 2 {
		if err := g.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	got := b.Texts()
	if len(got) != 1 || got[0].To != m.To || got[0].Text != m.Text || got[0].From != "tunnus" || !got[0].At.Equal(clock.Now()) {
		t.Errorf("%+v", got)
	}
	if _, page := get(t, b, "/"); !strings.Contains(page, "402817 &lt;b&gt;") {
		t.Error("the page does not show it")
	}
	if _, list := get(t, b, "/texts.json"); !strings.Contains(list, `"to":"+3725123456"`) {
		t.Errorf("as JSON: %s", list)
	}
}

func TestOnlyTheLastMailsAreKept(t *testing.T) {
	b, port := open(t, 3)
	m := mailer(t, port)
	for i := range 5 {
		if err := m.Send(t.Context(), notify.Message{To: "ada@example.org", Subject: fmt.Sprint("mail ", i+1), Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, m := range b.Mails() {
		got = append(got, fmt.Sprint(m.ID, ":", m.Subject))
	}
	if s := strings.Join(got, ", "); s != "5:mail 5, 4:mail 4, 3:mail 3" {
		t.Errorf("kept: %s", s)
	}
}

func TestLimits(t *testing.T) {
	b, port := open(t, 10)
	addr := fmt.Sprint("127.0.0.1:", port)
	large := strings.NewReader("Subject: large\r\n\r\n" + strings.Repeat(strings.Repeat("a", 70)+"\r\n", 5000))
	if err := smtp.SendMail(addr, nil, "a@example.org", []string{"b@example.org"}, large); err == nil {
		t.Error("a mail of 360 kB was taken")
	}
	many := make([]string, maxRecipients+1)
	for i := range many {
		many[i] = fmt.Sprintf("b%d@example.org", i)
	}
	if err := smtp.SendMail(addr, nil, "a@example.org", many, strings.NewReader("Subject: many\r\n\r\nx\r\n")); err == nil {
		t.Error("a mail to 21 people was taken")
	}
	if n := len(b.Mails()); n != 0 {
		t.Errorf("%d mails were kept", n)
	}
}

func TestPageShowsMailsAsTextOnly(t *testing.T) {
	b, port := open(t, 10)
	attack := `<script>alert(1)</script><img src=x onerror=alert(1)>`
	msg := notify.Message{To: "ada@example.org", Subject: attack, Text: attack + "</pre>"}
	if err := mailer(t, port).Send(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	resp, body := get(t, b, "/")
	if strings.Contains(body, "<script") || strings.Contains(body, "<img") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("the page shows the mail as it likes:\n%s", body)
	}
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(body)
	if style == nil {
		t.Fatal("the page has no style")
	}
	sum := sha256.Sum256([]byte(style[1]))
	csp := resp.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "default-src 'none'") || !strings.Contains(csp, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
		t.Errorf("policy %s does not name the style's hash", csp)
	}
}

func TestPageCanStandStill(t *testing.T) {
	b := New(clock, 1)
	const refresh = `http-equiv="refresh"`
	if _, body := get(t, b, "/"); !strings.Contains(body, refresh) || !strings.Contains(body, "No mail yet") {
		t.Error("the page does not load anew, or says nothing of an empty box")
	}
	if _, body := get(t, b, "/?still=1"); strings.Contains(body, refresh) {
		t.Error("the page does not stand still")
	}
	if resp, _ := get(t, b, "/other"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("/other: %d", resp.StatusCode)
	}
}

func TestReadFindsThePlainText(t *testing.T) {
	for name, tt := range map[string]struct{ raw, subject, text string }{
		"base64":     {"Subject: =?utf-8?b?xb4=?=\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n", "ž", "hello"},
		"two parts":  {"Subject: s\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>no\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n--b--\r\n", "s", "a=b"},
		"no headers": {"what is this", "", "what is this"},
		"html only":  {"Subject: s\r\nContent-Type: text/html\r\n\r\n<p>", "s", "Subject: s\nContent-Type: text/html\n\n<p>"},
		"not UTF-8":  {"Subject: s\r\n\r\n\xff", "s", "\uFFFD"},
	} {
		subject, text := read([]byte(tt.raw))
		if subject != tt.subject || text != tt.text {
			t.Errorf("%s: %q, %q", name, subject, text)
		}
	}
}

// Whatever is sent becomes text that a page and JSON can hold, and not much
// more of it than there was.
func FuzzRead(f *testing.F) {
	f.Add([]byte("Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n"))
	f.Add([]byte("Subject: =?utf-8?q?=00?=\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		subject, text := read(raw)
		if !utf8.ValidString(subject) || !utf8.ValidString(text) || len(text) > 3*len(raw) || len(subject) > 3*len(raw) {
			t.Errorf("%q became %q, %q", raw, subject, text)
		}
	})
}
