package tlog

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/tunnus-id/tunnus/trust/tiles"
)

// exported is how many lines are read at a time.
const exported = 1000

// Export writes all lines that have a place in the log, one JSON object a line,
// in their order: what package tiles compares with the log. An erased line is
// written with its leaf only. It returns how many there were.
func Export(ctx context.Context, lines Lines, to io.Writer) (uint64, error) {
	enc := json.NewEncoder(to)
	for n := uint64(0); ; {
		page, err := lines.Page(ctx, n, exported)
		if err != nil {
			return n, fmt.Errorf("tlog: export: %w", err)
		}
		for _, l := range page {
			err := enc.Encode(tiles.Line{Index: &l.Index, Leaf: l.Leaf, Salt: l.Salt, Record: l.Record})
			if err != nil {
				return n, fmt.Errorf("tlog: export: %w", err)
			}
			n = l.Index + 1
		}
		if len(page) == 0 {
			return n, nil
		}
	}
}
