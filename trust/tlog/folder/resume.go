package folder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/transparency-dev/tessera/api/layout"

	"github.com/tunnus-id/tunnus/trust/tiles"
)

// ErrNotWhole is returned if what is the writer's own is missing beside a log, or is
// older than its checkpoint: one that was copied from where it is served. It would be
// begun anew, or go on with other lines than were signed.
var ErrNotWhole = errors.New("folder: there is a checkpoint, and no folder .state beside it that is as new: this copy of the log is not whole")

// state reads how far the writer has come. It fails with [ErrNotWhole] if nothing says so.
func state(dir string) (raw []byte, lines uint64, err error) {
	raw, err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(stateFile)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, ErrNotWhole
	}
	if err != nil {
		return nil, 0, err
	}
	var tree struct {
		Size uint64 `json:"size"`
	}
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, 0, fmt.Errorf("folder: state of the tree: %w", err)
	}
	return raw, tree.Size, nil
}

// resume makes a folder ready for the writer that takes it over. The one before may have
// died after it wrote bundles and tiles and before it wrote down that they are part of
// the tree: what is appended next need not be the same lines, and one width of a
// bundle would then contradict another.
func resume(dir string) error {
	published, err := Lines(dir)
	none := errors.Is(err, fs.ErrNotExist)
	if err != nil && !none {
		return err
	}
	_, grown, err := state(dir)
	switch {
	case errors.Is(err, ErrNotWhole) && none:
		return nil // it begins
	case err != nil:
		return err
	case published > grown:
		return ErrNotWhole
	}
	names, err := beyond(os.DirFS(dir), grown)
	if err != nil {
		return err
	}
	for _, name := range slices.Backward(names) { // so that no gap is left if this ends early
		if err := remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}

// beyond names the files of bundles and tiles that a tree of that size does not have,
// from left to right.
func beyond(dir fs.FS, size uint64) ([]string, error) {
	names, err := right(dir, size, layout.EntriesPath)
	for level := uint64(0); err == nil && level < 64/8; level++ {
		var more []string
		more, err = right(dir, size>>(8*level), func(n uint64, p uint8) string { return layout.TilePath(level, n, p) })
		names = append(names, more...)
	}
	return names, err
}

// right names the files to the right of so many entries in one row of bundles or tiles.
func right(dir fs.FS, entries uint64, file func(n uint64, p uint8) string) (names []string, err error) {
	edge := entries / layout.TileWidth
	for n := edge; ; n++ {
		least := 0
		if n == edge {
			least = int(entries % layout.TileWidth)
		}
		path := func(p uint8) string { return file(n, p) }
		widths, err := tiles.Widths(dir, path)
		if err != nil {
			return nil, err
		}
		if len(widths) == 0 && n > edge {
			return names, nil
		}
		for _, w := range widths {
			if w > least {
				names = append(names, path(uint8(w%layout.TileWidth)))
			}
		}
	}
}

// remove removes a file for good.
func remove(name string) error {
	if err := os.Remove(name); err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
