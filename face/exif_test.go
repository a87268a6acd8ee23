package face

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"
)

// exif is a segment that says the orientation.
func exif(order binary.AppendByteOrder, o uint16) []byte {
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, e := range [][2]uint16{{0x010F, 1}, {tagOrientation, o}} { // another entry first
		tiff = order.AppendUint16(order.AppendUint16(tiff, e[0]), typeShort)
		tiff = order.AppendUint16(order.AppendUint16(order.AppendUint32(tiff, 1), e[1]), 0)
	}
	body := append([]byte("Exif\x00\x00"), tiff...)
	return append(binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(body)+2)), body...)
}

// stored is a JPEG of 48×32 pixels whose first row begins white and ends grey; the rest
// is black. The segments stand in front.
func stored(t testing.TB, segments ...[]byte) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 48, 32))
	for y := range 16 {
		for x := range 16 {
			img.SetGray(x, y, color.Gray{Y: 255})
			img.SetGray(32+x, y, color.Gray{Y: 128})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(b.Bytes()[:2], slices.Concat(segments...), b.Bytes()[2:])
}

// A photograph of a camera that was turned stands upright. EXIF says where the first row
// and the first column of what is stored are seen.
func TestPhotographsStandUpright(t *testing.T) {
	for o, corners := range map[uint16][2]string{ // where the stored top left and top right are seen
		1: {"top left", "top right"},
		2: {"top right", "top left"},
		3: {"bottom right", "bottom left"},
		4: {"bottom left", "bottom right"},
		5: {"top left", "bottom left"},
		6: {"top right", "bottom right"},
		7: {"bottom right", "top right"},
		8: {"bottom left", "top left"},
	} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			img, err := Decode(stored(t, exif(order, o)))
			if err != nil {
				t.Fatal(err)
			}
			size := img.Bounds().Size()
			if wide := size == (image.Point{X: 48, Y: 32}); wide != (o < 5) || !wide && size != (image.Point{X: 32, Y: 48}) {
				t.Errorf("%d: %v", o, size)
			}
			at := map[string]image.Point{
				"top left": {X: 4, Y: 4}, "top right": {X: size.X - 5, Y: 4},
				"bottom left": {X: 4, Y: size.Y - 5}, "bottom right": {X: size.X - 5, Y: size.Y - 5},
			}
			for i, want := range []uint8{255, 128} {
				p := at[corners[i]]
				if got := color.GrayModel.Convert(img.At(p.X, p.Y)).(color.Gray).Y; got < want-6 || int(got) > int(want)+6 {
					t.Errorf("%d, %v: %d at the %s, want %d", o, order, got, corners[i], want)
				}
			}
		}
	}
}

// What says nothing usual, or ends early, is as it is stored.
func TestOrientationsOfNothing(t *testing.T) {
	whole := exif(binary.LittleEndian, 6)
	tests := map[string][]byte{
		"none": stored(t), "nine": stored(t, exif(binary.BigEndian, 9)), "zero": stored(t, exif(binary.BigEndian, 0)),
		"in another segment": stored(t, append([]byte{0xFF, 0xE2}, whole[2:]...)),
		"behind many":        stored(t, bytes.Repeat([]byte{0xFF, 0xE2, 0, 2}, maxSegments), whole),
	}
	for i := 12; i < len(whole)-2; i++ { // cut inside the TIFF structure, with a length that says so
		cut := bytes.Clone(whole[:i])
		binary.BigEndian.PutUint16(cut[2:], uint16(i-2))
		if o := orientation(stored(t, cut)); o != 1 {
			t.Errorf("cut after %d bytes: %d", i, o)
		}
	}
	far := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(far[14:], 0xFFFFFFFF)
	tests["a directory far away"] = stored(t, far)
	for name, file := range tests {
		if o := orientation(file); o != 1 {
			t.Errorf("%s: %d", name, o)
		}
	}
	if o := orientation(nil); o != 1 {
		t.Errorf("of nothing: %d", o)
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(stored(f, exif(binary.LittleEndian, 6)))
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientation(file); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
