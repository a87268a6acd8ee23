package letters

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/notify"
	"github.com/tunnus-id/tunnus/notify/sms"
	"github.com/tunnus-id/tunnus/notify/words"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/jobs"
)

// seal only binds to the place.
type seal struct{}

func (seal) Seal(plain, aad []byte) ([]byte, error) {
	return slices.Concat(aad, []byte{0}, plain), nil
}

func (seal) Open(sealed, aad []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, slices.Concat(aad, []byte{0}))
	if !ok {
		return nil, errors.New("another place")
	}
	return plain, nil
}

// A fake is mail server and gateway in one.
type fake struct {
	mu    sync.Mutex
	sms   []sms.Message
	mails []notify.Message
	err   error // what it says
	deaf  bool  // it takes nothing, and says err; else it takes first
}

func (f *fake) take(what func()) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.deaf {
		what()
	}
	return f.err
}

func (f *fake) set(err error, deaf bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err, f.deaf = err, deaf
}

func (f *fake) texts() []sms.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sms)
}

type phone struct{ *fake }

func (p phone) Send(_ context.Context, m sms.Message) error {
	return p.take(func() { p.sms = append(p.sms, m) })
}

type post struct{ *fake }

func (p post) Send(_ context.Context, m notify.Message) error {
	return p.take(func() { p.mails = append(p.mails, m) })
}

// A bureau is codes, a store, and who sends.
type bureau struct {
	*testing.T
	store *store.Store
	codes *otp.Codes
	fake  *fake
	Sender
	now time.Time
}

func newBureau(t *testing.T) *bureau {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w, err := words.New(Scheme, sms.Fits)
	if err != nil {
		t.Fatal(err)
	}
	b := &bureau{T: t, store: s, fake: &fake{}, now: time.Now().UTC().Truncate(time.Second)}
	clock := tunnus.ClockFunc(func() time.Time { return b.now })
	b.codes = otp.New(s.Codes(), seal{}, otp.Defaults(), tunnus.NewSecret([]byte("key")), clock)
	b.Sender = Sender{
		Outbox: s.Outbox(), Sealer: seal{}, Words: w, Mail: post{b.fake}, SMS: phone{b.fake},
		Codes: otp.Returns{Store: s.Codes(), Clock: clock}, Clock: clock,
	}
	return b
}

func (b *bureau) ask(contact string) error {
	b.Helper()
	p, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		b.Fatal(err)
	}
	_, err = b.codes.Send(b.Context(), otp.Order{
		Session: "s", Owner: "d", Contact: contact, Person: p, Purpose: "new", Device: "Pixel 8", Language: "et",
	})
	return err
}

// run does the job of the only letter that waits, and gives it up if it says so or is the last.
func (b *bureau) run(last bool) error {
	b.Helper()
	list, err := b.store.Outbox().Pending(b.Context(), time.Now().Add(time.Hour), 10)
	if err != nil || len(list) != 1 {
		b.Fatalf("%d letters wait, %v", len(list), err)
	}
	err = b.do(b.Context(), jobs.Job{ID: list[0].ID, Try: 1})
	if err != nil && last {
		if err := b.givenUp(b.Context(), list[0].ID, "test"); err != nil {
			b.Fatal(err)
		}
	}
	return err
}

func (b *bureau) waiting(want int) {
	b.Helper()
	if n, err := b.store.Outbox().Waiting(b.Context()); n != want || err != nil {
		b.Errorf("%d letters wait, %v; want %d", n, err, want)
	}
}

const number = "+3725123456" // the example of libphonenumber

func TestCodeGoesToAPhone(t *testing.T) {
	b := newBureau(t)
	if err := b.ask("+372 512 3456"); err != nil {
		t.Fatal(err)
	}
	if err := b.run(false); err != nil {
		t.Fatal(err)
	}
	m := b.fake.texts()[0]
	if m.To != number || !strings.Contains(m.Text, "uus konto, Pixel 8") || m.Life != 5*time.Minute {
		t.Errorf("%+v", m)
	}
	if got, err := b.codes.Confirm(t.Context(), "s", "", m.Text[:6]); err != nil || got != b.codes.ContactKey(number) {
		t.Errorf("Confirm = %q, %v", got, err)
	}
	b.waiting(0)
}

// A gateway that is down, slow or without answer costs nothing: the letter is the
// same when it goes out, and a code that never went out is no resend.
func TestCodeThatWasNotSentCostsNothing(t *testing.T) {
	b := newBureau(t)
	for i, fault := range []error{
		&sms.Undelivered{Stage: "connect", Temporary: true}, context.DeadlineExceeded, &sms.Undelivered{Stage: "answer", Status: 11},
		&sms.Undelivered{Stage: "answer", Temporary: true},
	} {
		if err := b.ask(number); err != nil {
			t.Fatalf("code %d, at once after one that was not sent: %v", i, err)
		}
		b.fake.set(fault, true)
		if err := b.run(false); err == nil {
			t.Fatal("sent")
		}
		b.waiting(1)
		_ = b.run(true)
		b.waiting(0)
	}
	b.fake.set(nil, false)
	for i := range 4 {
		if err := b.ask(number); err != nil {
			t.Fatalf("code %d that is sent: %v", i, err)
		}
		if err := b.run(false); err != nil {
			t.Fatal(err)
		}
		b.now = b.now.Add(time.Minute)
	}
	if err := b.ask(number); tunnus.CodeOf(err) != tunnus.CodeOTPResends {
		t.Errorf("a fifth that was sent: %v", err)
	}
}

// A gateway that takes a message and says that it did not gets it again under the
// same name; the code works, once.
func TestGatewayThatSendsTwice(t *testing.T) {
	b := newBureau(t)
	if err := b.ask(number); err != nil {
		t.Fatal(err)
	}
	b.fake.set(&sms.Undelivered{Stage: "answer", Temporary: true}, false)
	_ = b.run(false)
	b.fake.set(nil, false)
	if err := b.run(false); err != nil {
		t.Fatal(err)
	}
	m := b.fake.texts()
	if len(m) != 2 || m[0].ID != m[1].ID || m[0].Text != m[1].Text {
		t.Errorf("%+v", m)
	}
	if _, err := b.codes.Confirm(t.Context(), "s", "1", m[0].Text[:6]); err != nil {
		t.Error(err)
	}
	// The second text has the same code, which is used.
	if _, err := b.codes.Confirm(t.Context(), "s", "2", m[1].Text[:6]); tunnus.CodeOf(err) != tunnus.CodeOTPOld {
		t.Errorf("a second time: %v", err)
	}
}

// A letter that was given up after its code was tried takes nothing back.
func TestTriedCodeIsNotTakenBack(t *testing.T) {
	b := newBureau(t)
	if err := b.ask(number); err != nil {
		t.Fatal(err)
	}
	if _, err := b.codes.Confirm(t.Context(), "s", "", "000000"); tunnus.CodeOf(err) != tunnus.CodeOTPWrong && err != nil {
		t.Fatal(err)
	}
	b.fake.set(&sms.Undelivered{Stage: "answer", Temporary: true}, true)
	_ = b.run(true)
	if err := b.ask(number); tunnus.CodeOf(err) != tunnus.CodeOTPResends {
		t.Errorf("at once: %v", err)
	}
}

// Past its time, a code is not sent any more; without a gateway, none is.
func TestLettersThatEnd(t *testing.T) {
	for name, spoil := range map[string]func(b *bureau){
		"too late":   func(b *bureau) { b.now = b.now.Add(5 * time.Minute) },
		"no gateway": func(b *bureau) { b.SMS = nil },
		"refused":    func(b *bureau) { b.fake.set(&sms.Undelivered{Stage: "answer", Status: 11}, true) },
		"unreadable": func(b *bureau) { b.fake.set(tunnus.BadRequest("mail", nil), true) },
	} {
		b := newBureau(t)
		if err := b.ask(number); err != nil {
			t.Fatal(err)
		}
		spoil(b)
		if err := b.run(true); !jobs.IsHopeless(err) {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(b.fake.texts()); n != 0 {
			t.Errorf("%s: %d sent", name, n)
		}
		b.waiting(0)
	}
}

// A day without mail or gateway loses no letter: the pauses between the tries are at
// least half of what doubles.
func TestLettersOutliveADay(t *testing.T) {
	for _, k := range (Sender{}).Kinds() {
		var all time.Duration
		for pause, try := k.First, 1; try < k.Tries; pause, try = min(2*pause, k.Longest), try+1 {
			all += pause / 2
		}
		if all < 24*time.Hour {
			t.Errorf("%s is given up after %v", k.Name, all)
		}
	}
}

// No line of the log, at any level, holds a code or a contact, whatever goes wrong.
func TestNothingOfALetterIsLogged(t *testing.T) {
	b := newBureau(t)
	var log lines
	crew, err := jobs.New(jobs.Config{
		Database: b.store.Database(), Kinds: b.Kinds(), Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.fake.set(&sms.Undelivered{Stage: "answer", Status: 11}, false)
	if err := b.ask(number); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- crew.Run(ctx, time.Second) }()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && !strings.Contains(log.String(), "given up"); {
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	text := log.String()
	if !strings.Contains(text, "sms-answer-11") {
		t.Fatalf("the end of the letter is not logged:\n%s", text)
	}
	for _, secret := range []string{b.fake.texts()[0].Text[:6], "5123456", "Pixel", "199002140017"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	b.waiting(0)
}

// lines keeps what is logged by several goroutines.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
