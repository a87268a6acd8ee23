package faults

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tunnus-id/tunnus/e2e/faults/check"
)

// used is what the server's process has of the machine (proc(5)).
func (h *House) used() check.Usage {
	if h.cmd == nil || h.cmd.Process == nil {
		return check.Usage{}
	}
	at := fmt.Sprintf("/proc/%d/", h.cmd.Process.Pid)
	files, err1 := os.ReadDir(at + "fd")
	text, err2 := os.ReadFile(at + "statm")
	var size, resident int
	_, err3 := fmt.Fscan(bytes.NewReader(text), &size, &resident)
	if err1 != nil || err2 != nil || err3 != nil { // it has just gone
		return check.Usage{}
	}
	return check.Usage{Files: len(files), Memory: resident * os.Getpagesize()}
}

// open is what the server's process has open, by kind, for who has to find what stayed.
func (h *House) open() map[string]int {
	kinds := map[string]int{}
	at := fmt.Sprintf("/proc/%d/fd/", h.cmd.Process.Pid)
	files, _ := os.ReadDir(at)
	for _, f := range files {
		name, _ := os.Readlink(at + f.Name())
		kind, _, _ := strings.Cut(filepath.Base(name), ":")
		kinds[kind]++
	}
	return kinds
}
