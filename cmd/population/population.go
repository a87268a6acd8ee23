// Package population looks after the register of people in a server's own database.
package population

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/store"
	shelf "github.com/tunnus-id/tunnus/store/people"
)

// An Import brings the register to what a file says.
type Import struct {
	File     string `arg:"" help:"People as JSON (doc/population.md)." type:"existingfile"`
	Complete bool   `help:"The file has everybody: who is not in it is taken out."`
	DryRun   bool   `help:"Only tell what would change."`
}

// maxFile bounds a file of people, which is read whole.
const maxFile = 2 << 30

// Do imports into the database at a place, and tells what changes without naming
// anybody. A server may have the database open.
func (i Import) Do(ctx context.Context, where string, out io.Writer) error {
	info, err := os.Stat(i.File)
	if err != nil {
		return err
	}
	if info.Size() > maxFile {
		return fmt.Errorf("the file has more than %d bytes", maxFile)
	}
	b, err := os.ReadFile(i.File)
	if err != nil {
		return err
	}
	list, err := people.ParseFile(b)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, where)
	if err != nil {
		return err
	}
	report, err := people.Import(ctx, shelf.NewRegister(s.Database()), list, people.Order{
		Complete: i.Complete, Dry: i.DryRun, Now: tunnus.SystemClock{}.Now(),
	})
	for _, line := range report.Lines() {
		fmt.Fprintln(out, line)
	}
	return errors.Join(err, s.Close())
}
