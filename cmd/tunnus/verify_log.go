package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tiles"
)

// verifyLog checks a whole transparency log, off line.
type verifyLog struct {
	Dir     string   `arg:"" help:"Folder of the log, or a copy of it." type:"existingdir"`
	Key     string   `required:"" help:"File with the log's public key, one line. Have it from somewhere else than the folder." type:"existingfile"`
	Since   []string `help:"Checkpoint that you kept from an earlier check: the log must begin with what it had then. May be given several times." type:"existingfile"`
	Records string   `help:"Records to be compared with the log, as 'tunnus log export' writes them. Of a log that grows: copy its folder first, export then, and check the copy." type:"existingfile"`
	Keep    string   `help:"File to leave the newest checkpoint in, for --since of the next check. Written only if all is well." type:"path"`
	JSON    bool     `help:"Print one JSON object."`
}

// Run verifies, and ends with 0 if everything holds and with 1 if anything does not.
func (c *verifyLog) Run() error {
	text, err := os.ReadFile(c.Key)
	if err != nil {
		return err
	}
	o := tiles.Options{}
	if o.Key, err = proof.ParseKey(string(text)); err != nil {
		return fmt.Errorf("%s: %w", c.Key, err)
	}
	for _, path := range c.Since {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		o.Since = append(o.Since, b)
	}
	if c.Records != "" {
		f, err := os.Open(c.Records)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		o.Lines = tiles.NewLines(f)
	}
	r, err := tiles.Check(os.DirFS(c.Dir), o)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: this is not the folder of a log: it has no checkpoint", c.Dir)
	}
	if err != nil {
		return err
	}
	return errors.Join(c.keep(r), c.tell(r))
}

// keep leaves the checkpoint for the next check.
func (c *verifyLog) keep(r tiles.Report) error {
	if c.Keep == "" || !r.Sound() {
		return nil
	}
	return os.WriteFile(c.Keep, r.Checkpoint.Signed, 0o644)
}

// A logVerdict is what JSON prints.
type logVerdict struct {
	verdict
	Origin  string   `json:"origin,omitempty"`
	Size    uint64   `json:"size"`
	Records uint64   `json:"records"`
	Erased  uint64   `json:"erased"`
	Waiting uint64   `json:"waiting"`
	Faults  []string `json:"faults,omitempty"`
}

// tell prints the verdict.
func (c *verifyLog) tell(r tiles.Report) error {
	v := logVerdict{
		verdict: verdict{OK: r.Sound(), Checked: c.checked(r)}, Origin: r.Checkpoint.Origin, Size: r.Checkpoint.Size,
		Records: r.Records, Erased: r.Erased, Waiting: r.Waiting, Faults: r.Faults,
	}
	if !v.OK {
		v.Checked, v.Why = nil, r.Faults[0]
	}
	if c.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(v); err != nil {
			return err
		}
	} else {
		for _, line := range v.Checked {
			fmt.Println("ok   ", line)
		}
		for _, f := range r.Faults {
			fmt.Println("FAIL ", f)
		}
		if r.More > 0 {
			fmt.Printf("FAIL  … and %d more.\n", r.More)
		}
		if v.OK {
			fmt.Println("GOOD ", filepath.Base(c.Dir))
		}
	}
	if !v.OK {
		return errSaid
	}
	return nil
}

func checks(n int) string {
	if n == 1 {
		return "the earlier check"
	}
	return fmt.Sprintf("%d earlier checks", n)
}

// checked says in words what holds.
func (c *verifyLog) checked(r tiles.Report) []string {
	lines := []string{
		fmt.Sprintf("checkpoint: signed by the key of %q, for %d lines", r.Checkpoint.Origin, r.Checkpoint.Size),
		fmt.Sprintf("entries: all %d read and hashed; their root is the one that was signed", r.Entries),
		fmt.Sprintf("tiles: %d files with hashes, each as the entries give it", r.Tiles),
	}
	if len(c.Since) > 0 {
		lines = append(lines, fmt.Sprintf("history: the log begins with what it was at %s; nothing was changed or cut since", checks(r.Since)))
	}
	if c.Records != "" {
		lines = append(lines, fmt.Sprintf("records: %d are the ones that were logged; %d lines are erased, of which the leaf is left; %d came after this checkpoint",
			r.Records, r.Erased, r.Waiting))
	}
	return lines
}
