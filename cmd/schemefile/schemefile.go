// Package schemefile is `tunnus scheme`: it validates scheme files for who writes
// them. What is right or wrong in a file is decided by package enrol/scheme.
package schemefile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tunnus-id/tunnus/cmd/engine"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/scheme/format"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Command looks after scheme files.
type Command struct {
	Check Check `cmd:"" help:"Validate scheme files: prints name, revision and a summary of each, or every fault with its path."`
}

// Check validates scheme files.
type Check struct {
	Files []string `arg:"" name:"file" help:"Scheme files; doc/scheme.md describes them."`
}

// ErrFaults ends a command that has told what is wrong.
var ErrFaults = errors.New("not all of these are scheme files")

// maxScheme is more than a scheme file may have: the rest is not read.
const maxScheme = 1 << 20

// Run checks all files, and fails if one has a fault.
func (c Check) Run() error {
	bad := false
	for _, name := range c.Files {
		rules, err := read(name)
		if err != nil {
			bad = true
			complain(os.Stderr, name, err)
			continue
		}
		summarise(os.Stdout, name, rules)
	}
	if bad {
		return ErrFaults
	}
	return nil
}

func read(name string) (scheme.Rules, error) {
	f, err := os.Open(name)
	if err != nil {
		return scheme.Rules{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxScheme))
	if err != nil {
		return scheme.Rules{}, err
	}
	rules, err := scheme.Parse(name, b)
	if err != nil {
		return scheme.Rules{}, err
	}
	return rules.CalibratedIn(os.DirFS(filepath.Dir(name)), engine.Of(rules, "", "").Meta())
}

// complain prints each fault in a line of its own, behind the file's name.
func complain(w io.Writer, name string, err error) {
	var faults format.Faults
	if !errors.As(err, &faults) {
		fmt.Fprintf(w, "%s: %v\n", name, err)
		return
	}
	for _, f := range faults {
		fmt.Fprintf(w, "%s: %s\n", name, f)
	}
	fmt.Fprintf(w, "%s: faults: %d\n", name, len(faults))
}

func summarise(w io.Writer, name string, r scheme.Rules) {
	fmt.Fprintf(w, "%s: good\n  revision   %s\n", name, r.Revision())
	fmt.Fprintf(w, "  countries  %s\n  languages  %s\n", strings.Join(r.Countries, " "), strings.Join(r.Languages, " "))
	for _, each := range way.All() {
		rules := r.Ways[each]
		if !rules.On {
			continue
		}
		var purposes []string
		for _, p := range rules.Purposes {
			purposes = append(purposes, string(p))
		}
		fmt.Fprintf(w, "  way        %s: %s; %s\n", each, rules.Level, strings.Join(purposes, ", "))
	}
	fmt.Fprintf(w, "  rows       %d of eligibility\n", len(r.File.Eligible))
	var steps []string
	for _, rung := range r.Ledger.Judgement.Ladder {
		lock, err := rung.Lock.MarshalText()
		if err != nil {
			lock = []byte("?")
		}
		steps = append(steps, fmt.Sprintf("%d → %s", rung.Failures, lock))
	}
	fmt.Fprintf(w, "  document   %s\n", strings.Join(steps, ", "))
	for _, open := range r.Open() {
		fmt.Fprintf(w, "  note       %s\n", open)
	}
}
