package tiles

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"github.com/transparency-dev/tessera/api/layout"
)

// entries reads at least want entries of a bundle if the folder has them. What
// the folder holds of one bundle in several widths must agree.
func (c *checking) entries(n uint64, want int) ([][]byte, error) {
	found, err := Widths(c.dir, func(p uint8) string { return layout.EntriesPath(n, p) })
	if err != nil {
		return nil, err
	}
	var best []byte
	for _, w := range found {
		have, err := fs.ReadFile(c.dir, layout.EntriesPath(n, partial(w)))
		if err != nil {
			return nil, fmt.Errorf("tiles: %w", err)
		}
		if len(best) > 0 && !bytes.HasPrefix(have, best) {
			c.report.fault("Two copies of the entries from %d on do not agree (width %d).", n*width, w)
		}
		best = have
	}
	out, err := Entries(best)
	if err != nil {
		c.report.fault("The entries from %d on cannot be read: %v.", n*width, err)
	}
	return out[:min(len(out), want)], nil
}

// Entries reads a bundle (C2SP tlog-tiles "Log entries"): each entry behind its
// length, two bytes big-endian. Beside an error it returns what came before.
func Entries(bundle []byte) ([][]byte, error) {
	var out [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return out, errors.New("half a length at the end")
		}
		n := int(binary.BigEndian.Uint16(bundle))
		if bundle = bundle[2:]; n > len(bundle) || len(out) == width {
			return out, errors.New("an entry that ends behind the file, or more than 256")
		}
		out = append(out, bundle[:n:n])
		bundle = bundle[n:]
	}
	return out, nil
}
