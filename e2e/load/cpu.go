package load

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of processor time in /proc: USER_HZ, which Linux shows as 100 on
// every machine (proc(5)).
const tick = 10 * time.Millisecond

// A stat is what is read of one process.
type stat struct {
	parent int
	own    time.Duration // user and system
	dead   time.Duration // of its children that have ended and been waited for
}

// read parses /proc/PID/stat (proc(5)): what stands behind the name in brackets.
func read(pid string) (s stat, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return s, err
	}
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(f) < 15 {
		return s, fmt.Errorf("load: /proc/%s/stat has %d fields", pid, len(f))
	}
	var n [15]int64
	for _, i := range []int{1, 11, 12, 13, 14} {
		if n[i], err = strconv.ParseInt(f[i], 10, 64); err != nil {
			return s, err
		}
	}
	return stat{int(n[1]), time.Duration(n[11]+n[12]) * tick, time.Duration(n[13]+n[14]) * tick}, nil
}

// spent is the processor time of a process, of its children that live, and of those
// that have ended.
func spent(pid int) (time.Duration, error) {
	s, err := read(strconv.Itoa(pid))
	if err != nil {
		return 0, err
	}
	all := s.own + s.dead
	others, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range others {
		if c, err := read(filepath.Base(dir)); err == nil && c.parent == pid { // one that has gone meanwhile is with the dead
			all += c.own + c.dead
		}
	}
	return all, nil
}

// yield lets everybody else have the processors before this process: phones work out
// much, and theirs would be other processors. What runs already is not concerned.
func yield() error {
	for range 2 { // threads that began meanwhile
		threads, err := filepath.Glob("/proc/self/task/*")
		if err != nil {
			return err
		}
		for _, t := range threads {
			id, err := strconv.Atoi(filepath.Base(t))
			if err != nil {
				return err
			}
			if err := syscall.Setpriority(syscall.PRIO_PROCESS, id, 19); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("load: priority: %w", err)
			}
		}
	}
	return nil
}

// cpu is processor time by who has used it.
type cpu struct{ server, postgres, phones time.Duration }

func (c cpu) minus(d cpu) cpu {
	return cpu{c.server - d.server, c.postgres - d.postgres, c.phones - d.phones}
}

func (c cpu) plus(d cpu) cpu {
	return cpu{c.server + d.server, c.postgres + d.postgres, c.phones + d.phones}
}
