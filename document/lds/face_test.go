package lds_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// template is data group 2 with these data blocks.
func template(blocks ...string) []byte {
	header := el(0xA1, "\x87\x02\x01\x01\x88\x02\x00\x2A")
	return file(0x75, el(0x7F61, "\x02\x01\x01", el(0x7F60, header, strings.Join(blocks, ""))))
}

// representation is a RepresentationBlock of ISO/IEC 39794-5; more stands behind
// the mandatory fields.
func representation(image, more string) string {
	plane := el(0xA0, el(0x80, image), el(0xA1, el(0xA0, "\x80\x01\x03")))
	return el(0x30, "\x80\x01\x00", el(0xA1, el(0xA0, plane)), more)
}

// record39794 is a face record of ISO/IEC 39794-5.
func record39794(representations ...string) string {
	version := "\x80\x01\x03\x81\x02\x07\xE3"
	return el(0xA1, el(0x65, el(0xA0, version), el(0xA1, strings.Join(representations, ""))))
}

// record19794 is a face record of ISO/IEC 19794-5 with as many feature points.
func record19794(points int, dataType byte, image string) string {
	block := append(make([]byte, 20+8*points), 1, dataType, 0, 16, 0, 16, 1, 2, 0, 0, 0, 0)
	block = append(block, image...)
	binary.BigEndian.PutUint32(block, uint32(len(block)))
	binary.BigEndian.PutUint16(block[4:], uint16(points))
	r := append([]byte("FAC\x00010\x00\x00\x00\x00\x00\x00\x01"), block...)
	binary.BigEndian.PutUint32(r[8:], uint32(len(r)))
	return string(r)
}

var images = map[string]string{
	tinyJPEG: lds.JPEG, "\x00\x00\x00\x0CjP  \r\n\x87\n and so on": lds.JPEG2000, "\xFF\x4F\xFF\x51 and so on": lds.JPEG2000,
}

// The image is what its first bytes say, whatever type the record names, in each
// kind of record and data block.
func TestPortraitsOfEachKind(t *testing.T) {
	for image, format := range images {
		for name, dg2 := range map[string][]byte{
			"19794, JPEG":         template(el(0x5F2E, record19794(0, 0, image))),
			"19794, JPEG 2000":    template(el(0x5F2E, record19794(0, 1, image))),
			"19794, type 9":       template(el(0x5F2E, record19794(0, 9, image))),
			"19794, points":       template(el(0x5F2E, record19794(68, 0, image))),
			"19794 in 7F2E":       template(el(0x7F2E, record19794(0, 0, image))),
			"39794":               template(el(0x7F2E, record39794(representation(image, "")))),
			"39794, optional all": template(el(0x7F2E, record39794(representation(image, "\xA2\x00\xA3\x00\xA4\x00\x85\x01\x01\x86\x01\x02\xA7\x00\xA8\x00\xA9\x00")))),
			"39794, extended":     template(el(0x7F2E, record39794(representation(image, "\xA2\x00\x8A\x00")))),
		} {
			p, err := lds.ReadPortrait(dg2)
			if err != nil || p.Format != format || string(p.Image) != image {
				t.Errorf("%s: %q, %x, %v; want %s", name, p.Format, p.Image, err, format)
			}
		}
	}
}

func TestFaceRecordsThatAreRefused(t *testing.T) {
	good := representation(tinyJPEG, "")
	record := record39794(good)
	block := func(content string) string { return el(0xA1, el(0x65, content)) }
	for name, dg2 := range map[string][]byte{
		"two blocks":                  template(el(0x5F2E, record19794(0, 0, tinyJPEG)), el(0x7F2E, record)),
		"one block twice":             template(el(0x7F2E, record), el(0x7F2E, record)),
		"no block":                    template(el(0x5F2D, record)),
		"39794 in 5F2E":               template(el(0x5F2E, record)),
		"empty block":                 template(el(0x7F2E)),
		"bytes behind the record":     template(el(0x7F2E, record, "\x00")),
		"bytes behind the data block": template(el(0x7F2E, el(0xA1, el(0x65, el(0xA0), el(0xA1, good)), "\x05\x00"))),
		"two images":                  template(el(0x7F2E, record39794(good, good))),
		"no image":                    template(el(0x7F2E, record39794())),
		"no version":                  template(el(0x7F2E, block(el(0xA1, good)))),
		"another application tag":     template(el(0x7F2E, el(0xA1, el(0x64, el(0xA0), el(0xA1, good))))),
		"a field twice":               template(el(0x7F2E, record39794(representation(tinyJPEG, "\xA2\x00\xA2\x00")))),
		"fields out of order":         template(el(0x7F2E, record39794(representation(tinyJPEG, "\xA3\x00\xA2\x00")))),
		"a field before its turn":     template(el(0x7F2E, record39794(representation(tinyJPEG, "\xA1\x00")))),
		"a universal tag":             template(el(0x7F2E, record39794(representation(tinyJPEG, "\x05\x00")))),
		"three dimensions":            template(el(0x7F2E, record39794(el(0x30, "\x80\x01\x00", el(0xA1, el(0xA0, el(0xA1, el(0x80, tinyJPEG)))))))),
		"an extension":                template(el(0x7F2E, record39794(el(0x30, "\x80\x01\x00", el(0xA1, el(0xA1, el(0xA0, el(0x80, tinyJPEG)))))))),
		"two bases":                   template(el(0x7F2E, record39794(el(0x30, "\x80\x01\x00", el(0xA1, el(0xA0, el(0xA0, el(0x80, tinyJPEG), "\xA1\x00")), el(0xA1)))))),
		"two planes":                  template(el(0x7F2E, record39794(el(0x30, "\x80\x01\x00", el(0xA1, el(0xA0, el(0xA0, el(0x80, tinyJPEG), "\xA1\x00"), el(0xA1))))))),
		"no image information":        template(el(0x7F2E, record39794(el(0x30, "\x80\x01\x00", el(0xA1, el(0xA0, el(0xA0, el(0x80, tinyJPEG)))))))),
		"PNG":                         template(el(0x7F2E, record39794(representation("\x89PNG\r\n\x1A\n", "")))),
		"image of nothing":            template(el(0x7F2E, record39794(representation("", "")))),
		"indefinite length":           template(el(0x7F2E, "\xA1\x80", el(0x65, el(0xA0), el(0xA1, good)), "\x00\x00")),
		"length longer than needed":   template(el(0x7F2E, "\xA1\x83\x00\x00", record[1:])),
		"four gigabytes":              template(el(0x7F2E, "\xA1\x84\xFF\xFF\xFF\xFF")),
		"deep":                        template(el(0x7F2E, strings.Repeat("\xA1\x80", 10_000))),
	} {
		if p, err := lds.ReadPortrait(dg2); err == nil {
			t.Errorf("%s: read %x", name, p.Image)
		}
	}
}

// faceASN1 finds the image of a record of ISO/IEC 39794-5 by encoding/asn1.
func faceASN1(t *testing.T, record []byte) []byte {
	t.Helper()
	step := func(in []byte, class, tag int) asn1.RawValue {
		for len(in) > 0 {
			var v asn1.RawValue
			var err error
			if in, err = asn1.Unmarshal(in, &v); err != nil {
				t.Errorf("encoding/asn1: %v", err)
				return v
			}
			if v.Class == class && v.Tag == tag {
				return v
			}
		}
		t.Errorf("encoding/asn1 finds no %d of class %d", tag, class)
		return asn1.RawValue{}
	}
	v := step(record, asn1.ClassContextSpecific, 1)
	v = step(v.Bytes, asn1.ClassApplication, 5)
	v = step(v.Bytes, asn1.ClassContextSpecific, 1)
	v = step(v.Bytes, asn1.ClassUniversal, asn1.TagSequence)
	for _, tag := range []int{1, 0, 0, 0} {
		v = step(v.Bytes, asn1.ClassContextSpecific, tag)
	}
	return v.Bytes
}

// Two decoders see one image in a record of ISO/IEC 39794-5.
func FuzzFace39794(f *testing.F) {
	f.Add([]byte(record39794(representation(tinyJPEG, ""))))
	f.Add([]byte(record39794(representation(tinyJPEG, "\xA2\x00\x85\x01\x01\xA9\x00"))))
	f.Fuzz(func(t *testing.T, record []byte) {
		p, err := lds.ReadPortrait(template(el(0x7F2E, string(record))))
		if err != nil || bytes.HasPrefix(record, []byte("FAC\x00")) {
			return
		}
		if got := faceASN1(t, record); !bytes.Equal(got, p.Image) {
			t.Errorf("%x by encoding/asn1, %x here", got, p.Image)
		}
	})
}

// A record of ISO/IEC 19794-5 that is read is, with its one face written anew, the
// same portrait; the image ends where its block does.
func FuzzFace19794(f *testing.F) {
	f.Add([]byte(record19794(0, 0, tinyJPEG)))
	f.Add([]byte(record19794(3, 1, "\xFF\x4F\xFF\x51")))
	f.Fuzz(func(t *testing.T, record []byte) {
		p, err := lds.ReadPortrait(template(el(0x5F2E, string(record))))
		if err != nil {
			return
		}
		end := 14 + int(binary.BigEndian.Uint32(record[14:]))
		if !bytes.HasSuffix(record[:end], p.Image) {
			t.Errorf("the image does not end with its block")
		}
		back, err := lds.ReadPortrait(template(el(0x5F2E, record19794(0, 0, string(p.Image)))))
		same(t, "written", back, err, p)
	})
}

// Files and tags are told apart: nothing is read as a group that it is not.
func TestGroupsAreNotMixed(t *testing.T) {
	files := map[string][]byte{"EF.COM": com, "DG7": dg7, "DG11": dg11, "DG12": dg12, "DG13": dg13, "DG16": dg16}
	for name, in := range files {
		for read, err := range readAll(in) {
			if (err == nil) != (read == name) {
				t.Errorf("%s read as %s: %v", name, read, err)
			}
		}
	}
	if _, err := lds.ReadPortrait(tlv.Append(nil, 0x67, nil)); err == nil {
		t.Error("DG7 is a portrait")
	}
}
