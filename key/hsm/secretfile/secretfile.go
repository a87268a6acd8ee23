// Package secretfile reads and writes files that hold secrets: readable by their
// owner only, written whole or not at all, and never over another by mistake.
package secretfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	minPassphrase = 16
	maxPassphrase = 1024
)

// Passphrase reads a passphrase: 16 to 1024 bytes in a file that only its
// owner may read, with or without an end of line.
func Passphrase(path string) ([]byte, error) {
	b, err := Read(path, maxPassphrase+2)
	if err != nil {
		return nil, fmt.Errorf("secretfile: passphrase: %w", err)
	}
	b = bytes.TrimRight(b, "\r\n")
	if len(b) < minPassphrase || len(b) > maxPassphrase || bytes.ContainsAny(b, "\r\n\x00") {
		return nil, fmt.Errorf("secretfile: passphrase: one line of %d to %d bytes is expected in %s", minPassphrase, maxPassphrase, path)
	}
	return b, nil
}

// Read reads a regular file, of at most so many bytes, that nobody but its owner
// may read or write.
func Read(path string, most int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe must not hold us up
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: must be a file that only its owner may read (mode 0600), not %s", path, info.Mode())
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s: longer than %d bytes", path, most)
	}
	return b, err
}

// Alone does what no other process may do at the same time in this folder.
func Alone(folder string, do func() error) error {
	f, err := os.OpenFile(filepath.Join(folder, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("secretfile: %w", err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("secretfile: %s: %w", folder, err)
	}
	return do()
}

// Absent fails with [fs.ErrExist] if there is such a file.
func Absent(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("secretfile: %s: %w", path, errors.Join(err, fs.ErrExist))
	}
	return nil
}

// WriteNew writes a file of mode 0600 whole or not at all, and never over
// another one ([fs.ErrExist]).
func WriteNew(path string, content []byte) error {
	part, err := prepare(path, content)
	if err != nil {
		return err
	}
	// Link, not Rename: it fails where there is a file already.
	err = errors.Join(os.Link(part, path), os.Remove(part), syncFolder(filepath.Dir(path)))
	if err != nil {
		return fmt.Errorf("secretfile: %w", err)
	}
	return nil
}

// Replace writes a file of mode 0600 in the place of one that is there, whole or
// not at all.
func Replace(path string, content []byte) error {
	part, err := prepare(path, content)
	if err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("secretfile: %w", errors.Join(err, os.Remove(part)))
	}
	return syncFolder(filepath.Dir(path))
}

// prepare writes content to the disk beside path.
func prepare(path string, content []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("secretfile: %w", err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("secretfile: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return f.Name(), nil
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("secretfile: %w", err)
	}
	defer f.Close()
	return f.Sync()
}
