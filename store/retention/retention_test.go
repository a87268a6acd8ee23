package retention

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/jobs"
)

// oldest is the time that a rule spares at noon, and youngest the one that it does
// not: budgets go by the day.
func oldest(r Rule) int64 { return engine.Millis(r.before(scheme.Nordic().Retention, noon)) }

func past(r Rule) int64 {
	if r.Table == "otp_spend" {
		return oldest(r) - day.Milliseconds()
	}
	return oldest(r) - 1
}

// A row that is just too young stays, and one that is a millisecond too old goes; of
// each rule, on both engines.
func TestEachRuleToTheMillisecond(t *testing.T) {
	rows := aged()
	if len(rows) != len(Rules()) {
		t.Fatalf("%d kinds of rows for %d rules", len(rows), len(Rules()))
	}
	everywhere(t, func(w *world) {
		young := map[string]int{}
		for i, r := range Rules() {
			rows[i](w, oldest(r))
			young[r.Table]++
		}
		check := func(which string) {
			w.Helper()
			w.run()
			for table, want := range young {
				if n := w.count(table); n != want {
					w.Errorf("%s: %s: %d left; want %d", which, table, n, want)
				}
			}
		}
		check("young")
		for i, r := range Rules() {
			rows[i](w, past(r))
		}
		check("and old")
	})
}

// No transaction deletes more than a batch, whatever there is, and what there is goes
// in the end. The number is asserted, not a time: with a million rows it is the same.
func TestBatchesAreBounded(t *testing.T) {
	if Batch < 1 || Batch > 1000 {
		t.Errorf("a batch of %d rows", Batch)
	}
	rows := aged()
	everywhere(t, func(w *world) {
		for i, r := range Rules() {
			for n := range 5 {
				rows[i](w, past(r)-int64(n)*2*day.Milliseconds())
			}
			for _, left := range []int{3, 1, 0} {
				err := w.d.Write(w.Context(), func(t *engine.Tx) error {
					_, err := r.forget(w.Context(), t, page{oldest(r), 2})
					return err
				})
				if n := w.count(r.Table); err != nil || n != left {
					w.Fatalf("%s (%s): %d left, %v; want %d", r.Table, r.What, n, err, left)
				}
			}
		}
	})
}

// What somebody still needs stays, however old it is.
func TestWhatIsNeededStays(t *testing.T) {
	everywhere(t, func(w *world) {
		for _, state := range []string{"open", "parked", "undoing"} {
			id := "'" + state + "'"
			w.put("enrol_session", row{"id": id, "way": "'desk'", "purpose": "'new'", "state": id})
			w.put("otp_sheet", row{"session": id})
			w.put("enrol_question", row{"session": id, "about": "'vouch'", "state": "'answered'", "sealed": "''", "record": "''"})
			w.put("review_case", row{"rev": "1", "session": id, "kind": "'copyable'", "state": "'approved'", "folder": "''", "pictures": "''", "contact": "''"})
		}
		for table, rows := range map[string][]row{
			"enrol_question":  {{"about": "'vouch'", "state": "'asked'"}, {"about": "'vouch'", "state": "'claimed'"}},
			"review_case":     {{"rev": "1", "kind": "'copyable'", "state": "'open'"}, {"rev": "1", "kind": "'copyable'", "state": "'claimed'"}},
			"desk_session":    {{"rev": "1", "state": "'opened'"}, {"rev": "1", "state": "'attested'"}},
			"appointment":     {{"rev": "1", "state": "'booked'"}},
			"staff_finding":   {{"rev": "1", "kind": "'fraud'", "state": "'opened'"}, {"rev": "1", "kind": "'holder'", "state": "'seconded'"}},
			"mail_job":        {{"state": "'waiting'", "channel": "'sms'"}},
			"login_session":   {{"state": "'RUNNING'", "end_result": "''"}, {"state": "'COMPLETE'", "ended": "1"}},
			"holder_case":     {{"kind": "'not-me'"}},
			"contact":         {{"kind": "'sms'", "state": "'confirmed'"}, {"kind": "'sms'", "state": "'stopped'", "sealed": "''"}, {"kind": "'sms'", "state": "'leaving'"}},
			"account":         {account(row{"id": "'lives'", "state": "'blocked'"}), account(row{"id": "'ended'", "state": "'closed'"})},
			"container":       {{"account": "'lives'", "rev": "1", "level": "'B'", "stamp": "''", "due": "1"}},
			"population_case": {{"account": "'lives'", "finding": "'absent'", "settled": "true"}},
			"audit_line":      {{"log_index": "NULL"}},
			"lock_entry":      {{"place": "0"}},
		} {
			for _, r := range rows {
				w.put(table, r)
			}
		}
		before := map[string]int{}
		for table := range w.columns {
			before[table] = w.count(table)
		}
		w.run()
		for table, n := range before {
			if got := w.count(table); got != n {
				w.Errorf("%s: %d of %d left", table, got, n)
			}
		}
	})
}

// A run that is cut short has deleted whole batches, and the next one goes on.
func TestCutShort(t *testing.T) {
	everywhere(t, func(w *world) {
		r := Rules()[slices.IndexFunc(Rules(), func(r Rule) bool { return r.Table == "staff_lookup" })]
		for range 2*Batch + 7 {
			w.put("staff_lookup", row{"at": fmt.Sprint(past(r))})
		}
		ctx, cancel := context.WithCancel(w.Context())
		stop := r
		stop.forget = func(ctx context.Context, t *engine.Tx, p page) (int64, error) {
			defer cancel() // the process dies, as it were, after the first batch
			return r.forget(context.WithoutCancel(ctx), t, p)
		}
		if n, err := job(w.d).apply(ctx, stop); err == nil && n > Batch {
			w.Errorf("%d, %v", n, err)
		}
		if n := w.count(r.Table); n != 2*Batch+7 && n != Batch+7 {
			w.Errorf("%d left after a part of it", n)
		}
		w.run()
		if n := w.count(r.Table); n != 0 {
			w.Errorf("%d left in the end", n)
		}
	})
}

// A rule that fails keeps no other from being applied, and without rules there is no deleting.
func TestFaults(t *testing.T) {
	everywhere(t, func(w *world) {
		w.put("tap", row{"purpose": "'stop'"})
		if _, err := (Job{Database: w.d, Clock: job(w.d).Clock}).Run(w.Context()); err == nil || w.count("tap") != 1 {
			w.Errorf("without rules: %v, %d left", err, w.count("tap"))
		}
		w.exec("ALTER TABLE otp_spend RENAME TO away")
		defer w.exec("ALTER TABLE away RENAME TO otp_spend") // the database is used again
		if _, err := job(w.d).Run(w.Context()); err == nil || w.count("tap") != 0 {
			w.Errorf("with a fault: %v, %d left", err, w.count("tap"))
		}
	})
}

// Several nodes delete once a night between them.
func TestOnceANight(t *testing.T) {
	everywhere(t, func(w *world) {
		var done atomic.Int32
		kind := jobs.Kind{Name: "retention", Do: func(ctx context.Context, _ jobs.Job) error {
			done.Add(1)
			_, err := job(w.d).Run(ctx)
			return err
		}}
		ctx, cancel := context.WithCancel(w.Context())
		over := make(chan error)
		began := time.Since(time.Now().UTC().Truncate(day)) // the night begins now
		for range 3 {
			crew, err := jobs.New(jobs.Config{
				Database: w.d, Kinds: []jobs.Kind{kind}, Log: slog.New(slog.DiscardHandler),
				Periodic: []jobs.Periodic{{Kind: "retention", Every: day, At: began}},
			})
			if err != nil {
				w.Fatal(err)
			}
			go func() { over <- crew.Run(ctx, time.Second) }()
		}
		for end := time.Now().Add(20 * time.Second); done.Load() == 0 && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Second) // who would do it again has had the time
		cancel()
		for range 3 {
			<-over
		}
		if n := done.Load(); n != 1 {
			w.Errorf("done %d times", n)
		}
	})
}
