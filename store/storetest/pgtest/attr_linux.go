package pgtest

import "syscall"

// attributes run a process as somebody, and end it with the tests if these are killed.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
}
