package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tunnus-id/tunnus/cmd/serve/config"
	tree "github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// A Log tells what became of the transparency log.
type Log struct {
	Lines uint64 // of the log that is there now
	Put   bool   // it is the backup's; else it was there already
}

// ErrOlderLog says that two logs are there, and the wrong one of them is in use.
var ErrOlderLog = errors.New("that is an older copy; move it away, and run this again")

// Log puts the log of the backup where the configuration says, if none is there. One
// that is there stays: it must be the newest, and may have lines that came after the
// backup. It fails with [ErrOlderLog] if it has fewer.
func (b *Backup) Log(cfg *config.Config) (Log, error) {
	dir := cfg.Log.Folder
	here, err := tree.Lines(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Log{}, err
	}
	missing := err != nil
	checkpoint, err := b.checkpoint()
	if err != nil || checkpoint == nil { // the backup is from before the first line
		return Log{Lines: here}, err
	}
	lines, err := tree.LinesOf(checkpoint)
	switch {
	case err != nil:
		return Log{}, err
	case !missing && here < lines:
		return Log{}, fmt.Errorf("the log in %s has %d lines, and that of the backup %d: %w", dir, here, lines, ErrOlderLog)
	case !missing:
		return Log{Lines: here}, nil
	}
	for _, file := range b.Files {
		name, ok := strings.CutPrefix(strings.TrimSuffix(file.Name, ".age"), "log/")
		if !ok || name == tree.CheckpointFile {
			continue
		}
		if err := b.logFile(name, dir); err != nil {
			return Log{}, err
		}
	}
	return Log{Lines: lines, Put: true}, b.logFile(tree.CheckpointFile, dir) // last: without it there is no log
}

// checkpoint is that of the backup's log; nil if it has none.
func (b *Backup) checkpoint() ([]byte, error) {
	name := "log/" + tree.CheckpointFile
	if !b.has(name) && !b.has(name+".age") {
		return nil, nil
	}
	in, err := b.open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(in, maxManifest))
	return text, errors.Join(err, in.Close())
}

// logFile writes one file of the log, which anybody may read.
func (b *Backup) logFile(name, dir string) error {
	in, err := b.open("log/" + name)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	next := path + ".restoring"
	out, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return os.Rename(next, path)
}
