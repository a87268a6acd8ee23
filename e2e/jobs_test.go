package e2e

import (
	"context"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// unkind is a mail server that knows nobody.
type unkind struct{ smtp.Session }

func (unkind) Mail(string, *smtp.MailOptions) error { return nil }
func (unkind) Reset()                               {}
func (unkind) Logout() error                        { return nil }
func (unkind) Rcpt(to string, _ *smtp.RcptOptions) error {
	return &smtp.SMTPError{Code: 550, Message: "nobody here is " + to}
}

// A letter that no server takes is in the list of the dead, with a code for the reason
// and nothing of what stood in it; it is put back by its number. The log has no code
// and no address either.
func TestDeadJobsAreListedAndPutBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	post := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return unkind{}, nil }))
	done := make(chan struct{})
	go func() { defer close(done); _ = post.Serve(l) }()
	t.Cleanup(func() { _ = post.Close(); <-done })
	s := start(t, func(c map[string]any) { c["smtp"].(map[string]any)["port"] = l.Addr().(*net.TCPAddr).Port })
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	h := s.newHolder("ben")
	ended := make(chan struct{})
	go func() { defer close(ended); _, _ = s.phone(h, "ben.phone").Register(ctx) }()
	config := s.path("config.json")
	dead := regexp.MustCompile(`(?m)^([0-9]+)\s+\S+\s+letter-email\s+[0-9a-f]{32}\s+1\s+mail-send-550$`)
	var number []string
	for end := time.Now().Add(time.Minute); number == nil && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		out := s.tunnus(true, "jobs", "dead", "--config", config)
		if number = dead.FindStringSubmatch(out); strings.Contains(out, "@") {
			t.Errorf("the list says %s", out)
		}
	}
	if number == nil {
		t.Fatalf("no dead job; %s", s.log)
	}
	stop()
	<-ended
	s.tunnus(true, "jobs", "again", "--config", config, number[1])
	for _, n := range dead.FindAllStringSubmatch(s.tunnus(true, "jobs", "dead", "--config", config), -1) {
		if n[1] == number[1] {
			t.Errorf("%s is still dead", n[1])
		}
	}
	if out := s.tunnus(false, "jobs", "again", "--config", config, number[1]); !strings.Contains(out, "[not-found]") {
		t.Errorf("put back twice: %s", out)
	}
	if log := s.log.String(); strings.Contains(log, "example.test") || !strings.Contains(log, "mail-send-550") {
		t.Errorf("the log: %s", log)
	}
}
