package lds_test

import (
	"bytes"
	"crypto"
	"image"
	"image/jpeg"
	"sync"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// passport is one of an invented person, with data groups 1, 2, 14 and 15.
var passport = sync.OnceValue(func() *virtual.Passport {
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		panic(err)
	}
	c, err := virtual.NewCountry(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if err != nil {
		panic(err)
	}
	p, err := c.Issue(virtual.Holder{
		Surname: "LOVE", Number: "X1", Chip: virtual.ChipECDSA, Portrait: portrait.Bytes(),
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2032, 1, 31, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		panic(err)
	}
	return p
})

func TestSODTellsWhatIsSigned(t *testing.T) {
	s, err := lds.ReadSOD(passport().SOD())
	if err != nil {
		t.Fatal(err)
	}
	if s.Object.Hash != crypto.SHA256 || len(s.Object.Groups) != 4 || !s.Object.Has(15) || s.Object.Has(3) {
		t.Errorf("object %+v", s.Object)
	}
	if s.Algorithm.Scheme != lds.PKCS1 || s.Algorithm.Hash != crypto.SHA256 || len(s.Certificates) != 1 || s.SigningTime.IsZero() {
		t.Errorf("signer %+v", s.Signer)
	}
}

func TestGroupsThatAreRead(t *testing.T) {
	for _, n := range []int{3, 4, 0, 16, 17} {
		if _, ok := lds.Group(n); ok {
			t.Errorf("data group %d is read", n)
		}
	}
	z, err := lds.Zone(passport().Group(1))
	if err != nil || z.Surname != "LOVE" {
		t.Errorf("DG1: %+v, %v", z, err)
	}
	h, ok, err := lds.ActiveAuthHash(passport().Group(14))
	if err != nil || !ok || h != crypto.SHA256 {
		t.Errorf("DG14: %v, %v, %v", h, ok, err)
	}
	if _, err := lds.ActiveAuthKey(passport().Group(15)); err != nil {
		t.Errorf("DG15: %v", err)
	}
}

func TestFilesOverTheCap(t *testing.T) {
	for n, size := range map[int]int{1: 257, 2: 256<<10 + 1, 15: 4<<10 + 1} {
		f, _ := lds.Group(n)
		if _, err := f.Open(make([]byte, size)); err == nil {
			t.Errorf("DG%d of %d bytes was opened", n, size)
		}
	}
}

func TestPortraitsThatAreNone(t *testing.T) {
	good := passport().Group(2)
	record := bytes.Index(good, []byte("FAC\x00"))
	change := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[record+at:], to)
		return b
	}
	for name, dg2 := range map[string][]byte{
		"another record":     change(0, 'X'),
		"another version":    change(4, '9'),
		"another length":     change(8, 0xFF),
		"no faces":           change(12, 0, 0),
		"block too long":     change(14, 0xFF),
		"block too short":    change(14, 0, 0, 0, 5),
		"65535 points":       change(18, 0xFF, 0xFF),
		"neither JPEG":       change(46, 0),
		"tag of another":     append([]byte{0x76}, good[1:]...),
		"trailing byte":      append(bytes.Clone(good), 0),
		"a million elements": tlv.Append(nil, 0x75, tlv.Append(nil, 0x7F61, bytes.Repeat([]byte{2, 0}, 100_000))),
	} {
		if p, err := lds.ReadPortrait(dg2); err == nil {
			t.Errorf("%s: read %d bytes of %s", name, len(p.Image), p.Format)
		}
	}
}

func TestBrokenHasItsCode(t *testing.T) {
	if got := tunnus.CodeOf(lds.Broken(nil)); got != tunnus.CodeDocChipBroken {
		t.Errorf("got %s", got)
	}
}

// A security object that is read is the file's whole content, and has what a
// verifier relies on.
func FuzzReadSOD(f *testing.F) {
	f.Add(passport().SOD())
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := lds.ReadSOD(in)
		if err != nil {
			return
		}
		if !bytes.Contains(in, s.Content) || !bytes.Contains(in, s.Attributes[1:]) || s.MessageDigest == nil {
			t.Error("something that is not in the file")
		}
		if (s.KeyID == nil) == (s.Issuer == nil) {
			t.Error("the signer is not named in one way")
		}
		for n, h := range s.Object.Groups {
			if n < 1 || n > 16 || len(h) != s.Object.Hash.Size() {
				t.Errorf("data group %d with a hash of %d bytes", n, len(h))
			}
		}
	})
}

// An image that is read stands in the file as it is.
func FuzzReadPortrait(f *testing.F) {
	f.Add(passport().Group(2))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := lds.ReadPortrait(in)
		if err == nil && (len(p.Image) == 0 || !bytes.Contains(in, p.Image) || p.Format == "") {
			t.Errorf("%d bytes of %q", len(p.Image), p.Format)
		}
	})
}

// A code line that is read prints back as the file has it; keys and algorithms
// are read or refused, nothing else.
func FuzzGroups(f *testing.F) {
	for _, n := range []int{1, 14, 15} {
		f.Add(passport().Group(n))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if z, err := lds.Zone(in); err == nil {
			lines := bytes.ReplaceAll([]byte(z.String()), []byte("\n"), nil)
			if !bytes.HasSuffix(in, lines) {
				t.Errorf("%q is not what the file says", lines)
			}
		}
		if key, err := lds.ActiveAuthKey(in); err == nil && key == nil {
			t.Error("no key and no error")
		}
		if h, ok, err := lds.ActiveAuthHash(in); err == nil && ok && !h.Available() {
			t.Errorf("digest %v is not available", h)
		}
	})
}
