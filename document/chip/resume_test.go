package chip_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
)

var errRadio = errors.New("radio")

// until is a chip that is taken away behind a number of commands; each of them is
// counted in n.
func until(c chip.Transceiver, stop int, n *int) chip.Transceiver {
	return carrier(func(ctx context.Context, command []byte) ([]byte, error) {
		if *n++; *n > stop {
			return nil, errRadio
		}
		return c.Transceive(ctx, command)
	})
}

// again goes on behind an earlier reading.
func again(t *testing.T, c chip.Transceiver, key string, before chip.Reading) (chip.Reading, error) {
	t.Helper()
	return chip.Request{AccessKey: key, Challenge: challenge, Before: before}.Read(t.Context(), c)
}

// The chip is lost before any one of the commands, and comes back: the reading goes
// on where it stopped, and is one that the verifier takes.
func TestReadingGoesOnAfterALostChip(t *testing.T) {
	trust := must(trustlist.Of(utopia().CSCA()))
	for name, p := range map[string]*virtual.Passport{
		"bac": rsaChip(), "pace": speaking(t, func(h *virtual.Holder) { h.Chip = virtual.ChipRSA }, generic),
	} {
		whole := 0
		if _, err := read(t, until(fresh(p), 1000, &whole), p.AccessKey()); err != nil {
			t.Fatal(err)
		}
		spared := 0
		for stop := range whole {
			n, m := 0, 0
			first, err := read(t, until(fresh(p), stop, &n), p.AccessKey())
			if tunnus.CodeOf(err) != tunnus.CodeNFCLost {
				t.Fatalf("%s: after %d commands: %v", name, stop, err)
			}
			second, err := again(t, until(fresh(p), 1000, &m), p.AccessKey(), first)
			if err != nil {
				t.Fatalf("%s: after %d commands and again: %v", name, stop, err)
			}
			if m > whole+1 {
				t.Errorf("%s: after %d commands it took %d more, a whole reading takes %d", name, stop, m, whole)
			}
			spared = max(spared, whole-m)
			if _, err := emrtd.Verify(emrtd.Evidence{SOD: second.SOD, Groups: second.Groups, ActiveAuth: second.ActiveAuth}, trust, challenge, now); err != nil {
				t.Errorf("%s: after %d commands and again: %v", name, stop, err)
			}
		}
		if spared < 5 {
			t.Errorf("%s: %d commands were spared at best", name, spared)
		}
	}
}

// A hand that shakes: the chip is lost again and again, and in the end is read.
func TestReadingEndsHoweverOftenTheChipIsLost(t *testing.T) {
	for make, stop := range map[virtual.Chip]int{virtual.ChipRSA: 14, virtual.ChipShort: 40} {
		p := must(utopia().Issue(ada(make, 75)))
		var got chip.Reading
		err := errRadio
		tries := 0
		for ; err != nil && tries < 30; tries++ {
			n := 0
			got, err = again(t, until(fresh(p), stop, &n), p.AccessKey(), got)
		}
		if err != nil || !bytes.Equal(got.Groups[2], p.Group(2)) || tries < 2 {
			t.Errorf("%q: %d tries, %v", make, tries, err)
		}
	}
}

// Another document in the field, that opens with the same code line, is read from
// the start: nothing of the first gets into it.
func TestAnotherDocumentIsNotMixed(t *testing.T) {
	a, b := rsaChip(), must(utopia().Issue(ada(virtual.ChipRSA, 60)))
	if a.AccessKey() != b.AccessKey() || bytes.Equal(a.SOD(), b.SOD()) {
		t.Fatal("the two documents are no test")
	}
	for _, stop := range []int{13, 14, 15, 16} {
		n := 0
		first, err := read(t, until(fresh(a), stop, &n), a.AccessKey())
		if err == nil || first.Groups[1] == nil {
			t.Fatalf("after %d commands: %d groups, %v", stop, len(first.Groups), err)
		}
		got, err := again(t, fresh(b), b.AccessKey(), first)
		if err != nil || !bytes.Equal(got.SOD, b.SOD()) || !maps.EqualFunc(got.Groups, b.Groups(), bytes.Equal) {
			t.Errorf("after %d commands: not the second document, %v", stop, err)
		}
	}
}

// stolen reads a shelf until a number of commands for its portrait, and returns
// what was read.
func stolen(t *testing.T, s *shelf, reads int) chip.Reading {
	t.Helper()
	h := &hostile{answer: s.answer}
	got, err := read(t, carrier(func(ctx context.Context, c []byte) ([]byte, error) {
		if s.asked[2] > reads {
			return nil, errRadio
		}
		return h.Transceive(ctx, c)
	}), hostileKey)
	if tunnus.CodeOf(err) != tunnus.CodeNFCLost {
		t.Fatal(err)
	}
	return got
}

// Only what was missing is carried.
func TestOnlyTheRestIsCarried(t *testing.T) {
	first := full()
	begun := stolen(t, first, 3)
	second := full()
	got, err := again(t, &hostile{answer: second.answer}, hostileKey, begun)
	if err != nil || !bytes.Equal(got.Groups[2], first.files[2]) {
		t.Fatal(err)
	}
	const start = 223 // by which the file is known again
	if more := second.carried[2]; more > len(first.files[2])-first.carried[2]+4096+start || second.asked[1]+second.asked[14]+second.asked[15] != 0 {
		t.Errorf("%d bytes and %d more of %d; other groups %v", first.carried[2], more, len(first.files[2]), second.asked)
	}
}

// A chip with a copied security object gives other files and goes away: the right
// one, read behind it, is not spoiled by that.
func TestSpoiledFilesAreReadAnew(t *testing.T) {
	for name, spoil := range map[string]func(map[byte][]byte){
		"a whole file":       func(f map[byte][]byte) { f[1] = bytes.Replace(f[1], []byte{0}, []byte{1}, 5) },
		"middle of the last": func(f map[byte][]byte) { f[2] = bytes.Clone(f[2]); f[2][3000] ^= 1 },
		"start of the last":  func(f map[byte][]byte) { f[2] = bytes.Clone(f[2]); f[2][9] ^= 1 },
		"a longer one":       func(f map[byte][]byte) { f[2] = append([]byte{0x75, 0x82, 0x7F, 0xFF}, make([]byte, 0x7FFF)...) },
	} {
		bad, good := full(), full()
		spoil(bad.files)
		got, err := again(t, &hostile{answer: good.answer}, hostileKey, stolen(t, bad, 3))
		if err != nil || !bytes.Equal(got.Groups[1], good.files[1]) || !bytes.Equal(got.Groups[2], good.files[2]) {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(good.files[2]); name == "start of the last" && good.carried[2] > n {
			t.Errorf("%s: %d bytes of %d were carried", name, good.carried[2], n)
		}
	}
	// One that was never right is for the verifier to judge, not to be read for ever.
	wrong := full()
	wrong.files[0x1D] = listing(map[int][]byte{1: wrong.files[1], 2: []byte("another")})
	other := full()
	other.files[0x1D] = wrong.files[0x1D]
	got, err := again(t, &hostile{answer: other.answer}, hostileKey, stolen(t, wrong, 3))
	if err != nil || !bytes.Equal(got.Groups[2], other.files[2]) || other.asked[2] > 12 {
		t.Errorf("%v after %d commands", err, other.asked[2])
	}
}

// Who got files by the weaker way does not bring them into a reading by the better
// one, which would hide that PACE was taken away.
func TestFilesOfAnotherAccessAreNotKept(t *testing.T) {
	p := speaking(t, func(h *virtual.Holder) { h.Chip = virtual.ChipRSA }, generic)
	n := 0
	weak := p.WithFaults(virtual.Faults{WithoutCardAccess: true})
	first, err := read(t, until(weak, 14, &n), p.AccessKey())
	if err == nil || first.Access.Protocol != chip.BAC || first.Groups[1] == nil {
		t.Fatalf("%+v, %v", first.Access, err)
	}
	whole, m := 0, 0
	if _, err := read(t, until(fresh(p), 1000, &whole), p.AccessKey()); err != nil {
		t.Fatal(err)
	}
	second, err := again(t, until(fresh(p), 1000, &m), p.AccessKey(), first)
	if err != nil || second.Access.Protocol != chip.PACE || m != whole {
		t.Errorf("%+v in %d commands, %d are a whole reading; %v", second.Access, m, whole, err)
	}
}

// A failure in between loses nothing of what there is.
func TestFailuresKeepWhatWasRead(t *testing.T) {
	p := rsaChip()
	n := 0
	first, err := read(t, until(fresh(p), 14, &n), p.AccessKey())
	if err == nil || len(first.Groups) == 0 {
		t.Fatal("nothing was read")
	}
	got, err := again(t, fresh(p), hostileKey, first)
	if tunnus.CodeOf(err) != tunnus.CodeNFCAccessDenied {
		t.Errorf("wrong key: %v", err)
	}
	for stop := range 9 {
		n = 0
		if got, err = again(t, until(fresh(p), stop, &n), p.AccessKey(), got); tunnus.CodeOf(err) != tunnus.CodeNFCLost {
			t.Errorf("lost after %d commands: %v", stop, err)
		}
	}
	m := 0
	if _, err = again(t, until(fresh(p), 1000, &m), p.AccessKey(), got); err != nil || m > 17 {
		t.Errorf("%d commands, %v", m, err)
	}
}

// A chip that loses its power whenever it has to say much is read with short
// commands, once that has happened twice at one place.
func TestLongCommandsAreGivenUp(t *testing.T) {
	p := fresh(rsaChip())
	weak := carrier(func(ctx context.Context, c []byte) ([]byte, error) {
		answer, err := p.Transceive(ctx, c)
		if len(answer) > 1000 {
			p.Reset()
			return nil, errRadio
		}
		return answer, err
	})
	var got chip.Reading
	for try := range 4 {
		var err error
		if got, err = again(t, weak, p.AccessKey(), got); err == nil {
			if try != 2 {
				t.Errorf("read in try %d", try+1)
			}
			return
		}
	}
	t.Error("not read")
}

// Each cause of a failure has its code.
func TestCauses(t *testing.T) {
	p := rsaChip()
	at := func(n int, err error) chip.Transceiver {
		c, i := fresh(p), 0
		return carrier(func(ctx context.Context, command []byte) ([]byte, error) {
			if i++; i > n {
				return nil, err
			}
			return c.Transceive(ctx, command)
		})
	}
	damaged := full()
	damaged.files[0x1D][5] ^= 1
	cut := full()
	cut.files[2] = cut.files[2][:5000]
	for name, tt := range map[string]struct {
		c    chip.Transceiver
		key  string
		code tunnus.Code
	}{
		"not found":           {at(0, chip.ErrNoChip), p.AccessKey(), tunnus.CodeNFCNoChip},
		"moved":               {at(10, errRadio), p.AccessKey(), tunnus.CodeNFCLost},
		"moved out":           {at(10, chip.ErrNoChip), p.AccessKey(), tunnus.CodeNFCLost},
		"timed out":           {at(10, context.DeadlineExceeded), p.AccessKey(), tunnus.CodeNFCTimeout},
		"wrong key":           {fresh(p), hostileKey, tunnus.CodeNFCAccessDenied},
		"not a passport":      {&unknown{}, p.AccessKey(), tunnus.CodeNFCNoChip},
		"SOD damaged":         {&hostile{answer: damaged.answer}, hostileKey, tunnus.CodeDocChipBroken},
		"portrait ends early": {&hostile{answer: cut.answer}, hostileKey, tunnus.CodeDocChipBroken},
		"memory fails":        {&hostile{answer: func(apdu.Command) ([]byte, apdu.Status) { return nil, 0x6581 }}, hostileKey, tunnus.CodeDocChipBroken},
	} {
		if _, err := read(t, tt.c, tt.key); tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v; want %s", name, err, tt.code)
		}
	}
}

// unknown is a card of another kind.
type unknown struct{}

func (*unknown) Transceive(context.Context, []byte) ([]byte, error) { return []byte{0x6A, 0x82}, nil }
