package serve

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tunnus-id/tunnus/cmd/serve/letters"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/notify/sms"
	"github.com/tunnus-id/tunnus/notify/words"
	"github.com/tunnus-id/tunnus/store/jobs"
)

// crew makes what works the durable jobs of the front: those that were left in the
// transactions of others, and what comes round once in the whole service.
func (f *front) crew() (*jobs.Crew, error) {
	kinds, err := f.kinds()
	if err != nil {
		return nil, err
	}
	name, err := nodeName(filepath.Join(f.cfg.Data, "node"))
	if err != nil {
		return nil, err
	}
	return jobs.New(jobs.Config{Database: f.store.Database(), Kinds: kinds, Periodic: f.periodic(), Log: f.log, Name: name})
}

// nodeName is that of whoever has the folder of data: the lock sees to it that this
// is one process at a time. It is drawn when it is first asked for.
func nodeName(path string) (string, error) {
	if name, err := os.ReadFile(path); err == nil && len(name) > 0 {
		return string(name), nil
	}
	name := rand.Text()
	return name, os.WriteFile(path, []byte(name), 0o600)
}

// kinds are the jobs that the front knows how to do.
func (f *front) kinds() ([]jobs.Kind, error) {
	w, err := words.New(letters.Scheme, sms.Fits)
	if err != nil {
		return nil, err
	}
	sender := letters.Sender{
		Outbox: f.store.Outbox(), Sealer: f.sealer, Words: w, Mail: f.in.Mail, SMS: f.in.SMS,
		Codes: otp.Returns{Store: f.store.Codes(), Clock: f.clock}, Clock: f.clock,
	}
	return append(sender.Kinds(),
		jobs.Kind{Name: "letters-adopt", Do: f.adoptLetters},
		jobs.Kind{Name: "letters-purge", Do: f.purgeLetters},
	), nil
}

// periodic are the jobs that come round.
func (f *front) periodic() []jobs.Periodic {
	return []jobs.Periodic{
		{Kind: "letters-adopt", Every: 10 * time.Minute},
		{Kind: "letters-purge", Every: 24 * time.Hour, At: night},
	}
}

const (
	// strayAfter is the age at which a letter that waits is looked after.
	strayAfter = 5 * time.Minute
	// keepLetters is how long the rows of letters are kept that were sent or given
	// up: that there was one, not what it said.
	keepLetters = 90 * 24 * time.Hour
)

func (f *front) adoptLetters(ctx context.Context, _ jobs.Job) error {
	_, err := f.store.Outbox().Adopt(ctx, time.Now().Add(-strayAfter))
	return err
}

func (f *front) purgeLetters(ctx context.Context, _ jobs.Job) error {
	_, err := f.store.Outbox().Purge(ctx, time.Now().Add(-keepLetters))
	return err
}

// work does the durable jobs until ctx ends, and closes the gateway.
func (f *front) work(ctx context.Context) {
	if err := f.crewed.Run(ctx, drain); err != nil {
		f.log.Error("the durable jobs ended", "error", err)
	}
	if g, ok := f.in.SMS.(io.Closer); ok {
		_ = g.Close() // what was on its way is a job again
	}
}
