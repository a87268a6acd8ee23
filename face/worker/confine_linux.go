package worker

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// confine bounds what this process may use from now on: memory, processor time,
// no new privileges, no core dump, no files written.
func confine(memory uint64, cpu time.Duration) error {
	seconds := uint64(cpu / time.Second)
	var errs []error
	for what, limit := range map[int]uint64{
		unix.RLIMIT_DATA: memory, unix.RLIMIT_CPU: seconds, unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0,
	} {
		errs = append(errs, unix.Setrlimit(what, &unix.Rlimit{Cur: limit, Max: limit}))
	}
	errs = append(errs, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
	return errors.Join(errs...)
}

// seal lets this process open nothing from now on: no file, no socket.
func seal() error { return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{}) }
