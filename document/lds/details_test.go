package lds_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// el is one element.
func el(tag tlv.Tag, parts ...string) string {
	return string(tlv.Append(nil, tag, []byte(strings.Join(parts, ""))))
}

// file is one whole file.
func file(tag tlv.Tag, parts ...string) []byte { return []byte(el(tag, parts...)) }

const tinyJPEG = "\xFF\xD8\xFF\xE0 not a picture"

var (
	dg7  = file(0x67, "\x02\x01\x02", el(0x5F43, tinyJPEG), el(0x5F43, "\xFF\x4F\xFF\x51 nor this"))
	dg11 = file(0x6B, el(0x5C, "\x5F\x0E\x5F\x0F\x5F\x10\x5F\x2B\x5F\x11\x5F\x42\x5F\x12\x5F\x13\x5F\x14\x5F\x15\x5F\x16\x5F\x17\x5F\x18"),
		el(0x5F0E, "ŁUKASIEWICZ<NÕMM<<ÄDA<MARIA"), el(0xA0, "\x02\x01\x02", el(0x5F0F, "LOVE<<ADA"), el(0x5F0F, "ADA")),
		el(0x5F10, "199002140015"), el(0x5F2B, "19900214"), el(0x5F11, "UTOPIA CITY<<UTO"), el(0x5F42, "1 MAIN STREET<UTOPIA CITY"),
		el(0x5F12, "+3725550100"), el(0x5F13, "ENGINEER"), el(0x5F14, "DR"), el(0x5F15, "NONE"), el(0x5F16, tinyJPEG),
		el(0x5F17, "X1<Y22"), el(0x5F18, "none"), el(0x5F7A, "the country's own"))
	dg12 = file(0x6C, el(0x5C, "\x5F\x19\x5F\x26"), el(0x5F19, "POLICE<OF<UTOPIA"), el(0x5F26, "20220131"),
		el(0xA0, "\x02\x01\x01", el(0x5F1A, "LOVE<<EVE")), el(0x5F1B, "NONE"), el(0x5F1C, "NO TAX"), el(0x5F1D, "front"), el(0x5F1E, "rear"),
		el(0x5F55, "20220131235959"), el(0x5F56, "SERIAL 7"))
	dg13 = file(0x6D, "\x00anything")
	dg16 = file(0x70, "\x02\x01\x02", el(0xA1, el(0x5F50, "20220131"), el(0x5F51, "LOVE<<BEN"), el(0x5F52, "+3725550101"), el(0x5F53, "2 MAIN STREET")), el(0xA2))
	com  = file(0x60, el(0x5F01, "0107"), el(0x5F36, "040000"), el(0x5C, "\x61\x75\x63\x76\x67\x6B\x6C\x6D\x6E\x6F\x70"))
)

var wantDG11 = lds.PersonalDetails{
	Name: lds.Name{Primary: "ŁUKASIEWICZ NÕMM", Secondary: "ÄDA MARIA"}, OtherNames: []lds.Name{{Primary: "LOVE", Secondary: "ADA"}, {Primary: "ADA"}},
	PersonalNumber: "199002140015", Birth: "19900214", BirthPlace: []string{"UTOPIA CITY", "UTO"},
	Address: []string{"1 MAIN STREET", "UTOPIA CITY"}, Telephone: "+3725550100", Profession: "ENGINEER", Title: "DR", Summary: "NONE",
	Citizenship: []byte(tinyJPEG), Documents: []string{"X1", "Y22"}, Custody: "none",
}

var wantDG12 = lds.DocumentDetails{
	Authority: "POLICE<OF<UTOPIA", Issued: "20220131", Others: []lds.Name{{Primary: "LOVE", Secondary: "EVE"}}, Endorsements: "NONE", Tax: "NO TAX",
	Front: []byte("front"), Rear: []byte("rear"), Personalized: "20220131235959", System: "SERIAL 7",
}

// same fails unless a file reads as it should.
func same(t *testing.T, name string, got any, err error, want any) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, %v", name, got, err)
	}
}

func TestDetailsAreRead(t *testing.T) {
	index, err := lds.ReadCOM(com)
	same(t, "EF.COM", index, err, lds.Index{Version: "0107", Unicode: "040000", Groups: []int{1, 2, 3, 4, 7, 11, 12, 13, 14, 15, 16}})
	pictures, err := lds.SignaturePictures(dg7)
	same(t, "DG7", pictures, err, []lds.Picture{{lds.JPEG, []byte(tinyJPEG)}, {lds.JPEG2000, []byte("\xFF\x4F\xFF\x51 nor this")}})
	personal, err := lds.ReadPersonalDetails(dg11)
	same(t, "DG11", personal, err, wantDG11)
	document, err := lds.ReadDocumentDetails(dg12)
	same(t, "DG12", document, err, wantDG12)
	optional, err := lds.OptionalDetails(dg13)
	same(t, "DG13", optional, err, []byte("\x00anything"))
	contacts, err := lds.Contacts(dg16)
	same(t, "DG16", contacts, err, []lds.Contact{
		{Recorded: "20220131", Name: lds.Name{Primary: "LOVE", Secondary: "BEN"}, Telephone: "+3725550101", Address: []string{"2 MAIN STREET"}}, {},
	})
}

// Dates are also written with two digits a byte.
func TestPackedDates(t *testing.T) {
	p, err := lds.ReadPersonalDetails(file(0x6B, el(0x5F2B, "\x19\x90\x02\x14")))
	same(t, "birth", p.Birth, err, lds.Date("19900214"))
	d, err := lds.ReadDocumentDetails(file(0x6C, el(0x5F26, "\x20\x22\x01\x31"), el(0x5F55, "\x20\x22\x01\x31\x23\x59\x59")))
	same(t, "issued", d, err, lds.DocumentDetails{Issued: "20220131", Personalized: "20220131235959"})
	if day, ok := d.Issued.Day(); !ok || !day.Equal(time.Date(2022, 1, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v, %v", day, ok)
	}
	for _, unknown := range []lds.Date{"", "19900000", "1990<<<<", "19901301"} {
		if day, ok := unknown.Day(); ok {
			t.Errorf("%q is %v", unknown, day)
		}
	}
}

// Each file is refused by all that read it.
func TestDetailsThatAreRefused(t *testing.T) {
	long := strings.Repeat("A", 2049)
	tests := map[string][]byte{
		"Latin-1":                file(0x6B, el(0x5F0E, "M\xDCLLER")),
		"text too long":          file(0x6B, el(0x5F0E, long)),
		"zero in a text":         file(0x6B, el(0x5F10, "1\x002")),
		"new line":               file(0x6C, el(0x5F1B, "a\nb")),
		"right to left":          file(0x6C, el(0x5F1B, "a\u202Eb")),
		"element twice":          file(0x6B, el(0x5F10, "1"), el(0x5F10, "2")),
		"list twice":             file(0x6C, el(0x5C), el(0x5C)),
		"unknown twice":          file(0x6B, el(0x5F7A), el(0x5F7A)),
		"257 elements":           file(0x6B, strings.Repeat(el(0x5F7A), 257)),
		"other names miscounted": file(0x6B, el(0xA0, "\x02\x01\x03", el(0x5F0F, "A"))),
		"other names not told":   file(0x6B, el(0xA0, el(0x5F0F, "A"))),
		"17 other names":         file(0x6B, el(0xA0, "\x02\x01\x11", strings.Repeat(el(0x5F0F, "A"), 17))),
		"another's tag":          file(0x6B, el(0xA0, "\x02\x01\x01", el(0x5F1A, "A"))),
		"date of letters":        file(0x6B, el(0x5F2B, "1990FEB4")),
		"date too short":         file(0x6B, el(0x5F2B, "199002")),
		"packed letters":         file(0x6C, el(0x5F26, "\x1F\x90\x02\x14")),
		"moment of a day":        file(0x6C, el(0x5F55, "20220131")),
		"no signature":           file(0x67, "\x02\x01\x00"),
		"signatures miscounted":  file(0x67, "\x02\x01\x02", el(0x5F43, tinyJPEG)),
		"ten signatures":         file(0x67, "\x02\x01\x0A", strings.Repeat(el(0x5F43, tinyJPEG), 10)),
		"signature in PNG":       file(0x67, "\x02\x01\x01", el(0x5F43, "\x89PNG\r\n\x1A\n")),
		"contacts miscounted":    file(0x70, "\x02\x01\x02", el(0xA1)),
		"16 contacts":            file(0x70, "\x02\x01\x10\xA1\x00\xA2\x00\xA3\x00\xA4\x00\xA5\x00\xA6\x00\xA7\x00\xA8\x00\xA9\x00\xAA\x00\xAB\x00\xAC\x00\xAD\x00\xAE\x00\xAF\x00\xB0\x00"),
		"contacts out of order":  file(0x70, "\x02\x01\x02", el(0xA2), el(0xA1)),
		"contact of rubbish":     file(0x70, "\x02\x01\x01", el(0xA1, "\x5F")),
		"no number of contacts":  file(0x70, el(0xA1)),
		"unknown group":          file(0x60, el(0x5F01, "0107"), el(0x5F36, "040000"), el(0x5C, "\x77")),
		"group twice":            file(0x60, el(0x5F01, "0107"), el(0x5F36, "040000"), el(0x5C, "\x61\x61")),
		"version of letters":     file(0x60, el(0x5F01, "01a7"), el(0x5F36, "040000"), el(0x5C)),
		"no list":                file(0x60, el(0x5F01, "0107"), el(0x5F36, "040000")),
		"four gigabytes":         []byte("\x6B\x84\xFF\xFF\xFF\xFF"),
		"indefinite":             []byte("\x6C\x80\x00\x00"),
		"trailing byte":          append(bytes.Clone(dg11), 0),
		"nothing":                nil,
	}
	for name, in := range tests {
		for read, err := range readAll(in) {
			if err == nil {
				t.Errorf("%s is read as %s", name, read)
			}
		}
	}
}

// readAll reads a file as each that it may be.
func readAll(in []byte) map[string]error {
	errs := map[string]error{}
	_, errs["EF.COM"] = lds.ReadCOM(in)
	_, errs["DG7"] = lds.SignaturePictures(in)
	_, errs["DG11"] = lds.ReadPersonalDetails(in)
	_, errs["DG12"] = lds.ReadDocumentDetails(in)
	_, errs["DG13"] = lds.OptionalDetails(in)
	_, errs["DG16"] = lds.Contacts(in)
	return errs
}

// No names are others, which some countries write.
func TestNoOtherNames(t *testing.T) {
	p, err := lds.ReadPersonalDetails(file(0x6B, el(0xA0, "\x02\x01\x00")))
	same(t, "none", p, err, lds.PersonalDetails{})
	p, err = lds.ReadPersonalDetails(file(0x6B, el(0x5F2B), el(0x5F0E), el(0x5F11)))
	same(t, "empty", p, err, lds.PersonalDetails{Birth: ""})
	if c, err := lds.Contacts(file(0x70, "\x02\x01\x00")); err != nil || len(c) != 0 {
		t.Errorf("%v, %v", c, err)
	}
}

// told is an element, or nothing if there is nothing to tell.
func told(tag tlv.Tag, value string) string {
	if value == "" {
		return ""
	}
	return el(tag, value)
}

func written(n lds.Name) string {
	if n == (lds.Name{}) {
		return ""
	}
	return strings.ReplaceAll(n.Primary+"<<"+n.Secondary, " ", "<")
}

func listed(list []string) string { return strings.Join(list, "<") }

func namesOf(tag tlv.Tag, names []lds.Name) string {
	if names == nil {
		return ""
	}
	s := "\x02\x01" + string(rune(len(names)))
	for _, n := range names {
		s += el(tag, written(n))
	}
	return el(0xA0, s)
}

func writeDG11(d lds.PersonalDetails) []byte {
	return file(0x6B, told(0x5F0E, written(d.Name)), namesOf(0x5F0F, d.OtherNames), told(0x5F10, d.PersonalNumber), told(0x5F2B, string(d.Birth)),
		told(0x5F11, listed(d.BirthPlace)), told(0x5F42, listed(d.Address)), told(0x5F12, d.Telephone), told(0x5F13, d.Profession), told(0x5F14, d.Title),
		told(0x5F15, d.Summary), told(0x5F16, string(d.Citizenship)), told(0x5F17, listed(d.Documents)), told(0x5F18, d.Custody))
}

func writeDG12(d lds.DocumentDetails) []byte {
	return file(0x6C, told(0x5F19, d.Authority), told(0x5F26, string(d.Issued)), namesOf(0x5F1A, d.Others), told(0x5F1B, d.Endorsements), told(0x5F1C, d.Tax),
		told(0x5F1D, string(d.Front)), told(0x5F1E, string(d.Rear)), told(0x5F55, d.Personalized), told(0x5F56, d.System))
}

// What is read of personal details is text, and reads back when written anew.
func FuzzReadPersonalDetails(f *testing.F) {
	f.Add(dg11)
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := lds.ReadPersonalDetails(in)
		if err != nil {
			return
		}
		if len(d.Citizenship) == 0 {
			d.Citizenship = nil
		}
		back, err := lds.ReadPersonalDetails(writeDG11(d))
		same(t, "written", back, err, d)
		for _, s := range append([]string{d.Name.Primary, d.Name.Secondary, d.Summary, d.Custody}, append(d.Address, d.BirthPlace...)...) {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r\n\u202E") {
				t.Errorf("%q", s)
			}
		}
	})
}

func FuzzReadDocumentDetails(f *testing.F) {
	f.Add(dg12)
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := lds.ReadDocumentDetails(in)
		if err != nil {
			return
		}
		for _, p := range []*[]byte{&d.Front, &d.Rear} {
			if len(*p) == 0 {
				*p = nil
			}
		}
		back, err := lds.ReadDocumentDetails(writeDG12(d))
		same(t, "written", back, err, d)
	})
}

func FuzzContacts(f *testing.F) {
	f.Add(dg16)
	f.Fuzz(func(t *testing.T, in []byte) {
		contacts, err := lds.Contacts(in)
		if err != nil {
			return
		}
		s := "\x02\x01" + string(rune(len(contacts)))
		for i, c := range contacts {
			s += el(tlv.Tag(0xA1+i), told(0x5F50, string(c.Recorded)), told(0x5F51, written(c.Name)), told(0x5F52, c.Telephone), told(0x5F53, listed(c.Address)))
		}
		back, err := lds.Contacts(file(0x70, s))
		same(t, "written", back, err, contacts)
	})
}

// Pictures of signatures stand in the file as they are.
func FuzzSignaturePictures(f *testing.F) {
	f.Add(dg7)
	f.Fuzz(func(t *testing.T, in []byte) {
		pictures, err := lds.SignaturePictures(in)
		if err != nil {
			return
		}
		s := "\x02\x01" + string(rune(len(pictures)))
		for _, p := range pictures {
			if !bytes.Contains(in, p.Image) || lds.Format(p.Image) != p.Format || p.Format == "" {
				t.Errorf("%q of %x", p.Format, p.Image)
			}
			s += el(0x5F43, string(p.Image))
		}
		back, err := lds.SignaturePictures(file(0x67, s))
		same(t, "written", back, err, pictures)
	})
}

func FuzzReadCOM(f *testing.F) {
	f.Add(com)
	tags := []byte{0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70}
	f.Fuzz(func(t *testing.T, in []byte) {
		x, err := lds.ReadCOM(in)
		if err != nil {
			return
		}
		var list []byte
		for _, n := range x.Groups {
			list = append(list, tags[n-1])
		}
		back, err := lds.ReadCOM(file(0x60, el(0x5F01, x.Version), el(0x5F36, x.Unicode), el(0x5C, string(list))))
		same(t, "written", back, err, x)
	})
}
