package virtual_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/hostile"
)

// What reading any chip may cost: memory that is taken all in all, and time of the
// processor, both sides together.
const (
	mostMemory = 16 << 20
	mostTime   = 2 * time.Second
)

// manners are all there are, with the code with which a reading ends. Most are
// noticed as broken; "" is for those that are odd and legal, and for files of
// rubbish, which are for the verifier to judge.
var manners = map[hostile.Manner]tunnus.Code{
	hostile.OverCap: tunnus.CodeDocChipBroken, hostile.HugeLength: tunnus.CodeDocChipBroken,
	hostile.HugeTag: tunnus.CodeDocChipBroken, hostile.OtherTag: tunnus.CodeDocChipBroken, hostile.Indefinite: tunnus.CodeDocChipBroken,
	hostile.Nothing: tunnus.CodeDocChipBroken, hostile.OneMore: tunnus.CodeDocChipBroken, hostile.Flood: tunnus.CodeDocChipBroken,
	hostile.WrongLength: tunnus.CodeDocChipBroken, hostile.WarnAndError: tunnus.CodeDocChipBroken,
	hostile.OneByte: tunnus.CodeDocChipBroken, hostile.Mute: tunnus.CodeDocChipBroken, hostile.HalfStatus: tunnus.CodeDocChipBroken,
	hostile.MoreForEver: tunnus.CodeDocChipBroken, hostile.LyingStatus: tunnus.CodeDocChipBroken,
	hostile.Unprotected: tunnus.CodeDocChipBroken, hostile.Replay: tunnus.CodeDocChipBroken,
	hostile.Garbage: tunnus.CodeNFCNoChip, hostile.RetryAlways: tunnus.CodeNFCNoChip, // nothing there is a passport
	hostile.Drip: "", hostile.Half: "", hostile.Endless: "", hostile.LongForm: "", hostile.Parts: "",
}

// counted passes commands on and counts them.
type counted struct {
	*virtual.Passport
	commands int
}

func (c *counted) Transceive(ctx context.Context, command []byte) ([]byte, error) {
	c.commands++
	return c.Passport.Transceive(ctx, command)
}

// cost reads a chip and says what it took.
func cost(t *testing.T, p *virtual.Passport) (got chip.Reading, memory uint64, used time.Duration, commands int, err error) {
	t.Helper()
	c := &counted{Passport: p}
	var before, after runtime.MemStats
	var from, to unix.Rusage
	runtime.GC()
	runtime.ReadMemStats(&before)
	if err := unix.Getrusage(unix.RUSAGE_SELF, &from); err != nil {
		t.Fatal(err)
	}
	got, err = chip.Read(t.Context(), c, p.AccessKey(), challenge, nil)
	if err := unix.Getrusage(unix.RUSAGE_SELF, &to); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	spent := func(u unix.Rusage) time.Duration { return time.Duration(u.Utime.Nano() + u.Stime.Nano()) }
	return got, after.TotalAlloc - before.TotalAlloc, spent(to) - spent(from), c.commands, err
}

// However a chip answers, reading it ends soon, takes little, and says what is
// wrong; what is odd and legal is read.
func TestHostileChipsCostLittle(t *testing.T) {
	by := map[string]func(*virtual.Holder){
		"bac":       func(h *virtual.Holder) { h.Chip = virtual.ChipRSA },
		"bac short": func(h *virtual.Holder) { h.Chip = virtual.ChipShort },
		"pace":      func(h *virtual.Holder) { h.Chip, h.PACE = virtual.ChipECDSA, []security.PACE{camOffer} },
	}
	files := map[string]uint16{"COM": 0x011E, "SOD": 0x011D, "DG1": 0x0101, "DG2": 0x0102, "DG14": 0x010E, "DG15": 0x010F}
	most, longest := uint64(0), time.Duration(0)
	for name, change := range by {
		h := ada()
		h.ChipAuth, h.AuthGroup = []security.Auth{security.NewAuth(true, apdu.AES128)}, 12 // so that there is data group 14
		change(&h)
		h.Portrait = append(h.Portrait, make([]byte, 10_000)...)
		good := must(utopia().Issue(h))
		for _, m := range hostile.Manners() {
			code, listed := manners[m]
			if !listed {
				t.Errorf("nobody says how reading ends with manner %s", m)
			}
			for file, id := range files {
				got, memory, used, commands, err := cost(t, good.WithFaults(virtual.Faults{Manner: m, Of: id}))
				code := code
				if m == hostile.Endless && file == "SOD" {
					code = tunnus.CodeDocChipBroken // it is read before others
				}
				if file == "COM" && slices.Index(hostile.Manners(), m) < slices.Index(hostile.Manners(), hostile.Garbage) {
					code = "" // nothing depends on that file
				}
				if tunnus.CodeOf(err) != code {
					t.Errorf("%s, %s of %s: %v; want %q", name, m, file, err, code)
				}
				if err == nil && len(got.Groups) < 2 {
					t.Errorf("%s, %s of %s: %d groups", name, m, file, len(got.Groups))
				}
				most, longest = max(most, memory), max(longest, used)
				if memory > mostMemory || used > mostTime {
					t.Errorf("%s, %s of %s: %d kB, %v, %d commands", name, m, file, memory>>10, used, commands)
				}
			}
		}
	}
	t.Logf("at most %d kB and %v", most>>10, longest)
}
