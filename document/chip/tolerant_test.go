package chip_test

import (
	"bytes"
	"context"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// forgetting loses its power for a moment before commands for which at says so; the
// reader does not notice.
func forgetting(p *virtual.Passport, at func(n int) bool) chip.Transceiver {
	n := 0
	return carrier(func(ctx context.Context, c []byte) ([]byte, error) {
		if n++; at(n) {
			p.Reset()
		}
		return p.Transceive(ctx, c)
	})
}

// A chip that forgets its session for a moment, before any one of the commands, is read
// all the same; one that does so again and again was lost, and is no damaged one: it is
// read when it is held still.
func TestSessionLostForAMoment(t *testing.T) {
	p := must(utopia().Issue(ada(virtual.ChipShort, 20)))
	for at := 16; ; at++ { // behind BAC, in short commands
		all := 0
		got, err := read(t, forgetting(fresh(p), func(n int) bool { all = n; return n == at }), p.AccessKey())
		if err != nil || !bytes.Equal(got.Groups[2], p.Group(2)) || got.ActiveAuth == nil {
			t.Fatalf("before command %d: %d groups, %v", at, len(got.Groups), err)
		}
		if all < at {
			break
		}
	}
	got, err := read(t, forgetting(fresh(p), func(n int) bool { return n%30 == 0 }), p.AccessKey())
	if tunnus.CodeOf(err) != tunnus.CodeNFCLost || len(got.Groups) == 0 {
		t.Fatalf("again and again: %d groups, %v", len(got.Groups), err)
	}
	if got, err = again(t, fresh(p), p.AccessKey(), got); err != nil || !bytes.Equal(got.Groups[2], p.Group(2)) {
		t.Errorf("held still: %v", err)
	}
	if _, err = read(t, forgetting(fresh(p), func(n int) bool { return n > 8 }), p.AccessKey()); tunnus.CodeOf(err) != tunnus.CodeDocChipBroken {
		t.Errorf("one that never has a session: %v", err)
	}
}

// A chip that refuses a long INTERNAL AUTHENTICATE, or wants another length, is asked
// again: it is no copy because of that. It is asked a few times at most.
func TestActiveAuthIsAskedAgain(t *testing.T) {
	signature := make([]byte, 128)
	refusing := func(status apdu.Status, takes func(le int) bool) func(int) ([]byte, apdu.Status) {
		return func(le int) ([]byte, apdu.Status) {
			if takes(le) {
				return signature, apdu.OK
			}
			return nil, status
		}
	}
	short := func(le int) bool { return le <= 256 }
	for name, tt := range map[string]struct {
		answer func(le int) ([]byte, apdu.Status)
		asked  int
		want   int
	}{
		"6C80":              {refusing(0x6C80, func(le int) bool { return le == 128 }), 2, 128},
		"6C00":              {refusing(0x6C00, func(le int) bool { return le == 256 }), 2, 128},
		"6C80 for ever":     {refusing(0x6C80, func(int) bool { return false }), 2, 0},
		"6A86 to long ones": {refusing(apdu.WrongParameters, short), 2, 128},
		"6985 to long ones": {refusing(apdu.ConditionsNot, short), 2, 128},
		"6700 to long ones": {refusing(apdu.WrongLength, short), 3, 128},
		"6700, then 6A86": {func(le int) ([]byte, apdu.Status) {
			return refusing(map[bool]apdu.Status{true: 0x6700, false: 0x6A86}[le > 2000], short)(le)
		}, 3, 128},
		"refused for ever":      {refusing(apdu.UnknownCommand, func(int) bool { return false }), 2, 0},
		"more than is asked of": {func(le int) ([]byte, apdu.Status) { return make([]byte, le+1), apdu.OK }, 1, 0},
	} {
		s, asked := full(), 0
		got, err := read(t, &hostile{answer: func(c apdu.Command) ([]byte, apdu.Status) {
			if c.Ins != 0x88 {
				return s.answer(c)
			}
			asked++
			return tt.answer(c.Le)
		}}, hostileKey)
		if err != nil || len(got.ActiveAuth) != tt.want || asked != tt.asked {
			t.Errorf("%s: %d bytes, asked %d times, %v", name, len(got.ActiveAuth), asked, err)
		}
	}
}

// Nothing depends on EF.COM, so an odd one is none, and the document is read.
func TestOddCOMDoesNotEndTheReading(t *testing.T) {
	for name, com := range map[string]func(*shelf) func(apdu.Command) ([]byte, apdu.Status){
		"another tag": func(s *shelf) func(apdu.Command) ([]byte, apdu.Status) { s.files[0x1E][0] = 0x61; return s.answer },
		"over its cap": func(s *shelf) func(apdu.Command) ([]byte, apdu.Status) {
			s.files[0x1E] = tlv.Append(nil, 0x60, make([]byte, 5000))
			return s.answer
		},
		"cut": func(s *shelf) func(apdu.Command) ([]byte, apdu.Status) {
			s.files[0x1E] = s.files[0x1E][:9]
			return s.answer
		},
		"not there":     func(s *shelf) func(apdu.Command) ([]byte, apdu.Status) { delete(s.files, 0x1E); return s.answer },
		"not allowed":   refusingCOM(apdu.NotSatisfied),
		"no such place": refusingCOM(apdu.WrongParameters),
		"broken memory": refusingCOM(0x6581),
	} {
		s := full()
		got, err := read(t, &hostile{answer: com(s)}, hostileKey)
		if err != nil || got.COM != nil || len(got.Groups) != 4 || !bytes.Equal(got.SOD, s.files[0x1D]) {
			t.Errorf("%s: %d groups, EF.COM %X, %v", name, len(got.Groups), got.COM, err)
		}
	}
}

func refusingCOM(status apdu.Status) func(*shelf) func(apdu.Command) ([]byte, apdu.Status) {
	return func(s *shelf) func(apdu.Command) ([]byte, apdu.Status) {
		return func(c apdu.Command) ([]byte, apdu.Status) {
			if c.P1 == 0x9E || c.Ins == 0xA4 && len(c.Data) == 2 && c.Data[1] == 0x1E {
				return nil, status
			}
			return s.answer(c)
		}
	}
}

// A document that opens by PACE and is no passport, and one whose ways of access nobody
// here speaks, are not damaged: there is no passport, and no access.
func TestDocumentsOfAnotherKind(t *testing.T) {
	national := speaking(t, nil, generic)
	unspoken := must(utopia().Issue(ada(virtual.ChipPlain, 5))).WithFaults(virtual.Faults{
		CardAccess: security.Set(security.NewPACE(security.Generic, true, apdu.AES128, 31).Marshal()),
	})
	for name, tt := range map[string]struct {
		p      *virtual.Passport
		refuse func(c []byte) bool
		answer func(p *virtual.Passport) []byte
	}{
		"no application":          {national, selects, func(p *virtual.Passport) []byte { p.Reset(); return []byte{0x6A, 0x82} }},
		"another status":          {national, selects, func(p *virtual.Passport) []byte { p.Reset(); return []byte{0x69, 0x85} }},
		"PACE of an unknown kind": {unspoken, func(c []byte) bool { return c[1] == 0x84 }, func(*virtual.Passport) []byte { return []byte{0x69, 0x82} }},
	} {
		p := tt.p
		p.Reset()
		_, err := read(t, carrier(func(ctx context.Context, c []byte) ([]byte, error) {
			if tt.refuse(c) {
				return tt.answer(p), nil
			}
			return p.Transceive(ctx, c)
		}), p.AccessKey())
		want := tunnus.CodeNFCNoChip
		if p == unspoken {
			want = tunnus.CodeNFCAccessDenied
		}
		if tunnus.CodeOf(err) != want {
			t.Errorf("%s: %v; want %s", name, err, want)
		}
	}
	root := &shelf{files: map[byte][]byte{0x1C: security.Set(generic.Marshal())}, asked: map[byte]int{}, carried: map[byte]int{}}
	if _, err := read(t, &speaker{root: root, application: nil}, hostileKey); tunnus.CodeOf(err) != tunnus.CodeNFCNoChip {
		t.Errorf("no application, told under the session: %v", err)
	}
}

// selects tells SELECT of an application.
func selects(c []byte) bool { return c[1] == 0xA4 && c[2] == 4 }
