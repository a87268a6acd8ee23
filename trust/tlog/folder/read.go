package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"

	"github.com/tunnus-id/tunnus/trust/tiles"
	"github.com/tunnus-id/tunnus/trust/tlog"
)

var _ tlog.Reader = (*Reader)(nil)

// A Reader reads the log in a folder, also while another process writes it.
type Reader struct{ files client.FileFetcher }

// Read makes a reader. Nothing is read yet.
func Read(dir string) *Reader { return &Reader{client.FileFetcher{Root: dir}} }

// Checkpoint implements [tlog.Reader].
func (r *Reader) Checkpoint(ctx context.Context) ([]byte, error) {
	b, err := r.files.ReadCheckpoint(ctx)
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	return b, nil
}

// Inclusion implements [tlog.Reader].
func (r *Reader) Inclusion(ctx context.Context, index, size uint64) ([][]byte, error) {
	return r.prove(ctx, size, func(b *client.ProofBuilder) ([][]byte, error) { return b.InclusionProof(ctx, index) })
}

// Consistency implements [tlog.Reader].
func (r *Reader) Consistency(ctx context.Context, from, to uint64) ([][]byte, error) {
	return r.prove(ctx, to, func(b *client.ProofBuilder) ([][]byte, error) { return b.ConsistencyProof(ctx, from, to) })
}

func (r *Reader) prove(ctx context.Context, size uint64, make func(*client.ProofBuilder) ([][]byte, error)) ([][]byte, error) {
	b, err := client.NewProofBuilder(ctx, size, r.files.ReadTile)
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	hashes, err := make(b)
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	return hashes, nil
}

// leaves reads entries from index from up to, not with, the index to.
func leaves(ctx context.Context, bundle func(ctx context.Context, index uint64, p uint8) ([]byte, error), from, to, size uint64) ([][]byte, error) {
	var out [][]byte
	for at := from; at < to; {
		n := at / layout.EntryBundleWidth
		raw, err := bundle(ctx, n, layout.PartialTileSize(0, n, size))
		if err != nil {
			return nil, fmt.Errorf("folder: entries from %d on: %w", at, err)
		}
		entries, err := tiles.Entries(raw)
		if err != nil {
			return nil, fmt.Errorf("folder: entries from %d on: %w", at, err)
		}
		begin, end := at%layout.EntryBundleWidth, min(to-n*layout.EntryBundleWidth, layout.EntryBundleWidth)
		if uint64(len(entries)) < end {
			return nil, errors.New("folder: a bundle is shorter than the tree")
		}
		out = append(out, entries[begin:end]...)
		at += end - begin
	}
	return out, nil
}

// Public is the folder without what is the writer's own, to be served as files.
func Public(dir string) fs.FS { return public{os.DirFS(dir)} }

type public struct{ dir fs.FS }

// Open opens a file of the log; nothing else, and no listing.
func (p public) Open(name string) (fs.File, error) {
	if name != layout.CheckpointPath && !tile(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	f, err := p.dir.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func tile(name string) bool { return len(name) > 5 && name[:5] == "tile/" && fs.ValidPath(name) }
