// Package virtual is `tunnus virtual`: documents that exist only in a computer, for
// those who build or test what reads them.
package virtual

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/order"
	"github.com/tunnus-id/tunnus/document/virtual/vpcd"
)

// Command makes virtual documents.
type Command struct {
	Passport Passport `cmd:"" help:"Make a passport with a chip; lay it on a virtual card reader, or write its files."`
	Faults   Faults   `cmd:"" help:"List what can be ordered to be wrong with a passport."`
}

// Passport makes one passport.
type Passport struct {
	File    string        `arg:"" help:"Description of the passport (see doc/virtual.md), or one that the sandbox keeps (JSON)." type:"existingfile"`
	PCSC    bool          `name:"pcsc" help:"Lay it on the virtual reader of the PC/SC service (pcscd with vpcd) until interrupted. Any program that reads passports can then read it."`
	Address string        `help:"Where the virtual reader listens, with --pcsc." default:"${vpcd_address}"`
	Delay   time.Duration `help:"Answer that much later, with --pcsc, as a chip in another place would. Without it, as the description says."`
	Files   string        `help:"Folder for the files of the chip, and what its state publishes: country signer, link, revocation list, master list." type:"path"`
}

// maxFile is how much is read of a file, in bytes.
const maxFile = 4 << 20

// Run makes it, says what is printed on it, and lays it on the reader.
func (c Passport) Run(ctx context.Context) error {
	d, err := load(c.File)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := page(os.Stdout, d.Passport); err != nil {
		return err
	}
	if c.Files != "" {
		if err := save(c.Files, d); err != nil {
			return err
		}
	}
	if !c.PCSC {
		return nil
	}
	conn, err := vpcd.Dial(ctx, c.Address)
	if err != nil {
		return fmt.Errorf("%w (is pcscd running, with vsmartcard-vpcd?)", err)
	}
	fmt.Printf("\nIt lies on the virtual reader at %s until this is interrupted.\n", c.Address)
	return vpcd.Serve(ctx, conn, c.card(d))
}

// card is the passport as it answers.
func (c Passport) card(d *order.Document) late { return late{d.Passport, cmp.Or(c.Delay, d.Delay)} }

// late answers after a time.
type late struct {
	*virtual.Passport
	delay time.Duration
}

// Transceive implements vpcd.Card.
func (l late) Transceive(ctx context.Context, command []byte) ([]byte, error) {
	select {
	case <-time.After(l.delay):
		return l.Passport.Transceive(ctx, command)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// load makes the passport of a description, or reads one that was kept, of which
// there is nothing but the passport.
func load(name string) (*order.Document, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		d := &order.Document{Passport: new(virtual.Passport)}
		return d, json.Unmarshal(b, d.Passport)
	}
	o, err := order.Parse(b)
	if err != nil {
		return nil, err
	}
	state, err := o.Found(time.Now())
	if err != nil {
		return nil, err
	}
	return state.Make(o, os.DirFS(filepath.Dir(name)))
}

// page prints what is needed to open the chip.
func page(w io.Writer, p *virtual.Passport) error {
	_, err := fmt.Fprintf(w, "The code line opens it:\n\n%s\n", p.Zone())
	if err == nil && p.CAN() != "" {
		_, err = fmt.Fprintf(w, "\nor the card access number: %s\n", p.CAN())
	}
	return err
}

// save writes what a reader of the chip gets, and what its state publishes.
func save(dir string, d *order.Document) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	out := map[string][]byte{
		"EF_SOD.bin": d.Passport.SOD(), "EF_COM.bin": d.Passport.COM(), "EF_CardAccess.bin": d.Passport.CardAccess(), "EF_CardSecurity.bin": d.Passport.CardSecurity(),
		"CSCA.cer": d.CSCA, "CSCA_before.cer": d.Before, "CSCA_link.cer": d.Link, "DS.cer": d.Signer, "CSCA.crl": d.CRL, "UTO.ml": d.MasterList,
	}
	for n, g := range d.Passport.Groups() {
		out[fmt.Sprintf("DG%d.bin", n)] = g
	}
	for name, b := range out {
		if b == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Faults lists faults.
type Faults struct{}

// Run lists them.
func (Faults) Run() error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	all, row := order.Faults(), ""
	slices.SortStableFunc(all, func(a, b order.Kind) int { return strings.Compare(a.Row, b.Row) })
	for _, k := range all {
		if k.Row != row {
			fmt.Fprintf(t, "\n%s:\t\n", k.Row)
		}
		row = k.Row
		fmt.Fprintf(t, "  fault %s\t%s\n", k.Name, k.Says)
		for i := 0; i < len(k.Of); i += 6 {
			fmt.Fprintf(t, "  \t  of: %s\n", strings.Join(k.Of[i:min(i+6, len(k.Of))], ", "))
		}
	}
	return t.Flush()
}
