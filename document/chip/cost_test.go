//go:build !race

package chip_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// largest is a shelf on which each file is as long as one is read.
func largest() *shelf {
	groups := map[int][]byte{}
	for _, n := range chip.Readable() {
		f, _ := lds.Group(n)
		groups[n] = tlv.Append(nil, f.Tag, make([]byte, f.MaxSize-5))
	}
	return holding(groups)
}

// Not under the race detector, which takes ten times as long.

// Whatever a chip says that means no good, a reading of all files costs at most
// 16 MB, all that is asked for counted, and two seconds.
func TestHostileReadingsCostLittle(t *testing.T) {
	drip := func(s *shelf, n int) func(apdu.Command) ([]byte, apdu.Status) {
		return func(c apdu.Command) ([]byte, apdu.Status) {
			if c.Le > n && s.carried[s.current] > 300 { // headers are given whole
				c.Le = n
			}
			return s.answer(c)
		}
	}
	plain := func(s *shelf) chip.Transceiver { return &hostile{answer: s.answer} }
	parts := func(s *shelf) chip.Transceiver { // each answer in parts of two bytes
		h, rest := plain(s), []byte(nil)
		return carrier(func(ctx context.Context, c []byte) ([]byte, error) {
			if c[1] != 0xC0 {
				var err error
				if rest, err = h.Transceive(ctx, c); err != nil || len(rest) < 8 {
					return rest, err
				}
			}
			if len(rest) <= 4 {
				return rest, nil
			}
			b := []byte{rest[0], rest[1], 0x61, 2}
			rest = rest[2:]
			return b, nil
		})
	}
	for name, c := range map[string]chip.Transceiver{
		"largest files":           plain(largest()),
		"a byte at a time":        &hostile{answer: drip(largest(), 1)},
		"200 at a time":           &hostile{answer: drip(largest(), 200)},
		"answers in parts":        parts(largest()),
		"parts without end":       carrier(func(context.Context, []byte) ([]byte, error) { return []byte{1, 2, 0x61, 0}, nil }),
		"answers of a megabyte":   carrier(func(context.Context, []byte) ([]byte, error) { return make([]byte, 1<<20), nil }),
		"another length for ever": carrier(func(context.Context, []byte) ([]byte, error) { return []byte{0x6C, 9}, nil }),
		"four gigabytes": &hostile{answer: func(apdu.Command) ([]byte, apdu.Status) {
			return []byte{0x60, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}, apdu.OK
		}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		_, err := chip.Request{AccessKey: hostileKey, Challenge: challenge, Groups: chip.Readable()}.Read(ctx, c)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		cancel()
		n := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d kB, %v, %v", name, n>>10, took.Round(time.Millisecond), err)
		if (err == nil) != (name == "largest files") || n > 16<<20 || took > 2*time.Second {
			t.Errorf("%s: %d bytes in %v, %v", name, n, took, err)
		}
	}
}
