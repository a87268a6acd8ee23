//go:build unix

package jp2_test

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/jp2"
)

// spent is the time that this process had of the processor.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// cost decodes and tells what that took.
func cost(t *testing.T, file []byte) (memory int, took time.Duration, err error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := spent(t)
	_, err = jp2.Decode(file)
	took = spent(t) - start
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc), took, err
}

// A hostile file asks for more than a portrait needs.
type hostile struct {
	name string
	file codestream
	side int // of what may be allocated, for each component
	err  error
}

func hostiles() []hostile {
	empties := bytes.Repeat([]byte{0x80, 0x00}, 400_000) // packets in which no block is included
	again := forged(120, 30, 2, 0, []byte{0}, make([]byte, 1<<19))
	again.add(marker{0xFF5F, bytes.Repeat([]byte{0, 0, 0, 30, 1, 1, 0}, 64)}) // the same packets, which have all been read
	sorted := forged(180, 1, 2, 0, []byte{0}, make([]byte, 1<<17))
	sorted.add(marker{0xFF5F, bytes.Repeat([]byte{0, 0, 0, 1, 1, 1, 2}, 64)}) // there is more to sort than to leave out
	deep := forged(4000, 1, 6, 0, nil, append(bytes.Repeat(full(1, 16), 3), make([]byte, 96)...))
	deep.main[0].body = append(deep.main[0].body[:34], 0, 3, 7, 1, 1, 7, 1, 1, 7, 1, 1)
	deep.of(cod).body = []byte{0, 0, 0, 1, 1, 32, 4, 4, 0, 0}
	deep.of(qcd).body = []byte{7<<5 | 1, 24 << 3, 0}
	many := forged(4000, 1, 6, 0, nil, nil)
	many.main[0].body = slices.Concat(many.main[0].body[:34], []byte{0, 3, 7, 1, 1, 7, 1, 1, 7, 1, 1})
	copy(many.main[0].body[18:], []byte{0, 0, 0, 125, 0, 0, 0, 125})
	many.parts = nil
	for i := range 1024 { // each with all that a header can say
		p := part{tile: i, of: 1, packets: make([]byte, 99)}
		p.header = []marker{{cod, []byte{0, 0, 0, 1, 1, 32, 4, 4, 0, 1}}, {qcd, make([]byte, 98)}}
		for c := range byte(3) {
			p.header = append(p.header, marker{coc, []byte{c, 0, 32, 4, 4, 0, 1}}, marker{qcc, append([]byte{c}, make([]byte, 98)...)})
		}
		many.parts = append(many.parts, p)
	}
	return []hostile{
		{"most passes", forged(4000, 1, 6, 0, nil, full(63, 16)), 4000, jp2.ErrLimit},
		{"most passes, vertically causal", forged(4000, 1, 6, 8, nil, full(63, 16)), 4000, jp2.ErrLimit},
		{"most passes that are read", forged(1200, 1, 6, 0, nil, full(19, 100)), 1200, nil},
		{"blocks of four samples", forged(4000, 1, 2, 0, nil, []byte{0}), 0, jp2.ErrLimit},
		{"segments without bytes", forged(160, 1, 2, 4, nil, full(40, -1)), 0, jp2.ErrLimit},
		{"segments without bytes that are read", forged(152, 1, 2, 4, nil, full(38, -1)), 152, nil},
		{"precincts of one sample", forged(4000, 1, 2, 0, []byte{0}, nil), 0, jp2.ErrLimit},
		{"precincts without packets", forged(4000, 1, 6, 0, []byte{0x55}, []byte{0}), 0, jp2.ErrDamaged},
		{"blocks met again and again", forged(1400, 65535, 2, 0, nil, empties), 0, jp2.ErrLimit},
		{"only empty packets", forged(4000, 65535, 6, 0, nil, make([]byte, 65535)), 4000, nil},
		{"three components, 32 levels", deep, 4000, nil},
		{"1024 tiles", many, 4000, nil},
		{"packets left out", again, 0, jp2.ErrLimit},
		{"packets sorted", sorted, 0, jp2.ErrLimit},
		{"no bytes", forged(4000, 1, 6, 0, nil, []byte{0}), 4000, nil},
	}
}

// Hostile files cost no more than the largest picture does, and 16 MB; and never
// over 2 s of a processor.
func TestHostileFilesAreBounded(t *testing.T) {
	for _, tt := range hostiles() {
		t.Run(tt.name, func(t *testing.T) {
			file := tt.file.bytes()
			memory, took, err := cost(t, file)
			if !errors.Is(err, tt.err) {
				t.Errorf("%v; want %v", err, tt.err)
			}
			components := int(tt.file.main[0].body[35])
			if limit := (19*components+2)/3*tt.side*tt.side + 16<<20; memory > limit {
				t.Errorf("%d MB; want at most %d", memory>>20, limit>>20)
			}
			if took > 2*time.Second {
				t.Errorf("took %v", took)
			}
			t.Logf("%d kB in, %d MB, %v: %v", len(file)>>10, memory>>20, took, err)
		})
	}
}
