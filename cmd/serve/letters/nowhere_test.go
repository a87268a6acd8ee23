package letters

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/notify/sms"
	"github.com/tunnus-id/tunnus/store/jobs"
)

// everything is all that stands in the database, table by table: jobs, the audit log
// and the letters too.
func (b *bureau) everything() string {
	b.Helper()
	_, r := b.store.Database().Raw()
	names, err := r.Query("SELECT name FROM sqlite_master WHERE type = 'table'")
	if err != nil {
		b.Fatal(err)
	}
	defer names.Close()
	var out strings.Builder
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&out, "\n== %s ==\n", name)
		rows, err := r.Query(`SELECT * FROM "` + name + `"`)
		if err != nil {
			b.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			if err := rows.Scan(into...); err != nil {
				b.Fatal(err)
			}
			for _, v := range row {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				fmt.Fprintf(&out, "|%v|", v)
			}
		}
		_ = rows.Close()
	}
	return out.String()
}

// A code stands in no row and no line, sealed letters apart: not while it waits, not
// while its job fails and is tried again, not once it was sent, typed or given up.
func TestCodeIsWrittenNowhere(t *testing.T) {
	b := newBureau(t)
	sealer, err := hsm.Ephemeral()
	if err != nil {
		t.Fatal(err)
	}
	b.Sealer = sealer
	b.codes = otp.New(b.store.Codes(), sealer, otp.Defaults(), tunnus.NewSecret([]byte("key")), b.Clock)
	var log lines
	crew, err := jobs.New(jobs.Config{
		Database: b.store.Database(), Kinds: b.Kinds(), Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.ask(number); err != nil {
		t.Fatal(err)
	}
	waiting := b.everything()
	b.fake.set(&sms.Undelivered{Stage: "answer", Temporary: true}, false) // takes it, and says that it did not
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- crew.Run(ctx, time.Second) }()
	defer func() { stop(); <-done }()
	soon := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("waited in vain: %s; %s", what, log.String())
			}
		}
	}
	soon("the first try", func() bool { return strings.Contains(log.String(), "tried again") })
	failed := b.everything()
	b.fake.set(nil, false)
	soon("the second try", func() bool { n, err := b.store.Outbox().Waiting(t.Context()); return n == 0 && err == nil })
	code := b.fake.texts()[0].Text[:6]
	if _, err := b.codes.Confirm(t.Context(), "s", "", code); err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(^|[^0-9a-fA-F])` + code + `([^0-9a-fA-F]|$)`)
	for what, text := range map[string]string{"waiting": waiting, "failed": failed, "typed": b.everything(), "log": log.String()} {
		if at := found.FindStringIndex(text); at != nil {
			t.Errorf("%s: the code stands in %q", what, text[max(0, at[0]-80):min(len(text), at[1]+80)])
		}
		if strings.Contains(text, number[1:]) || strings.Contains(text, "Pixel") {
			t.Errorf("%s: number or device", what)
		}
	}
	for _, table := range []string{"== river_job ==", "== audit_line ==", "== mail_job ==", "== otp_sheet =="} {
		if !strings.Contains(failed, table) {
			t.Errorf("%s was not looked at", table)
		}
	}
	if !strings.Contains(failed, "letter-sms") || !strings.Contains(failed, "otp.sent") {
		t.Error("there was nothing to look at")
	}
}
