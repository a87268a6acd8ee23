package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
	"github.com/tunnus-id/tunnus/store/recovery"
)

// MarkFile stands in Data from the moment that a restore begins until it has come
// to its end. While it is there, the database does not open.
const MarkFile = "restore.begun"

// Begin marks that a restore begins, before it touches anything: whatever fails
// then, no server opens until one has ended.
func Begin(data string) error {
	err := secretfile.WriteNew(filepath.Join(data, MarkFile), []byte("See doc/restore.md.\n"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// End takes the mark away. It is for who has joined database, second place and log.
func End(data string) error { return os.Remove(filepath.Join(data, MarkFile)) }

// ended fails with [recovery.ErrCutShort] if a restore has begun and not ended.
func ended(data string) error {
	path := filepath.Join(data, MarkFile)
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil:
		return fmt.Errorf("%w (%s says so)", recovery.ErrCutShort, path)
	}
	return err
}
