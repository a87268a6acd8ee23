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
		jobs.Kind{Name: "retention", Do: f.forget, Timeout: forgetWithin},
	), nil
}

// periodic are the jobs that come round.
func (f *front) periodic() []jobs.Periodic {
	return []jobs.Periodic{
		{Kind: "letters-adopt", Every: 10 * time.Minute},
		{Kind: "retention", Every: 24 * time.Hour, At: night},
	}
}

const (
	// strayAfter is the age at which a letter that waits is looked after.
	strayAfter = 5 * time.Minute
	// forgetWithin bounds one turn of deleting what has served; what is left then is
	// gone on with in the next.
	forgetWithin = 10 * time.Minute
)

func (f *front) adoptLetters(ctx context.Context, _ jobs.Job) error {
	_, err := f.store.Outbox().Adopt(ctx, time.Now().Add(-strayAfter))
	return err
}

// forget deletes what has served, for as long as its turn lasts, and asks for another
// one if that was not enough.
func (f *front) forget(ctx context.Context, _ jobs.Job) error {
	turn, cancel := context.WithTimeout(ctx, forgetWithin-forgetWithin/10)
	defer cancel()
	if err := f.parts.forget(turn); turn.Err() == nil || ctx.Err() != nil {
		return err
	}
	return jobs.Later(0)
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
