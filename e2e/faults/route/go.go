package route

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/tunnus-id/tunnus/e2e/faults"
)

// Prepare makes what a route needs, and waits until nothing more comes of that.
func (r Route) Prepare(ctx context.Context, h *faults.House, name string) error {
	if r.Ready == nil {
		return nil
	}
	if err := h.Start(ctx, ""); err != nil {
		return err
	}
	defer h.Kill()
	if err := r.Ready(ctx, h, name); err != nil {
		return fmt.Errorf("before: %w; server: %s", err, h.Tail())
	}
	return h.Settled(ctx)
}

// Trace registers somebody with nothing disturbed, by each route or one, and prints the
// audit log's arrows in their order.
func Trace(ctx context.Context, b *faults.Build, w io.Writer, only string) error {
	for _, r := range All() {
		if only != "" && r.String() != only {
			continue
		}
		lines, err := r.Undisturbed(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", r, err)
		}
		fmt.Fprintf(w, "%s: %s\n", r, strings.Join(lines, " "))
	}
	return nil
}

// Undisturbed goes a route in a new house and returns the arrows of its audit log.
func (r Route) Undisturbed(ctx context.Context, b *faults.Build) ([]string, error) {
	h, err := b.Open(ctx, faults.SQLite)
	if err != nil {
		return nil, err
	}
	defer func() { _ = h.Close() }()
	name := faults.Names()[0]
	if err := r.Prepare(ctx, h, name); err != nil {
		return nil, err
	}
	before, err := h.Lines(ctx)
	if err != nil {
		return nil, err
	}
	known, err := h.Sittings(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.Start(ctx, ""); err != nil {
		return nil, err
	}
	if err := r.Go(ctx, h, name); err != nil {
		return nil, fmt.Errorf("%w; server: %s", err, h.Tail())
	}
	if err := h.Settled(ctx); err != nil {
		return nil, err
	}
	if err := h.Came(ctx, r.Wants(), known); err != nil {
		return nil, err
	}
	lines, err := h.Lines(ctx)
	return lines[min(len(before), len(lines)):], err
}
