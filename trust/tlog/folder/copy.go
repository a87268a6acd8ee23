package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/transparency-dev/tessera/api/layout"
)

// CheckpointFile is what a log stands or falls with; stateFile says how far the
// writer has come, which may be a little further.
const (
	CheckpointFile = layout.CheckpointPath
	stateFile      = ".state/treeState"
)

// A Part is one file of a log.
type Part struct {
	Name  string // with slashes
	Bytes []byte
}

// Lines tells how many lines the checkpoint of a log speaks for. Its signature is
// not verified. It fails with [fs.ErrNotExist] if there is no log.
func Lines(dir string) (uint64, error) {
	b, err := os.ReadFile(filepath.Join(dir, CheckpointFile))
	if err != nil {
		return 0, err
	}
	return LinesOf(b)
}

// LinesOf reads them from a checkpoint.
func LinesOf(checkpoint []byte) (uint64, error) {
	lines := strings.SplitN(string(checkpoint), "\n", 3)
	if len(lines) < 3 {
		return 0, errors.New("folder: that is no checkpoint")
	}
	n, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("folder: checkpoint: %w", err)
	}
	return n, nil
}

// Edge reads what a copy of a log that may be growing begins with: the checkpoint, how
// far the writer has come, and the tiles at the right edge of both, which are deleted
// when they are full. The rest, whose names it returns, may be copied afterwards;
// what has come since must not be. It fails with [fs.ErrNotExist] if there is no log.
func Edge(dir string) (parts []Part, rest []string, err error) {
	for range 10 { // if the edge has moved on while it was read
		if parts, rest, err = edge(dir); !errors.Is(err, errMoved) {
			break
		}
	}
	return parts, rest, err
}

var errMoved = errors.New("folder: the log grows faster than it can be read")

func edge(dir string) ([]Part, []string, error) {
	checkpoint, err := os.ReadFile(filepath.Join(dir, CheckpointFile))
	if err != nil {
		return nil, nil, err
	}
	published, err := LinesOf(checkpoint)
	if err != nil {
		return nil, nil, err
	}
	state, grown, err := state(dir)
	if err != nil {
		return nil, nil, err // that its own part is missing must not look like no log
	}
	parts := []Part{{CheckpointFile, checkpoint}, {stateFile, state}}
	names := map[string]bool{}
	for _, size := range []uint64{published, grown} {
		for _, name := range partial(size) {
			if names[name] {
				continue
			}
			names[name] = true
			b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if errors.Is(err, fs.ErrNotExist) {
				return nil, nil, errMoved
			}
			if err != nil {
				return nil, nil, err
			}
			parts = append(parts, Part{name, b})
		}
	}
	return parts, full(grown), nil
}

// full names the tiles of a tree of that size that are full: they never change.
func full(size uint64) (names []string) {
	for i := range size / layout.EntryBundleWidth {
		names = append(names, layout.EntriesPath(i, 0))
	}
	for level, n := uint64(0), size/layout.TileWidth; n > 0; level, n = level+1, n/layout.TileWidth {
		for i := range n {
			names = append(names, layout.TilePath(level, i, 0))
		}
	}
	return names
}

// partial names the tiles of a tree of that size that are not full.
func partial(size uint64) (names []string) {
	if p := uint8(size % layout.EntryBundleWidth); p > 0 {
		names = append(names, layout.EntriesPath(size/layout.EntryBundleWidth, p))
	}
	for level, n := uint64(0), size; n > 0; level, n = level+1, n/layout.TileWidth {
		if p := uint8(n % layout.TileWidth); p > 0 {
			names = append(names, layout.TilePath(level, n/layout.TileWidth, p))
		}
	}
	return names
}
