package faults

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// workers are the processes that judge faces for the server now.
func (h *House) workers() (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid …: the name may have anything in it
		rest := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(rest) < 2 || rest[1] != strconv.Itoa(h.cmd.Process.Pid) {
			continue
		}
		words, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		pid, err2 := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && err2 == nil && bytes.Contains(words, []byte("\x00worker\x00")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// strike sends a signal to the workers as they come, so many of them, and returns a
// function that ends that and tells how many it met.
func (h *House) strike(signal syscall.Signal, most int) (stop func() int) {
	end, met := make(chan struct{}), make(chan map[int]bool)
	go func() {
		seen := map[int]bool{}
		for {
			for _, pid := range h.workers() {
				if !seen[pid] && len(seen) < most && syscall.Kill(pid, signal) == nil {
					seen[pid] = true
				}
			}
			select {
			case <-end:
				met <- seen
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int { close(end); return len(<-met) }
}

// F20: the process that judges a face dies in the middle of it, or hangs. No verdict
// was there, so nothing is counted against anybody; the app asks again, and the
// registration ends as ever.
func TestFaceWorkerFails(t *testing.T) {
	h := built(t).running(t, SQLite)
	for i, c := range []struct {
		name   string
		signal syscall.Signal
		most   int
	}{
		{"it dies, twice", syscall.SIGKILL, 2},
		{"it hangs", syscall.SIGSTOP, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			stop := h.strike(c.signal, c.most)
			p := h.person(t, Names()[i])
			began := time.Now()
			if err := p.Register(t.Context()); err != nil {
				t.Fatalf("%v; %s", err, h.Tail())
			}
			t.Logf("it took %v", time.Since(began).Round(time.Millisecond))
			if n := stop(); n != c.most {
				t.Errorf("%d of %d workers were struck", n, c.most)
			}
			h.wellEnded(t)
		})
	}
	var failed, open int
	err := h.db.QueryRow(`SELECT (SELECT count(*) FROM lock_entry WHERE kind = 'failed'),
		(SELECT count(*) FROM lock_entry a WHERE kind = 'charged' AND NOT EXISTS (SELECT 1 FROM lock_entry b WHERE b.key = a.key AND b.attempt = a.attempt AND b.kind <> 'charged'))`).Scan(&failed, &open)
	if err != nil || failed != 0 || open != 0 {
		t.Errorf("%d attempts failed, %d are charged and not judged, %v", failed, open, err)
	}
}
