package jp2_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/document/jp2"
)

// edits say the same picture in other words.
var edits = map[string]func(*testing.T, *codestream){
	"markers that only help to find": func(_ *testing.T, c *codestream) {
		c.add(marker{0xFF64, []byte("\x00\x01invented")}, marker{0xFF55, []byte{0, 0x50, 0}}, marker{0xFF57, []byte{0, 0}}, marker{0xFF63, make([]byte, 12)})
		c.parts[0].header = []marker{{0xFF58, []byte{0, 1}}, {0xFF64, []byte("\x00\x00x")}}
	},
	"COC goes before COD": func(_ *testing.T, c *codestream) {
		was := bytes.Clone(c.of(cod).body[5:])
		copy(c.of(cod).body[5:], []byte{3, 2, 2, 0, 0})
		for i := range byte(3) {
			c.add(marker{coc, append([]byte{i, 0}, was...)})
		}
	},
	"COC in front of COD": func(_ *testing.T, c *codestream) {
		was := bytes.Clone(c.of(cod).body[5:])
		copy(c.of(cod).body[5:], []byte{3, 2, 2, 0, 0})
		for i := range byte(3) {
			c.main = slices.Insert(c.main, 1, marker{coc, append([]byte{i, 0}, was...)})
		}
	},
	"QCC goes before QCD": func(_ *testing.T, c *codestream) {
		for i := range byte(3) {
			c.add(marker{qcc, append([]byte{i}, c.of(qcd).body...)})
		}
		c.of(qcd).body = []byte{7 << 5, 0}
	},
	"a tile's COD and QCD go before the picture's": func(_ *testing.T, c *codestream) {
		c.parts[0].header = []marker{{cod, bytes.Clone(c.of(cod).body)}, {qcd, bytes.Clone(c.of(qcd).body)}}
		copy(c.of(cod).body, []byte{6, 4, 0, 9, 0, 2, 3, 3, 1, 0})
		c.of(qcd).body = []byte{1, 9, 9}
		c.add(marker{coc, []byte{1, 0, 2, 4, 4, 9, 0}}, marker{qcc, []byte{2, 1, 9, 9}})
	},
	"a tile's COC and QCC go before its COD and QCD": func(_ *testing.T, c *codestream) {
		for i := range byte(3) {
			c.parts[0].header = append(c.parts[0].header, marker{coc, append([]byte{i, 0}, c.of(cod).body[5:]...)}, marker{qcc, append([]byte{i}, c.of(qcd).body...)})
		}
		wrong := bytes.Clone(c.of(cod).body)
		copy(wrong[5:], []byte{1, 3, 3, 1, 0})
		c.parts[0].header = append(c.parts[0].header, marker{cod, wrong}, marker{qcd, []byte{1, 9, 9}})
	},
	"POC says what COD says": func(_ *testing.T, c *codestream) {
		c.add(marker{0xFF5F, []byte{0, 0, 0xFF, 0xFF, 33, 3, c.of(cod).body[1]}})
		c.of(cod).body[1] = 4
	},
	"a tile's POC goes before the picture's": func(_ *testing.T, c *codestream) {
		c.parts[0].header = []marker{{0xFF5F, []byte{0, 0, 0xFF, 0xFF, 33, 0, c.of(cod).body[1]}}}
		c.add(marker{0xFF5F, []byte{0, 0, 0, 1, 1, 1, 4}})
	},
	"precincts as large as can be are written down": func(_ *testing.T, c *codestream) {
		c.of(cod).body[0] |= 1
		c.of(cod).body = append(c.of(cod).body, bytes.Repeat([]byte{0xFF}, int(c.of(cod).body[5])+1)...)
	},
	"SOP may be left out": func(_ *testing.T, c *codestream) { c.of(cod).body[0] |= 2 },
	"a tile larger than the picture": func(t *testing.T, c *codestream) {
		binary.BigEndian.PutUint32(c.main[0].body[18:], 1<<31)
		binary.BigEndian.PutUint32(c.main[0].body[22:], 1<<32-1)
	},
}

func TestTheSamePictureInOtherWords(t *testing.T) {
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			file := named(t, "bypass.j2k")
			c := take(t, file)
			if !bytes.Equal(c.bytes(), file) {
				t.Fatal("a codestream that was taken apart is not put together again")
			}
			edit(t, &c)
			if got, want := digest(t, c.bytes()), digest(t, file); got != want {
				t.Error("another picture")
			}
		})
	}
}

// Parts of several tiles may be mixed, as long as those of a tile keep their order.
func TestPartsOfTilesMayBeMixed(t *testing.T) {
	file := named(t, "tileparts.j2k")
	c := take(t, file)
	if len(c.parts) < 6 || c.parts[1].number == 0 {
		t.Fatal("a vector without tile-parts")
	}
	slices.SortStableFunc(c.parts, func(a, b part) int { return int(a.number) - int(b.number) })
	c.main = slices.DeleteFunc(c.main, func(m marker) bool { return m.code == 0xFF55 })
	if digest(t, c.bytes()) != digest(t, file) {
		t.Error("another picture")
	}
	c.parts[0], c.parts[len(c.parts)-1] = c.parts[len(c.parts)-1], c.parts[0]
	if _, err := jp2.Decode(c.bytes()); err == nil {
		t.Error("a tile whose parts are out of order is decoded")
	}
}

// What other decoders bear: no end, more behind it, and packets that are missing.
func TestEndsThatAreBorne(t *testing.T) {
	file := named(t, "layers.jp2")
	want := digest(t, file)
	at := bytes.Index(file, []byte{0xFF, 0x90, 0, 10}) + 6
	open := bytes.Clone(file)
	binary.BigEndian.PutUint32(open[at:], 0)
	stream := bytes.Index(file, []byte("jp2c")) + 4
	for name, b := range map[string][]byte{
		"no end marker":            file[stream : len(file)-2],
		"bytes behind the end":     append(bytes.Clone(file), make([]byte, 50)...)[stream:],
		"length to the end":        open[stream:],
		"that without a marker":    open[stream : len(open)-2],
		"boxes behind":             append(bytes.Clone(file), box("free", []byte("x"))...),
		"the codestream by itself": file[stream:],
	} {
		if digest(t, b) != want {
			t.Errorf("%s: another picture", name)
		}
	}
	var grey []string
	for _, n := range []int{60, 59, 12} { // of 60 packets, all empty
		c := take(t, file[stream:])
		c.parts[0].packets = make([]byte, n)
		grey = append(grey, digest(t, c.bytes()))
	}
	if grey[0] == want || grey[1] != grey[0] || grey[2] != grey[0] {
		t.Error("packets that are missing are not empty ones")
	}
}

// A JP2 file is read whatever else stands in it.
func TestBoxes(t *testing.T) {
	stream := named(t, "bypass.j2k")
	want := digest(t, stream)
	long := append([]byte{0, 0, 0, 1, 'j', 'p', '2', 'c'}, binary.BigEndian.AppendUint64(nil, uint64(len(stream)+16))...)
	ihdr, profile := header(45, 37, 3), box("colr", []byte{2, 0, 0}, make([]byte, 300))
	order := box("cdef", []byte{0, 3, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 2, 0, 2, 0, 0, 0, 3})
	for name, b := range map[string][][]byte{
		"plain":             {box("jp2h", ihdr, space(16)), box("jp2c", stream)},
		"a length of 64":    {box("jp2h", ihdr, space(16)), long, stream},
		"up to the end":     {box("jp2h", ihdr, space(16)), {0, 0, 0, 0}, []byte("jp2c"), stream},
		"a profile":         {box("jp2h", ihdr, profile), box("jp2c", stream)},
		"two colour spaces": {box("jp2h", ihdr, space(16), profile), box("jp2c", stream)},
		"other boxes":       {box("xml ", []byte("<x/>")), box("jp2h", ihdr, box("bpcc", []byte{7, 7, 7}), space(16), order, box("res ")), box("uuid"), box("jp2c", stream)},
	} {
		if digest(t, bytes.Join(append([][]byte{signature, fileType}, b...), nil)) != want {
			t.Errorf("%s: another picture", name)
		}
	}
}
