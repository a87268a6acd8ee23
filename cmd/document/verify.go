package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/trustlist"
)

// Verify judges the files of a chip.
type Verify struct {
	Folder string    `arg:"" help:"Folder with the raw files of the chip: EF_SOD.bin, DG1.bin, DG2.bin …; EF_COM.bin, EF_CardAccess.bin and EF_CardSecurity.bin if they were read."`
	Trust  string    `required:"" placeholder:"FILE" help:"Trust list: see tunnus trust import."`
	At     time.Time `placeholder:"TIME" help:"Judge as of this time (RFC 3339) instead of now."`
	JSON   bool      `help:"Print JSON."`
}

// ErrNotWell ends a command that has told which checks failed.
var ErrNotWell = errors.New("the document is not well")

// Run prints how each check went. It fails with [ErrNotWell] if one failed; what
// could not be performed (a chip's proofs, revocation without a list) is told and
// is no failure.
func (c Verify) Run() error {
	trust, err := openTrust(c.Trust)
	if err != nil {
		return err
	}
	ev, err := readFolder(c.Folder)
	if err != nil {
		return err
	}
	now := c.At
	if now.IsZero() {
		now = time.Now()
	}
	report := emrtd.Inspect(ev, trust, now)
	if err := printReport(os.Stdout, report, c.JSON); err != nil {
		return err
	}
	if !report.Good() {
		return ErrNotWell
	}
	return nil
}

// openTrust reads a trust list.
func openTrust(name string) (*trustlist.List, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	list, err := trustlist.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// maxChipFile is more than any file of a chip that is read has, in bytes.
const maxChipFile = 1 << 20

// readFolder takes the files that have the names of files of a chip.
func readFolder(dir string) (emrtd.Evidence, error) {
	ev := emrtd.Evidence{Groups: map[int][]byte{}}
	for _, f := range []struct {
		name string
		to   *[]byte
	}{{"EF_SOD", &ev.SOD}, {"EF_COM", &ev.COM}, {"EF_CardAccess", &ev.Access.CardAccess}, {"EF_CardSecurity", &ev.CardSecurity}} {
		var err error
		if *f.to, err = readFile(dir, f.name); err != nil {
			return emrtd.Evidence{}, err
		}
	}
	if ev.SOD == nil {
		return emrtd.Evidence{}, fmt.Errorf("%s: no EF_SOD.bin in it", dir)
	}
	for n := 1; n <= 16; n++ {
		b, err := readFile(dir, fmt.Sprintf("DG%d", n))
		if err != nil {
			return emrtd.Evidence{}, err
		}
		if b != nil {
			ev.Groups[n] = b
		}
	}
	return ev, nil
}

// readFile reads one file; nil if there is none.
func readFile(dir, name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, name+".bin"))
	if errors.Is(err, os.ErrNotExist) {
		_, err = os.Stat(dir)
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxChipFile+1))
	if err == nil && len(b) > maxChipFile {
		err = fmt.Errorf("%s: over %d bytes", f.Name(), maxChipFile)
	}
	return b, err
}

// judged is a report as JSON.
type judged struct {
	Good   bool      `json:"good"`
	Checks []checked `json:"checks"`
	Zone   *said     `json:"zone,omitempty"` // what the state has signed of the holder
}

type checked struct {
	Name   string       `json:"name"`
	Result emrtd.Result `json:"result"`
	Reason emrtd.Reason `json:"reason,omitempty"`
	Detail string       `json:"detail,omitempty"`
}

func printReport(w io.Writer, r emrtd.Report, asJSON bool) error {
	if !asJSON {
		return writeReport(w, r)
	}
	out := judged{Good: r.Good()}
	for _, c := range r.Checks {
		out.Checks = append(out.Checks, checked(c))
	}
	if r.Zone != (mrz.Zone{}) {
		zone := says(r.Zone)
		out.Zone = &zone
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func writeReport(w io.Writer, r emrtd.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range r.Checks {
		fmt.Fprintf(t, "%s\t%s\t%s\n", c.Name, c.Result, c.Detail)
	}
	return t.Flush()
}
