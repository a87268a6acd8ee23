package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"filippo.io/age"

	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/backup"
	"github.com/tunnus-id/tunnus/store/engine"
)

// maxManifest bounds what is read of a manifest.
const maxManifest = 16 << 20

// A Backup is a folder whose files are all there and as they were written.
type Backup struct {
	Manifest
	dir string
	by  []age.Identity
}

// Open reads a backup, and verifies the hash of each file in it. Identity is a file
// with age's secret keys; "" if it is not encrypted. Hashes find damage: who can
// write the folder can write the manifest, too.
func Open(dir, identity string) (*Backup, error) {
	f, err := os.Open(filepath.Join(dir, ManifestFile))
	if err != nil {
		return nil, fmt.Errorf("no backup: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	b := &Backup{dir: dir}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b.Manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestFile, err)
	}
	if b.Format != Format {
		return nil, fmt.Errorf("%s: format %q; this version reads %q", ManifestFile, b.Format, Format)
	}
	if b.Encrypted {
		if b.by, err = identities(identity); err != nil {
			return nil, err
		}
	}
	var errs []error
	for _, file := range b.Files {
		errs = append(errs, b.whole(file))
	}
	return b, errors.Join(errs...)
}

func identities(path string) ([]age.Identity, error) {
	if path == "" {
		return nil, errors.New("the backup is encrypted; name the file with its identity")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return age.ParseIdentities(f)
}

// whole compares a file with its hash.
func (b *Backup) whole(file File) error {
	if file.Name != path.Clean(file.Name) || !filepath.IsLocal(filepath.FromSlash(file.Name)) {
		return fmt.Errorf("%s: %q leaves the folder", ManifestFile, file.Name)
	}
	in, err := os.Open(filepath.Join(b.dir, filepath.FromSlash(file.Name)))
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err != nil {
		return err
	}
	if n != file.Bytes || hex.EncodeToString(h.Sum(nil)) != file.SHA256 {
		return fmt.Errorf("%s is not as it was written", file.Name)
	}
	return nil
}

// opened is a file of the backup, in clear.
type opened struct {
	io.Reader
	io.Closer
}

func (b *Backup) open(name string) (io.ReadCloser, error) {
	if b.Encrypted {
		name += ".age"
	}
	if !b.has(name) {
		return nil, fmt.Errorf("%s is not in the backup", name)
	}
	f, err := os.Open(filepath.Join(b.dir, filepath.FromSlash(name)))
	if err != nil || !b.Encrypted {
		return f, err
	}
	r, err := age.Decrypt(f, b.by...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return opened{r, f}, nil
}

// ErrOther says that a backup is of another process than the one that restores.
var ErrOther = errors.New("the backup is of another scheme, of other roles or of another database")

// Fits fails with [ErrOther] if the backup is not of the process that is configured.
func (b *Backup) Fits(cfg *config.Config) error {
	where, err := cfg.Database()
	if err != nil {
		return err
	}
	is := "sqlite"
	if engine.IsPostgreSQL(where) {
		is = "postgres"
	}
	if b.Scheme != cfg.Scheme || is != b.Engine || !slices.Equal(b.Roles, cfg.Roles) {
		return ErrOther
	}
	return nil
}

// Database puts the copy of the database where the configuration says. A SQLite
// file that is there must be moved away first; a PostgreSQL database must be
// empty. Afterwards it has to be joined with its second place, before anybody
// opens a server on it.
func (b *Backup) Database(ctx context.Context, cfg *config.Config) error {
	where, err := cfg.Database()
	if err == nil {
		err = b.Fits(cfg)
	}
	if err != nil {
		return err
	}
	if !engine.IsPostgreSQL(where) {
		return b.sqlite(where)
	}
	schema, err := store.Schema()
	if err != nil {
		return err
	}
	if b.Tables == nil {
		return fmt.Errorf("%s: no tables", ManifestFile)
	}
	return backup.Load(ctx, where, schema.Migrations, *b.Tables, func(table string) (io.ReadCloser, error) { return b.open("database/" + table) })
}

// sqlite writes the file, whole or not at all.
func (b *Backup) sqlite(path string) error {
	for _, end := range []string{"", "-wal", "-shm"} {
		if _, err := os.Stat(path + end); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fmt.Errorf("%s is there; move it away first, with what stands beside it, or go on without --from", path+end), err)
		}
	}
	in, err := b.open("database.db")
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	next := path + ".restoring"
	out, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return os.Rename(next, path)
}
