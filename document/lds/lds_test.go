package lds_test

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"image"
	"image/jpeg"
	"slices"
	"sync"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/signature"
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
	if s.Algorithm.Scheme != signature.PKCS1 || s.Algorithm.Hash != crypto.SHA256 || len(s.Certificates) != 1 || s.SigningTime.IsZero() {
		t.Errorf("signer %+v", s.Signer)
	}
}

func TestGroupsThatAreRead(t *testing.T) {
	for _, n := range []int{3, 4, 0, 5, 6, 8, 9, 10, 17} {
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
}

// Chips name the digest by the algorithms of two standards. One that names something
// else has told nothing; one that tells twice says nothing that can be relied on.
func TestActiveAuthHash(t *testing.T) {
	info := func(oid ...int) []byte {
		name, err := asn1.Marshal(asn1.ObjectIdentifier(oid))
		if err != nil {
			t.Fatal(err)
		}
		return tlv.Append(nil, 0x30, slices.Concat([]byte{6, 6, 0x67, 0x81, 8, 1, 1, 5, 2, 1, 1}, name))
	}
	dg14 := func(infos ...[]byte) []byte {
		return tlv.Append(nil, 0x6E, tlv.Append(nil, 0x31, slices.Concat(infos...)))
	}
	bsi, x962 := []int{0, 4, 0, 127, 0, 7, 1, 1, 4, 1}, []int{1, 2, 840, 10045, 4}
	for i, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		old := append(slices.Clone(x962), 3, i)
		if i == 0 {
			old = append(slices.Clone(x962), 1)
		}
		for _, oid := range [][]int{append(slices.Clone(bsi), i+1), old} {
			if got, ok, err := lds.ActiveAuthHash(dg14(info(oid...))); err != nil || !ok || got != h {
				t.Errorf("%v: %v, %v, %v; want %v", oid, got, ok, err, h)
			}
		}
	}
	for name, oid := range map[string][]int{"RIPEMD-160": append(slices.Clone(bsi), 6), "any digest": append(slices.Clone(x962), 3), "RSA": {1, 2, 840, 113549, 1, 1, 11}} {
		if got, ok, err := lds.ActiveAuthHash(dg14(info(oid...))); err != nil || ok || got != 0 {
			t.Errorf("%s: %v, %v, %v", name, got, ok, err)
		}
		if _, _, err := lds.ActiveAuthHash(dg14(info(oid...), info(append(slices.Clone(bsi), 3)...))); err == nil {
			t.Errorf("%s, and another: read", name)
		}
	}
}

func TestFilesOverTheCap(t *testing.T) {
	for n, size := range map[int]int{
		1: 256, 2: 256 << 10, 7: 64 << 10, 11: 64 << 10, 12: 128 << 10, 13: 64 << 10, 14: 16 << 10, 15: 4 << 10, 16: 16 << 10,
	} {
		f, _ := lds.Group(n)
		for content := size - 6; content <= size; content++ {
			file := tlv.Append(nil, f.Tag, make([]byte, content))
			if _, err := f.Open(file); (err == nil) != (len(file) <= size) {
				t.Errorf("DG%d of %d bytes: %v", n, len(file), err)
			}
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
		if s.Indefinite == 0 && !(bytes.Contains(in, s.Content) && bytes.Contains(in, s.Attributes[1:])) || s.MessageDigest == nil {
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

// A code line that is read prints back as the file has it; algorithms are read or
// refused, nothing else.
func FuzzGroups(f *testing.F) {
	for _, n := range []int{1, 14} {
		f.Add(passport().Group(n))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if z, err := lds.Zone(in); err == nil {
			lines := bytes.ReplaceAll([]byte(z.String()), []byte("\n"), nil)
			if !bytes.HasSuffix(in, lines) {
				t.Errorf("%q is not what the file says", lines)
			}
		}
		if h, ok, err := lds.ActiveAuthHash(in); err == nil && ok && !h.Available() {
			t.Errorf("digest %v is not available", h)
		}
	})
}
