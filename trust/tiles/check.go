package tiles

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"

	"github.com/tunnus-id/tunnus/trust/proof"
)

const (
	width    = layout.TileWidth // hashes in a full tile, entries in a full bundle
	hashSize = 32
	leafSize = 32
)

// Options says what a log is checked against.
type Options struct {
	// Key is the log's public key.
	Key proof.Key
	// Since are older checkpoints that a verifier kept, as they were signed.
	Since [][]byte
	// Lines are the records that somebody holds, nil if none are to be checked.
	Lines *Lines
}

// A Report tells what was checked, and what is wrong: nothing if Faults is empty.
type Report struct {
	Checkpoint proof.Checkpoint // zero if it cannot be believed
	Entries    uint64           // how many were read and hashed
	Tiles      int              // files with hashes that were compared, partial ones too
	Since      int              // older checkpoints that the log begins with
	Records    uint64           // records whose leaf is in the log
	Erased     uint64           // lines of which only the leaf is left
	Waiting    uint64           // lines that are not in this checkpoint yet
	Faults     []string         // plain sentences, at most [MaxFaults]
	More       int              // how many more there were
}

// MaxFaults bounds what a report lists: one broken tile breaks many above it.
const MaxFaults = 50

// Sound reports whether nothing was found wrong.
func (r Report) Sound() bool { return len(r.Faults) == 0 }

func (r *Report) fault(format string, args ...any) {
	if len(r.Faults) == MaxFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

// checking is a check under way.
type checking struct {
	dir    fs.FS
	report Report
	size   uint64
	levels []level
	tree   *compact.Range
	since  []proof.Checkpoint // by size, those that are still to come
	lines  *Lines
}

// A level of tiles: the hashes of the tile that is being filled.
type level struct {
	index  uint64
	hashes [][]byte
}

// Check checks a whole log. The error is for a folder that could not be read;
// what is wrong with a log that could be read stands in the report.
func Check(dir fs.FS, o Options) (Report, error) {
	c := checking{dir: dir, lines: o.Lines}
	signed, err := fs.ReadFile(dir, layout.CheckpointPath)
	if err != nil {
		return Report{}, fmt.Errorf("tiles: there is no log here: %w", err)
	}
	if c.report.Checkpoint, err = o.Key.Open(signed); err != nil {
		c.report.fault("The newest checkpoint cannot be believed: %v.", err)
		return c.report, nil
	}
	c.size = c.report.Checkpoint.Size
	c.tree = (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	c.keep(o)
	c.met() // checkpoints of an empty log
	whole := true
	for n := uint64(0); whole && n*width < c.size; n++ {
		if whole, err = c.bundle(n); err != nil {
			return c.report, err
		}
	}
	for l := range c.levels {
		if len(c.levels[l].hashes) > 0 {
			if err := c.tile(uint64(l)); err != nil {
				return c.report, err
			}
		}
	}
	if root := c.root(); c.report.Entries != c.size || !bytes.Equal(root, c.report.Checkpoint.Root) {
		c.report.fault("The entries do not give the root hash that the checkpoint names: they are not what was signed.")
	}
	if c.lines != nil {
		c.lines.rest(&c.report)
	}
	return c.report, nil
}

// keep opens the older checkpoints.
func (c *checking) keep(o Options) {
	for _, signed := range o.Since {
		old, err := o.Key.Open(signed)
		switch {
		case err != nil:
			c.report.fault("An older checkpoint cannot be believed: %v.", err)
		case old.Size > c.size:
			c.report.fault("The log was cut: an older checkpoint of it has %d lines, and now it has %d.", old.Size, c.size)
		default:
			c.since = append(c.since, old)
		}
	}
	slices.SortFunc(c.since, func(a, b proof.Checkpoint) int { return int(int64(a.Size) - int64(b.Size)) })
}

// met compares the tree so far with the older checkpoints of its size.
func (c *checking) met() {
	for len(c.since) > 0 && c.since[0].Size == c.report.Entries {
		if bytes.Equal(c.root(), c.since[0].Root) {
			c.report.Since++
		} else {
			c.report.fault("The log was rewritten: its first %d lines are not those that an older checkpoint was signed for.", c.since[0].Size)
		}
		c.since = c.since[1:]
	}
}

func (c *checking) root() []byte {
	root, err := c.tree.GetRootHash(nil)
	if err != nil || c.tree.End() == 0 {
		return rfc6962.DefaultHasher.EmptyRoot()
	}
	return root
}

// bundle reads up to 256 entries, and adds their hashes to the tree. It reports
// whether all were there; without them nothing behind can be hashed.
func (c *checking) bundle(n uint64) (bool, error) {
	want := int(min(width, c.size-n*width))
	entries, err := c.entries(n, want)
	if err != nil {
		return false, err
	}
	for i := range want {
		at := n*width + uint64(i)
		if i >= len(entries) {
			c.report.fault("Entry %d is missing; what stands behind it was not checked.", at)
			return false, nil
		}
		if len(entries[i]) != leafSize {
			c.report.fault("Entry %d has %d bytes; a leaf has %d.", at, len(entries[i]), leafSize)
		}
		if c.lines != nil {
			c.lines.check(at, entries[i], &c.report)
		}
		hash := rfc6962.DefaultHasher.HashLeaf(entries[i])
		if err := c.tree.Append(hash, nil); err != nil {
			return false, fmt.Errorf("tiles: %w", err)
		}
		c.report.Entries++
		c.met()
		if err := c.add(0, hash); err != nil {
			return false, err
		}
	}
	return true, nil
}

// add puts a hash at the end of a level, and closes its tile once it is full.
func (c *checking) add(l uint64, hash []byte) error {
	if int(l) == len(c.levels) {
		c.levels = append(c.levels, level{})
	}
	c.levels[l].hashes = append(c.levels[l].hashes, hash)
	if len(c.levels[l].hashes) < width {
		return nil
	}
	root := subtree(c.levels[l].hashes)
	if err := c.tile(l); err != nil {
		return err
	}
	c.levels[l] = level{index: c.levels[l].index + 1}
	return c.add(l+1, root)
}

// subtree is the root over the hashes of a full tile.
func subtree(hashes [][]byte) []byte {
	for len(hashes) > 1 {
		up := make([][]byte, 0, len(hashes)/2)
		for i := 0; i < len(hashes); i += 2 {
			up = append(up, rfc6962.DefaultHasher.HashChildren(hashes[i], hashes[i+1]))
		}
		hashes = up
	}
	return hashes[0]
}

// tile compares what the folder says of a tile, in all its widths, with what it must be.
func (c *checking) tile(l uint64) error {
	at := c.levels[l]
	want := bytes.Join(at.hashes, nil)
	found, err := Widths(c.dir, func(p uint8) string { return layout.TilePath(l, at.index, p) })
	if err != nil {
		return err
	}
	enough := false
	for _, w := range found {
		have, err := fs.ReadFile(c.dir, layout.TilePath(l, at.index, partial(w)))
		if err != nil {
			return fmt.Errorf("tiles: %w", err)
		}
		n := min(len(want), w*hashSize)
		if len(have) != w*hashSize || !bytes.Equal(have[:n], want[:n]) {
			c.report.fault("A tile of hashes is not what the entries give: level %d, tile %d, width %d.", l, at.index, w)
			continue
		}
		c.report.Tiles++
		enough = enough || w >= len(at.hashes)
	}
	if !enough {
		c.report.fault("A tile of hashes is missing: level %d, tile %d, width %d.", l, at.index, len(at.hashes))
	}
	return nil
}

// partial is a width as it stands in paths.
func partial(w int) uint8 { return uint8(w % width) }

// Widths lists the widths in which a tile or bundle is in a folder, least first. The
// path is that of a width as package layout has it: 0 is a full one.
func Widths(dir fs.FS, path func(p uint8) string) ([]int, error) {
	var out []int
	files, err := fs.ReadDir(dir, strings.TrimSuffix(path(1), "/1"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tiles: %w", err)
	}
	for _, f := range files {
		if w, err := strconv.ParseUint(f.Name(), 10, 8); err == nil && w > 0 && strconv.FormatUint(w, 10) == f.Name() {
			out = append(out, int(w))
		}
	}
	slices.Sort(out)
	switch _, err := fs.Stat(dir, path(0)); {
	case err == nil:
		out = append(out, width)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("tiles: %w", err)
	}
	return out, nil
}
