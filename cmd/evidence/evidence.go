// Package evidence takes the evidence of one registration out of a server's
// database and log, as a file that `tunnus verify evidence` checks (package
// trust/evidence). It reads only, and the server may be running; for what others have
// signed it opens the server's keys, under which that is sealed.
package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/logbook"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/audit"
	"github.com/tunnus-id/tunnus/trust/evidence"
	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tlog"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// Export is `tunnus log evidence`.
type Export struct {
	Config   string `required:"" help:"Configuration file (JSON) of the server, which has all roles: of a service in three processes the lines of certificates stand in the log of the role issue, and this cannot join two logs." type:"existingfile"`
	Document string `required:"" help:"Number of the account whose registration is meant, such as PNOXX-199002140017-ABCD-Q."`
	Out      string `required:"" help:"File to write; it must not exist. It holds the signed application and what others have signed, with the names of persons." type:"path"`
}

// Run exports.
func (c *Export) Run(ctx context.Context) error {
	cfg, err := config.Load(c.Config, config.All())
	if err != nil {
		return fmt.Errorf("the evidence is taken out of a server with all roles: %w", err)
	}
	where, err := cfg.Database()
	if err != nil {
		return err
	}
	if cfg.DatabaseFile == "" {
		if _, err := os.Stat(where); err != nil { // else an empty one would be made
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join(cfg.Data, logbook.KeyFile))
	if err != nil {
		return err
	}
	key, err := proof.ParseKey(string(text))
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, where)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	k := collector{lines: s.Log(), log: tlog.NewLog(s.Log(), folder.Read(cfg.Log.Folder), key)}
	f, err := k.collect(ctx, *cfg, s, c.Document)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	out, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(append(b, '\n'))
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	fmt.Printf("%d lines, %d certificates, %d confirmations and the application written to %s. `tunnus verify evidence` checks it.\n",
		len(f.Lines), len(f.Certificates), len(f.Confirmations), c.Out)
	return nil
}

// A collector finds lines and proves them.
type collector struct {
	lines tlog.Lines
	log   *tlog.Log
}

func (k collector) collect(ctx context.Context, cfg config.Config, s *store.Store, document string) (evidence.File, error) {
	a, err := s.Accounts().ByDocument(ctx, document)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return evidence.File{}, errors.New("no account has this number")
	}
	if err != nil {
		return evidence.File{}, err
	}
	f := evidence.File{Format: evidence.Format, Account: a.ID}
	for _, c := range a.Certificates {
		f.Certificates = append(f.Certificates, c.DER)
	}
	kept, err := s.Containers().Container(ctx, a.ID)
	if err != nil {
		return f, fmt.Errorf("the signed application: %w", err)
	}
	if kept.Level != asic.LT {
		return f, fmt.Errorf("the signed application is still at level %s; please try again in a moment", kept.Level)
	}
	f.Container = kept.File
	own, err := k.lines.Of(ctx, a.ID)
	if err != nil {
		return f, err
	}
	if f.Session, err = k.session(ctx, a, own); err != nil {
		return f, err
	}
	all, err := k.lines.Of(ctx, f.Session)
	if err != nil {
		return f, err
	}
	if f.Confirmations, err = k.confirmations(ctx, cfg, s, f.Session, all); err != nil {
		return f, err
	}
	f.Lines, err = k.prove(ctx, merged(all, until(own)))
	return f, err
}

// until leaves out what came after the account was active: that is no part of its
// registration.
func until(own []tlog.Line) []tlog.Line {
	for i, l := range own {
		if e, ok := open(l); ok && e.Kind == "account."+string(account.Activate) {
			return own[:i+1]
		}
	}
	return own
}

// merged puts lines into the order of the log. Both are in it already.
func merged(a, b []tlog.Line) []tlog.Line {
	var out []tlog.Line
	for len(a) > 0 && len(b) > 0 {
		if a[0].Index < b[0].Index {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

func (k collector) prove(ctx context.Context, lines []tlog.Line) ([]proof.Inclusion, error) {
	var out []proof.Inclusion
	for _, l := range lines {
		if l.Waiting {
			return nil, errors.New("a line of this registration is not in the log yet; please try again in a moment")
		}
		p, err := k.log.Proof(ctx, l.Index)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", l.Index, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// A registration takes minutes: the line that names its account stands a little
// before the first line of the account. Where it does not, all of the log is looked through.
const (
	nearby = 5000
	page   = 500
)

// session finds the registration that an account came of.
func (k collector) session(ctx context.Context, a account.Account, own []tlog.Line) (string, error) {
	if len(own) == 0 || own[0].Waiting {
		return "", errors.New("the log has no line of this account yet; please try again in a moment")
	}
	for _, from := range []uint64{own[0].Index - min(own[0].Index, nearby), 0} {
		for at := from; at <= own[0].Index; {
			lines, err := k.lines.Page(ctx, at, page)
			if err != nil || len(lines) == 0 {
				return "", errors.Join(err, errors.New("the log has no line of this registration"))
			}
			for _, l := range lines {
				if e, ok := open(l); ok && e.Kind == "enrol.plan" && e.Detail["account"] == a.ID {
					return e.Subject, nil
				}
			}
			at = lines[len(lines)-1].Index + 1
		}
	}
	return "", errors.New("the log has no line of this registration")
}

// open reads a line; one that is erased says nothing.
func open(l tlog.Line) (tunnus.Event, bool) {
	if l.Record == nil {
		return tunnus.Event{}, false
	}
	e, err := audit.Open(audit.Line{Record: l.Record, Salt: l.Salt, Leaf: l.Leaf})
	return e, err == nil
}
