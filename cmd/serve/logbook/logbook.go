// Package logbook is the transparency log of one process put together: the key
// that signs its checkpoints, what feeds the audit lines of the database into
// it, and the proofs that it gives.
package logbook

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/key/hsm/token"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tlog"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// KeyFile is the name of the file with the log's public key, beside the log: what
// `tunnus verify log --key` takes.
const KeyFile = "log.pub"

// A Book is the log of one process.
type Book struct {
	*tlog.Log
	Key    string // public, one line
	dir    string
	feeder *tlog.Feeder
	signer *hsm.Signer
}

// Open opens the log of a process, or begins it.
func Open(cfg *config.Config, s *store.Store, clock tunnus.Clock) (*Book, error) {
	if err := Lost(cfg, s); err != nil {
		return nil, err
	}
	key, err := openKey(cfg.Log)
	if err != nil {
		return nil, err
	}
	b := &Book{dir: cfg.Log.Folder, signer: key}
	sign, public, err := folder.NewSigner(origin(cfg), key)
	if err != nil {
		return nil, errors.Join(err, key.Close())
	}
	verify, err := proof.ParseKey(public)
	if err == nil {
		err = goesOn(cfg.Log.Folder, verify)
	}
	if err != nil {
		return nil, errors.Join(err, key.Close())
	}
	b.Key = public
	node, err := nodeName(filepath.Join(cfg.Data, nodeFile))
	if err != nil {
		return nil, errors.Join(err, key.Close())
	}
	b.feeder = tlog.NewFeeder(tlog.Config{
		Store: s.Log(), Lines: s.Log(), Clock: clock, Holder: node,
		Open: func(ctx context.Context) (tlog.Tree, error) { return folder.Open(ctx, b.dir, sign) },
	})
	b.Log = tlog.NewLog(s.Log(), folder.Read(b.dir), verify)
	path := filepath.Join(cfg.Data, KeyFile)
	if err := os.WriteFile(path, []byte(public+"\n"), 0o644); err != nil {
		return nil, errors.Join(err, key.Close())
	}
	return b, nil
}

// nodeFile holds the name under which the process of this folder feeds. The folder
// is open in one process at a time, so the next one need not wait for the lease of
// one that was killed.
const nodeFile = "node"

func nodeName(path string) (string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text())
		err = os.WriteFile(path, b, 0o600)
	}
	return string(b), err
}

// ErrLost says that a database has lines in a log of which nothing is there: a new
// one, and perhaps a new key, would be another log under the same name.
var ErrLost = errors.New("the log of this database is not there; put its folder and its key back (doc/restore.md)")

// Lost fails with [ErrLost] if the log has not begun, as far as its folder says, and
// the database knows better.
func Lost(cfg *config.Config, s *store.Store) error {
	_, err := folder.Lines(cfg.Log.Folder)
	if !errors.Is(err, fs.ErrNotExist) {
		return nil // what it is worth is seen when it is opened
	}
	known, err := s.Log().Count(context.Background())
	if err == nil && known > 0 {
		err = fmt.Errorf("%w: %d lines are known, and there are none in %s", ErrLost, known, cfg.Log.Folder)
	}
	return err
}

// goesOn makes sure that a log which has begun is this key's, by this name.
func goesOn(dir string, key proof.Key) error {
	signed, err := folder.Read(dir).Checkpoint(context.Background())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it begins
	}
	if err == nil {
		_, err = key.Open(signed)
	}
	if err != nil {
		return fmt.Errorf("the log in %s goes on under its own key and name, or not at all: %w", dir, err)
	}
	return nil
}

// origin names the log; processes with some roles only have logs of their own.
func origin(cfg *config.Config) string {
	name := cfg.Scheme + "/log"
	if cfg.Log.Origin != "" {
		return cfg.Log.Origin
	}
	if len(cfg.Roles) == len(config.All()) {
		return name
	}
	for _, r := range cfg.Roles {
		name += "/" + string(r)
	}
	return name
}

// openKey opens the key of the log, or makes it together with the log: a log that
// has begun goes on under its own key or not at all.
func openKey(c config.LogConfig) (*hsm.Signer, error) {
	_, err := os.Stat(c.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		made, err := hsm.CreateSigner(c.Key, token.Ed25519)
		if err == nil {
			return made, nil
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, token.ErrExists) {
			return nil, err
		}
	}
	return hsm.OpenSigner(c.Key)
}

// FeedEvery is how often [Book.Feed] is to be called.
const FeedEvery = 200 * time.Millisecond

// Feed brings lines that wait into the log.
func (b *Book) Feed(ctx context.Context) error {
	_, err := b.feeder.Feed(ctx)
	return err
}

// How long an issued certificate may take until it is logged, and how often one looks.
const (
	logWithin = 10 * time.Second
	lookEvery = 50 * time.Millisecond
)

// Await waits until a certificate of an account is proved to be in the log.
// Before, nobody may rely on it (security.md R10).
func (b *Book) Await(ctx context.Context, account string, der []byte) error {
	ctx, stop := context.WithTimeout(ctx, logWithin)
	defer stop()
	for {
		if err := b.Feed(ctx); err != nil {
			return fmt.Errorf("log: %w", err)
		}
		ok, err := b.Logged(ctx, account, der)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("log: a certificate is not logged yet: %w", ctx.Err())
		case <-time.After(lookEvery):
		}
	}
}

// Certificate proves that a certificate of an account is in the log, with the
// log's public key. It fails with [tunnus.CodeNotFound] if it is not.
func (b *Book) Certificate(ctx context.Context, account string, der []byte) (p proof.Inclusion, key string, err error) {
	p, err = b.Log.Certificate(ctx, account, der)
	return p, b.Key, err
}

// Mount serves the log's files: anybody may have a copy of them.
func (b *Book) Mount(mux *http.ServeMux) {
	mux.Handle("GET /log/", http.StripPrefix("/log/", http.FileServerFS(folder.Public(b.dir))))
}

// Close publishes what was appended. It comes before the database is closed.
func (b *Book) Close() error { return errors.Join(b.feeder.Close(), b.signer.Close()) }
