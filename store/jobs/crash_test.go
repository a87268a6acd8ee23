package jobs

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/engine"
)

// crashing names the database on which the test binary, run again as another
// process, begins jobs that never end, until it is killed.
const crashing = "TUNNUS_JOBS_CRASH"

// crashed is the name of that process's crew.
const crashed = "the-one-that-died"

func hangForEver(where string) error {
	s, err := store.Open(context.Background(), where)
	if err != nil {
		return err
	}
	crew, err := New(Config{Database: s.Database(), Name: crashed, Log: slog.New(slog.DiscardHandler), Kinds: []Kind{{
		Name: "note", Timeout: time.Second, Do: func(_ context.Context, j Job) error {
			fmt.Println(j.ID)
			select {}
		},
	}}})
	if err != nil {
		return err
	}
	return crew.Run(context.Background(), time.Second)
}

// die lets another process begin both jobs, and kills it.
func die(t *testing.T, where string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), crashing+"="+where)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; n < 2 && lines.Scan(); n++ { // both have begun
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// places are empty databases.
func places() map[string]func(t testing.TB) string {
	return map[string]func(t testing.TB) string{
		"sqlite":   func(t testing.TB) string { return filepath.Join(t.TempDir(), "tunnus.db") },
		"postgres": func(t testing.TB) string { return cluster.Database(t) },
	}
}

// A process that is killed in the middle of a job loses none: another one does it
// once its time is over.
func TestKilledInTheMiddle(t *testing.T) {
	for name, where := range places() {
		t.Run(name, func(t *testing.T) {
			where := where(t)
			d := open(t, where)
			put(t, d, engine.Job{Kind: "note", ID: "a"}, engine.Job{Kind: "note", ID: "b"})
			die(t, where)
			// The jobs' time, and that of whoever led, passes at once here.
			w, _ := d.Raw()
			for _, q := range []string{`UPDATE river_job SET attempted_at = '2020-01-01 00:00:00'`, `DELETE FROM river_leader`} {
				if _, err := w.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
			y := newDiary(func(Job) error { return nil })
			work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}})
			until(t, "both again", func() bool { a, _ := y.seen("a"); b, _ := y.seen("b"); return a == 1 && b == 1 })
		})
	}
}

// Who starts again in the place of who was killed does what that one was doing, at
// once; and somebody else leaves it alone, who cannot know whether it is only slow.
func TestKilledAndStartedAgain(t *testing.T) {
	for name, where := range places() {
		t.Run(name, func(t *testing.T) {
			where := where(t)
			d := open(t, where)
			put(t, d, engine.Job{Kind: "note", ID: "a"}, engine.Job{Kind: "note", ID: "b"})
			die(t, where)
			stranger := newDiary(func(Job) error { return nil })
			work(t, Config{Database: d, Kinds: []Kind{stranger.kind("note")}, Name: "another"})
			time.Sleep(500 * time.Millisecond)
			if a, _ := stranger.seen("a"); a != 0 {
				t.Error("a job was taken from somebody who may live")
			}
			y := newDiary(func(j Job) error {
				if j.Try != 2 {
					return fmt.Errorf("try %d", j.Try)
				}
				return nil
			})
			began := time.Now()
			work(t, Config{Database: d, Kinds: []Kind{y.kind("note")}, Name: crashed})
			until(t, "both again", func() bool {
				a, _ := y.seen("a")
				b, _ := y.seen("b")
				c, _ := stranger.seen("a")
				e, _ := stranger.seen("b")
				return a+c == 1 && b+e == 1 // once they are put back, anybody may do them
			})
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}
