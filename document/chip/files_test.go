package chip_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// want reads some groups of a shelf.
func want(t *testing.T, s *shelf, groups ...int) (chip.Reading, error) {
	t.Helper()
	return chip.Request{AccessKey: hostileKey, Challenge: challenge, Groups: groups}.Read(t.Context(), &hostile{answer: s.answer})
}

func TestGroupsThatAreWanted(t *testing.T) {
	for _, tt := range []struct{ ask, want []int }{
		{nil, []int{1, 2, 14, 15}},
		{[]int{}, nil},
		{[]int{1}, []int{1}},
		{[]int{11, 12, 12}, []int{11, 12}},
		{chip.Readable(), []int{1, 2, 7, 11, 12, 13, 14, 15, 16}},
	} {
		s := full()
		got, err := chip.Request{AccessKey: hostileKey, Challenge: challenge, Groups: tt.ask}.Read(t.Context(), &hostile{answer: s.answer})
		if have := slices.Sorted(maps.Keys(got.Groups)); err != nil || !slices.Equal(have, tt.want) {
			t.Errorf("%v: read %v, %v", tt.ask, have, err)
		}
		for n, b := range got.Groups {
			if !bytes.Equal(b, s.files[byte(n)]) || s.carried[byte(n)] != len(b) {
				t.Errorf("%v: data group %d is not the one on the chip, or was read twice", tt.ask, n)
			}
		}
		if !bytes.Equal(got.COM, s.files[0x1E]) || !bytes.Equal(got.SOD, s.files[0x1D]) {
			t.Errorf("%v: EF.COM or EF.SOD is another", tt.ask)
		}
		for id, n := range s.asked {
			group := int(id)
			if group <= 16 && !slices.Contains(tt.want, group) && n > 0 {
				t.Errorf("%v: asked for data group %d", tt.ask, group)
			}
		}
	}
}

// Fingerprints and irises are never asked for, whatever the chip lists, nor the
// groups that nobody knows.
func TestFingerprintsAreNeverAskedFor(t *testing.T) {
	for _, wanted := range [][]int{nil, chip.Readable()} {
		s := full() // has them all, readable without any right
		if _, err := want(t, s, wanted...); err != nil {
			t.Fatal(err)
		}
		for _, n := range []byte{3, 4, 5, 6, 8, 9, 10} {
			if s.files[n] == nil || s.asked[n] != 0 || s.carried[n] != 0 {
				t.Errorf("data group %d was asked for %d times", n, s.asked[n])
			}
		}
	}
	for _, n := range []int{3, 4, 0, 5, 17, -1} {
		h := &hostile{answer: full().answer}
		_, err := chip.Request{AccessKey: hostileKey, Challenge: challenge, Groups: []int{1, n}}.Read(t.Context(), h)
		if err == nil || h.commands != 0 {
			t.Errorf("data group %d may be wanted: %v after %d commands", n, err, h.commands)
		}
	}
}

// What the SOD does not list is not asked for.
func TestOnlyListedGroupsAreAskedFor(t *testing.T) {
	s := full()
	s.files[0x1D] = listing(map[int][]byte{1: s.files[1], 12: s.files[12]})
	got, err := want(t, s, chip.Readable()...)
	if err != nil || len(got.Groups) != 2 || s.asked[2]+s.asked[7]+s.asked[11]+s.asked[14] != 0 {
		t.Errorf("%d groups, %v", len(got.Groups), err)
	}
	// A listed file that is not there is left to the verifier.
	s = full()
	delete(s.files, 12)
	if got, err := want(t, s, chip.Readable()...); err != nil || got.Groups[12] != nil || len(got.Groups) != 8 {
		t.Errorf("%d groups, %v", len(got.Groups), err)
	}
}

// Files are read in few commands: one for what fits into one, and as few as the
// chip takes for the rest.
func TestFewReads(t *testing.T) {
	for most, commands := range map[int]int{0: 1 + 5, 4096: 1 + 5, 4095: 2 + 18, 1000: 2 + 18, 256: 3 + 79} {
		s := full()
		s.most = most
		h := &hostile{answer: s.answer}
		got, err := chip.Request{AccessKey: hostileKey, Challenge: challenge, Groups: []int{1, 2}}.Read(t.Context(), h)
		if err != nil || !bytes.Equal(got.Groups[2], s.files[2]) {
			t.Errorf("chip that takes %d: %v", most, err)
		}
		if s.asked[1] != 1 || s.asked[2] > commands {
			t.Errorf("chip that takes %d: %d and %d commands", most, s.asked[1], s.asked[2])
		}
	}
}

// EF.CardSecurity is read if it is wanted, where PACE has opened the chip.
func TestCardSecurityIsRead(t *testing.T) {
	access := security.Set(generic.Marshal())
	signed := tlv.Append(nil, 0x30, bytes.Repeat([]byte("signed"), 200))
	for name, tt := range map[string]struct {
		wanted bool
		file   []byte
		want   []byte
	}{
		"wanted": {true, signed, signed}, "not wanted": {false, signed, nil}, "not there": {true, nil, nil},
		"another file": {true, tlv.Append(nil, 0x77, []byte("SOD")), nil},
	} {
		root := &shelf{files: map[byte][]byte{0x1C: access, 0x1D: tt.file}, asked: map[byte]int{}, carried: map[byte]int{}}
		c := &speaker{root: root, application: full()}
		got, err := chip.Request{AccessKey: hostileKey, Challenge: challenge, CardSecurity: tt.wanted}.Read(t.Context(), c)
		if err != nil || !bytes.Equal(got.CardSecurity, tt.want) || got.Access.Protocol != chip.PACE || len(got.Groups) != 4 {
			t.Errorf("%s: %x, %d groups, %v", name, got.CardSecurity, len(got.Groups), err)
		}
		if !tt.wanted && root.asked[0x1D] != 0 {
			t.Errorf("%s: asked for", name)
		}
	}
	// After BAC it could be anybody's: nothing is asked for in the master file.
	s, plain := full(), full()
	got, err := chip.Request{AccessKey: hostileKey, Challenge: challenge, CardSecurity: true}.Read(t.Context(), &hostile{answer: s.answer})
	if err != nil || got.CardSecurity != nil {
		t.Errorf("BAC: %x, %v", got.CardSecurity, err)
	}
	if _, err := read(t, &hostile{answer: plain.answer}, hostileKey); err != nil || s.asked[0x1D] != plain.asked[0x1D] {
		t.Errorf("BAC: asked %d times, %d are for EF.SOD; %v", s.asked[0x1D], plain.asked[0x1D], err)
	}
}

// Progress is told by bytes: what is shown is what has come, of all that will.
func TestProgressByBytes(t *testing.T) {
	for size, most := range map[int]int{6_000: 45, 18_000: 25, 200_000: 12} { // the further from what is common, the worse
		s := full()
		s.files[2] = tlv.Append(nil, 0x75, make([]byte, size))
		s.files[0x1D] = listing(map[int][]byte{1: s.files[1], 2: s.files[2]})
		came, all := 0, 0
		for _, id := range []byte{0x1E, 0x1D, 1, 2} {
			all += len(s.files[id])
		}
		worst, reports := 0, 0
		h := &hostile{answer: func(c apdu.Command) ([]byte, apdu.Status) {
			b, status := s.answer(c)
			came += len(b)
			return b, status
		}}
		_, err := chip.Read(t.Context(), h, hostileKey, challenge, func(done, total int) {
			reports++
			if done < total {
				worst = max(worst, max(done-100*came/all, 100*came/all-done))
			}
		})
		if err != nil || worst > most || reports < 5 {
			t.Errorf("%d bytes: up to %d hundredths off in %d reports, %v", size, worst, reports, err)
		}
	}
}
