package emrtd_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// born and issuedOn are data groups 11 and 12 with one date each.
func born(date string) []byte {
	return tlv.Append(nil, 0x6B, slices.Concat([]byte{0x5C, 2, 0x5F, 0x2B}, tlv.Append(nil, 0x5F2B, []byte(date))))
}

func issuedOn(date string) []byte {
	return tlv.Append(nil, 0x6C, slices.Concat([]byte{0x5C, 2, 0x5F, 0x26}, tlv.Append(nil, 0x5F26, []byte(date))))
}

// with is the passport with more groups, signed by a state.
func with(s state, more map[int][]byte, change func(*issuer.Content)) emrtd.Evidence {
	ev := emrtd.Evidence{Groups: adas().Groups(), ActiveAuth: must(adas().Prove(challenge))}
	for n, g := range more {
		ev.Groups[n] = g
	}
	return s.seal(ev, change)
}

func TestDetailsAgreeWithTheCodeLine(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	for name, tt := range map[string]struct {
		more map[int][]byte
		want emrtd.Result
	}{
		"same birth":                   {map[int][]byte{11: born("19900214")}, emrtd.Successful},
		"day not known":                {map[int][]byte{11: born("19900200")}, emrtd.Successful},
		"another day":                  {map[int][]byte{11: born("19900215")}, emrtd.Failed},
		"another year":                 {map[int][]byte{11: born("19910214")}, emrtd.Failed},
		"issued before":                {map[int][]byte{11: born("19900214"), 12: issuedOn("20261101")}, emrtd.Successful},
		"issued in the future":         {map[int][]byte{12: issuedOn("20261224")}, emrtd.Failed},
		"issued after its last day":    {map[int][]byte{12: issuedOn("20320201")}, emrtd.Failed},
		"group 11 is in no form":       {map[int][]byte{11: {0x6B, 1, 0}}, emrtd.NotPerformed},
		"group 12 is in no form":       {map[int][]byte{12: {0x6C, 1, 0}}, emrtd.NotPerformed},
		"day of issue is not a date":   {map[int][]byte{12: issuedOn("20260231")}, emrtd.Successful},
		"neither of them is there":     {nil, emrtd.NotSupported},
		"birth is said in a long text": {map[int][]byte{11: born("199002140")}, emrtd.NotPerformed},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := s.judge(with(s, tt.more, nil), now)
			if tt.want == emrtd.Failed {
				fails(t, err, tunnus.CodeDocChipBroken, emrtd.CheckDetails, emrtd.ReasonConflict)
			} else if err != nil || v.Result(emrtd.CheckDetails) != tt.want {
				t.Errorf("%v, %+v", err, v.Checks())
			}
		})
	}
	ev := with(s, map[int][]byte{11: born("19900215")}, nil)
	delete(ev.Groups, 11)
	if v, err := s.judge(ev, now); err != nil || v.Result(emrtd.CheckDetails) != emrtd.NotPerformed {
		t.Errorf("listed and not read: %v", err)
	}
}

// Where nobody says when it was signed, the day of issue takes its place.
func TestDayOfIssue(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) {
		l.Extensions = append(l.Extensions, issuer.UsePeriod(now.AddDate(0, -1, 0), now.AddDate(0, 3, 0)))
		l.NotBefore = now.AddDate(0, -1, 0)
	})
	untold := func(c *issuer.Content) { c.At = time.Time{} }
	v, err := s.judge(with(s, map[int][]byte{12: issuedOn("20261101")}, untold), now)
	if err != nil || v.Result(emrtd.CheckKeyPeriod) != emrtd.Successful || v.Issued().Format(time.DateOnly) != "2026-11-01" {
		t.Errorf("%v, %v", err, v.Issued())
	}
	// It is a day, and another one elsewhere: the period begins on 22 October at noon.
	for day, good := range map[string]bool{"20260901": false, "20261020": false, "20261021": true, "20261022": true} {
		v, err = s.judge(with(s, map[int][]byte{12: issuedOn(day)}, untold), now)
		if !good {
			fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckKeyPeriod, emrtd.ReasonKeyPeriod)
		} else if err != nil || v.Result(emrtd.CheckKeyPeriod) != emrtd.Successful {
			t.Errorf("issued on %s: %v", day, err)
		}
	}
	short := found(keyCSCA(), keyRSA(), func(_, l *issuer.Template) {
		l.Extensions = append(l.Extensions, issuer.UsePeriod(now.AddDate(0, -3, 0), now.AddDate(0, -1, 0)))
		l.NotBefore = now.AddDate(0, -3, 0)
	})
	for day, good := range map[string]bool{"20261023": true, "20261024": false} {
		if _, err := short.judge(with(short, map[int][]byte{12: issuedOn(day)}, untold), now); (err == nil) != good {
			t.Errorf("period to 22 October, issued on %s: %v", day, err)
		}
	}
}

// An issuer may have signers of several countries: those of one document are of one.
func TestIssuerWithSignersOfTwoCountries(t *testing.T) {
	for name, tt := range map[string]struct {
		issuer, csca, signer string
		good                 bool
	}{
		"of its state":      {"GBD", "GB", "GB", true},
		"of its own":        {"GBD", "BM", "BM", true},
		"of both":           {"GBD", "BM", "GB", false},
		"of another, whole": {"GBD", "XX", "XX", false},
		"the state's own":   {"GBR", "BM", "BM", false},
	} {
		s := found(keyCSCA(), keyRSA(), func(root, l *issuer.Template) {
			root.Issuer, root.Subject, l.Issuer, l.Subject = nameOf(tt.csca, "CSCA"), nameOf(tt.csca, "CSCA"), nameOf(tt.csca, "CSCA"), nameOf(tt.signer, "DS")
		})
		dg1 := bytes.Replace(adas().Group(1), []byte("P<UTO"), []byte("P<"+tt.issuer), 1)
		switch v, err := s.judge(with(s, map[int][]byte{1: dg1}, nil), now); {
		case !tt.good:
			fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckCountry, emrtd.ReasonCountry)
		case err != nil || v.Zone().Issuer != tt.issuer:
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A document gets no younger by data group 12 being left out.
func TestDayOfIssueLeftOut(t *testing.T) {
	from := func(day time.Time, more ...[]byte) state {
		return found(keyCSCA(), keyRSA(), func(root, l *issuer.Template) {
			root.NotBefore, l.NotBefore, l.Extensions = day, day, append(l.Extensions, more...)
		})
	}
	signed := func(at time.Time) func(*issuer.Content) { return func(c *issuer.Content) { c.At = at } }
	old, noon := time.Date(2012, 1, 1, 12, 0, 0, 0, time.UTC), time.Date(2012, 1, 5, 12, 0, 0, 0, time.UTC)
	more := map[int][]byte{12: issuedOn("20120102")}
	for name, tt := range map[string]struct {
		s          state
		more       map[int][]byte
		at         time.Time
		told, left string // with data group 12, and without
	}{
		"when it was signed is told":         {from(old), more, noon, "2012-01-02", "2012-01-05"},
		"and no day of issue":                {from(old), map[int][]byte{12: issuedOn("2012010A")}, noon, "2012-01-05", "2012-01-05"},
		"it is not":                          {from(old), more, time.Time{}, "2012-01-02", "2012-01-01"},
		"it is not, of a signer from then":   {from(old, issuer.UsePeriod(noon.AddDate(0, 0, -2), noon)), more, time.Time{}, "2012-01-02", "2012-01-03"},
		"neither, nor is there such a group": {from(old), nil, time.Time{}, "0001-01-01", "0001-01-01"},
	} {
		ev := with(tt.s, tt.more, signed(tt.at))
		for _, want := range []string{tt.told, tt.left} {
			v, err := tt.s.judge(ev, now)
			if err != nil || v.Issued().Format(time.DateOnly) != want {
				t.Errorf("%s: %v, issued %v; want %s", name, err, v.Issued(), want)
			}
			delete(ev.Groups, 12)
		}
	}
}

// Groups that nobody asks for, fingerprints, printed portraits, lines, are refused where
// a chip was read; who has their files is told whether they are right.
func TestGroupsThatAreNotAskedFor(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	other := map[int][]byte{3: {0x63, 1, 1}, 5: {0x65, 1, 2}, 8: {0x68, 1, 3}}
	list := must(trustlist.Of(s.root))
	if r := emrtd.Inspect(with(s, other, nil), list, now); !r.Good() {
		t.Errorf("listed and right: %+v", r.Checks)
	}
	for n := range other {
		ev := with(s, other, nil)
		ev.Groups[n] = []byte{ev.Groups[n][0], 1, 9}
		if r := emrtd.Inspect(ev, list, now); r.Good() || r.Checks[8].Reason != emrtd.ReasonHash {
			t.Errorf("group %d of another: %+v", n, r.Checks)
		}
		_, err := s.judge(with(s, map[int][]byte{n: other[n]}, nil), now)
		fails(t, err, tunnus.CodeHashMismatch, emrtd.CheckHashes, emrtd.ReasonNotRead)
	}
	if r := emrtd.Inspect(with(s, map[int][]byte{3: make([]byte, 1<<20+1)}, nil), list, now); r.Good() {
		t.Error("a group of a megabyte and more")
	}
	for n, size := range map[int]int{7: 64<<10 + 1, 14: 16<<10 + 1} {
		_, err := s.judge(with(s, map[int][]byte{n: make([]byte, size)}, nil), now)
		fails(t, err, tunnus.CodeHashMismatch, emrtd.CheckHashes, emrtd.ReasonNotRead)
	}
}

// A hash of another length than the digest's is none, and so is a group over 16.
func TestHashesOfTheirLength(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	list := s.list(adas().Groups())
	entry := append([]byte{0x30, 0x25, 2, 1, 1, 4, 0x20}, sha256Of(adas().Group(1))...)
	for name, by := range map[string][]byte{
		"a byte less": append([]byte{0x30, 0x24, 2, 1, 1, 4, 0x1F}, sha256Of(adas().Group(1))[:31]...),
		"a byte more": append(append([]byte{0x30, 0x26, 2, 1, 1, 4, 0x21}, sha256Of(adas().Group(1))...), 0),
		"none":        {0x30, 5, 2, 1, 1, 4, 0},
		"group 0":     append([]byte{0x30, 0x25, 2, 1, 0, 4, 0x20}, sha256Of(adas().Group(1))...),
		"group 17":    append([]byte{0x30, 0x25, 2, 1, 17, 4, 0x20}, sha256Of(adas().Group(1))...),
	} {
		changed := naming(list, entry, by)
		if bytes.Equal(changed, list) {
			t.Fatal("nothing was changed")
		}
		_, err := s.judge(s.issue(adas(), func(c *issuer.Content) { c.Content = changed }), now)
		if fails(t, err, tunnus.CodeDocSigBad, emrtd.CheckSecurityObject, emrtd.ReasonUnreadable); t.Failed() {
			t.Fatal(name)
		}
	}
}

// EF.COM is not signed: what it says is told, and decides nothing.
func TestEFCOM(t *testing.T) {
	ev := read(t, keyed(t, virtual.ChipPlain))
	v, err := emrtd.Verify(ev, trust(), challenge, now)
	if err != nil || v.Result(emrtd.CheckCOM) != emrtd.Successful {
		t.Errorf("%v, %+v", err, v.Checks())
	}
	at := slices.Index(ev.COM, 0x5C) + 2
	ev.COM[at]++
	for range 2 { // once with another list, once with none
		if v, err = emrtd.Verify(ev, trust(), challenge, now); err != nil || v.Result(emrtd.CheckCOM) != emrtd.Failed {
			t.Errorf("%v, %+v", err, v.Checks())
		}
		ev.COM = []byte{0x60, 0}
	}
}
