// Package backup is `tunnus backup` put together: a copy of one process's
// database, of its second place and of its log, in a folder with a manifest, and
// the reading of such a folder for `tunnus restore --from`.
//
// Keys are not in it: neither those that seal rows nor those of the authority and
// of the log. Whoever has copy and keys in one place has all there is.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"filippo.io/age"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/store/backup"
	"github.com/tunnus-id/tunnus/store/engine"
	tree "github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// Format names the form of a backup's folder.
const Format = "tunnus-backup/1"

// ManifestFile tells what is in the folder. It is written last: a folder without
// it is no backup.
const ManifestFile = "manifest.json"

// A Manifest is what a backup says of itself. It holds nothing of a person.
type Manifest struct {
	Format    string         `json:"format"`
	Made      time.Time      `json:"made"` // the moment that the copy of the database shows, or a little before
	Scheme    string         `json:"scheme"`
	Roles     config.Roles   `json:"roles"`
	Engine    string         `json:"engine"` // "sqlite" or "postgres"
	Encrypted bool           `json:"encrypted"`
	Tables    *backup.Tables `json:"tables,omitempty"`        // of PostgreSQL
	Second    *backup.Tables `json:"second_tables,omitempty"` // of a second place there
	Files     []File         `json:"files"`
}

// A File is one file of a backup.
type File struct {
	Name   string `json:"name"` // with slashes
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // of the file as it lies there, encrypted or not
}

// A folder is a backup that is being written.
type folder struct {
	dir string
	to  []age.Recipient // none: in clear
	m   Manifest
}

// Make writes a backup of a process into a folder, which must not exist. The
// process may be serving. With recipients (age1…) every file is encrypted to them.
func Make(ctx context.Context, cfg *config.Config, dir string, recipients []string, clock tunnus.Clock) (Manifest, error) {
	f := &folder{dir: dir, m: Manifest{Format: Format, Made: clock.Now().UTC(), Scheme: cfg.Scheme, Roles: cfg.Roles, Encrypted: len(recipients) > 0}}
	for _, r := range recipients {
		to, err := age.ParseX25519Recipient(r)
		if err != nil {
			return Manifest{}, fmt.Errorf("recipient: %w", err)
		}
		f.to = append(f.to, to)
	}
	if err := os.Mkdir(dir, 0o700); errors.Is(err, fs.ErrExist) {
		return Manifest{}, fmt.Errorf("%s is there already; a backup is written to a new folder", dir)
	} else if err != nil {
		return Manifest{}, err
	}
	if err := f.write(ctx, cfg); err != nil {
		return Manifest{}, fmt.Errorf("%w; %s is no backup", err, dir)
	}
	return f.m, nil
}

func (f *folder) write(ctx context.Context, cfg *config.Config) error {
	where, err := cfg.Database()
	if err != nil {
		return err
	}
	// The order matters: second place and log are at least as new as the database.
	if f.m.Engine, f.m.Tables, err = f.database(ctx, cfg, where, "database"); err != nil {
		return err
	}
	if beside, err := cfg.SecondPlace(); err != nil {
		return err
	} else if beside != "" {
		if _, f.m.Second, err = f.database(ctx, cfg, beside, "second"); err != nil {
			return err
		}
	}
	if err := f.log(cfg.Log.Folder); err != nil {
		return err
	}
	text, err := json.MarshalIndent(f.m, "", "  ")
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(f.dir, ManifestFile), append(text, '\n'))
}

// database copies one database under a name.
func (f *folder) database(ctx context.Context, cfg *config.Config, where, name string) (string, *backup.Tables, error) {
	if engine.IsPostgreSQL(where) {
		t, err := backup.PostgreSQL(ctx, where, func(table string) (io.WriteCloser, error) { return f.create(name + "/" + table) })
		return "postgres", &t, err
	}
	// In clear it lies where the database itself does, and not where backups go.
	near, err := os.MkdirTemp(cfg.Data, "backup")
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = os.RemoveAll(near) }() // what stays there is told by the next one, which finds its own place
	plain := filepath.Join(near, "copy")
	if err := backup.SQLite(ctx, where, plain); err != nil {
		return "", nil, err
	}
	return "sqlite", nil, f.copy(plain, name+".db")
}

// log copies the log's files, as of the moment that its edge is read.
func (f *folder) log(dir string) error {
	edge, rest, err := tree.Edge(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it has not begun
	}
	if err != nil {
		return err
	}
	for _, p := range edge {
		out, err := f.create("log/" + p.Name)
		if err != nil {
			return err
		}
		_, err = out.Write(p.Bytes)
		if err = errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
	for _, name := range rest {
		if err := f.copy(filepath.Join(dir, filepath.FromSlash(name)), "log/"+name); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) copy(from, name string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	out, err := f.create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// A writer is one file of a backup, hashed as it is written.
type writer struct {
	folder *folder
	name   string
	file   *os.File
	hash   hash.Hash
	n      int64
	plain  io.WriteCloser // encrypts; nil if the file is in clear
}

// create begins a file of the backup.
func (f *folder) create(name string) (io.WriteCloser, error) {
	if f.m.Encrypted {
		name += ".age"
	}
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	w := &writer{folder: f, name: name, file: file, hash: sha256.New()}
	if f.m.Encrypted {
		if w.plain, err = age.Encrypt(stored{w}, f.to...); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return w, nil
}

// stored is where bytes go as they lie in the file.
type stored struct{ *writer }

func (s stored) Write(b []byte) (int, error) {
	n, err := s.file.Write(b)
	s.hash.Write(b[:n])
	s.n += int64(n)
	return n, err
}

func (w *writer) Write(b []byte) (int, error) {
	if w.plain != nil {
		return w.plain.Write(b)
	}
	return stored{w}.Write(b)
}

func (w *writer) Close() error {
	var err error
	if w.plain != nil {
		err = w.plain.Close()
	}
	if err = errors.Join(err, w.file.Sync(), w.file.Close()); err != nil {
		return err
	}
	w.folder.m.Files = append(w.folder.m.Files, File{w.name, w.n, hex.EncodeToString(w.hash.Sum(nil))})
	return nil
}

func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// names lists the files under a folder of the backup.
func (m Manifest) has(name string) bool {
	return slices.ContainsFunc(m.Files, func(f File) bool { return f.Name == name })
}
