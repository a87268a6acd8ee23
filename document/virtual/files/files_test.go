package files_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/virtual/files"
)

// What is written here is what is read there.
func TestFilesAreRead(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		t.Fatal(err)
	}
	old, err := files.Portrait(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for name, dg2 := range map[string][]byte{"19794-5": old, "39794-5": files.Face39794(b.Bytes())} {
		if p, err := lds.ReadPortrait(dg2); err != nil || !bytes.Equal(p.Image, b.Bytes()) {
			t.Errorf("face of ISO/IEC %s: %v", name, err)
		}
	}
	if p, err := lds.SignaturePictures(files.Signature(b.Bytes())); err != nil || len(p) != 1 || !bytes.Equal(p[0].Image, b.Bytes()) {
		t.Errorf("data group 7: %v, %v", p, err)
	}
	if p, err := lds.ReadPersonalDetails(files.Person("LOVE<<ADA<MARIA", "199002140015", "19900214", "UTOPIA CITY<UTO")); err != nil ||
		p.Name.Primary != "LOVE" || p.PersonalNumber != "199002140015" || p.Birth != "19900214" || len(p.BirthPlace) != 2 {
		t.Errorf("data group 11: %+v, %v", p, err)
	}
	if d, err := lds.ReadDocumentDetails(files.Document("POLICE", "20220201")); err != nil || d.Authority != "POLICE" || d.Issued != "20220201" {
		t.Errorf("data group 12: %+v, %v", d, err)
	}
	if o, err := lds.OptionalDetails(files.Optional([]byte("x"))); err != nil || string(o) != "x" {
		t.Errorf("data group 13: %q, %v", o, err)
	}
	if c, err := lds.Contacts(files.Contact("20220201", "LOVE<<BEN", "+3725550101", "2 MAIN STREET")); err != nil || len(c) != 1 || c[0].Telephone != "+3725550101" {
		t.Errorf("data group 16: %+v, %v", c, err)
	}
	if x, err := lds.ReadCOM(files.COM(map[int][]byte{1: {}, 2: {}, 16: {}})); err != nil || len(x.Groups) != 3 {
		t.Errorf("EF.COM: %+v, %v", x, err)
	}
}

func TestPortraitsThatAreNone(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("GIF89a"), {0xFF}} {
		if _, err := files.Portrait(b); err == nil {
			t.Errorf("%q was taken", b)
		}
	}
}
