package camera

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tunnus-id/tunnus/face/capture"
)

// Folder reads the JPEG files of a folder, by the order of their names, to be shown at a
// rate. Files of other kinds are passed over.
func Folder(fsys fs.FS, rate float64) (Strip, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return Strip{}, fmt.Errorf("camera: %w", err)
	}
	s := Strip{Rate: rate}
	for _, e := range entries {
		if ext := strings.ToLower(path.Ext(e.Name())); e.IsDir() || ext != ".jpg" && ext != ".jpeg" || len(s.Frames) == maxStrip {
			continue
		}
		b, err := readFile(fsys, e.Name())
		if err == nil {
			err = s.add(b)
		}
		if err != nil {
			return Strip{}, fmt.Errorf("camera: %s: %w", e.Name(), err)
		}
	}
	return s, nil
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read only
	return io.ReadAll(io.LimitReader(f, capture.MaxFrame+1))
}

// add puts a picture at the end. It has the size of those before it.
func (s *Strip) add(file []byte) error {
	if len(file) > capture.MaxFrame {
		return fmt.Errorf("a picture of more than %d bytes", capture.MaxFrame)
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return err
	}
	if len(s.Frames) == 0 {
		s.Width, s.Height = c.Width, c.Height
	}
	if c.Width != s.Width || c.Height != s.Height {
		return fmt.Errorf("a picture of %d×%d among those of %d×%d", c.Width, c.Height, s.Width, s.Height)
	}
	s.Frames = append(s.Frames, file)
	return nil
}

// MJPEG reads a file of JPEG pictures one behind the other, as cameras and browsers
// take it, to be shown at a rate: the file names none.
func MJPEG(r io.Reader, rate float64) (Strip, error) {
	s := Strip{Rate: rate}
	in := bufio.NewReaderSize(r, 64<<10)
	for len(s.Frames) < maxStrip {
		file, err := cut(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = s.add(file)
		}
		if err != nil {
			return Strip{}, fmt.Errorf("camera: picture %d: %w", len(s.Frames)+1, err)
		}
	}
	return s, nil
}

// cut reads one JPEG, from its SOI to its EOI (ISO/IEC 10918-1 annex B). It fails with
// [io.EOF] where no more begins. Segments are passed over by their lengths: they may hold
// a small picture with an EOI of its own.
func cut(in *bufio.Reader) ([]byte, error) {
	out := make([]byte, 2)
	switch n, err := io.ReadFull(in, out); {
	case n == 0:
		return nil, err
	case err != nil || out[0] != 0xFF || out[1] != 0xD8:
		return nil, errors.New("no JPEG begins here")
	}
	for mark := false; len(out) <= capture.MaxFrame; {
		b, err := in.ReadByte()
		if err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		out = append(out, b)
		switch {
		case !mark || b == 0xFF:
			mark = b == 0xFF
		case b == 0xD9: // end of image
			return out, nil
		case b == 0 || b == 0x01 || b >= 0xD0 && b <= 0xD8: // has no length
			mark = false
		default:
			mark = false
			size, err := in.Peek(2)
			if err != nil {
				return nil, io.ErrUnexpectedEOF
			}
			segment := make([]byte, max(2, int(size[0])<<8|int(size[1])))
			if _, err := io.ReadFull(in, segment); err != nil {
				return nil, io.ErrUnexpectedEOF
			}
			out = append(out, segment...)
		}
	}
	return nil, fmt.Errorf("more than %d bytes", capture.MaxFrame)
}

// Y4M reads a YUV4MPEG2 file, as ffmpeg writes it and browsers take it: 4:2:0, 4:2:2,
// 4:4:4 or grey, 8 bits. Levels are those of video, 16 to 235, unless it says that they
// are full.
func Y4M(r io.Reader) (Strip, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	h, err := header(in)
	if err != nil {
		return Strip{}, fmt.Errorf("camera: %w", err)
	}
	s := Strip{Width: h.width, Height: h.height, Rate: h.rate}
	for len(s.Frames) < maxStrip {
		img, err := h.frame(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			var out bytes.Buffer
			if err = jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err == nil {
				err = s.add(out.Bytes())
			}
		}
		if err != nil {
			return Strip{}, fmt.Errorf("camera: picture %d: %w", len(s.Frames)+1, err)
		}
	}
	return s, nil
}

// quality is that of the JPEGs that are made of raw pictures.
const quality = 90

// A y4m is what the first line of a file says.
type y4m struct {
	width, height int
	rate          float64
	ratio         image.YCbCrSubsampleRatio
	grey, full    bool
}

// header reads the first line: "YUV4MPEG2 W640 H480 F30:1 C420jpeg".
func header(in *bufio.Reader) (h y4m, err error) {
	words, err := lineOf(in)
	if err != nil || len(words) == 0 || words[0] != "YUV4MPEG2" {
		return h, errors.New("not a Y4M file")
	}
	h = y4m{rate: 30, ratio: image.YCbCrSubsampleRatio420}
	for _, w := range words[1:] {
		switch value := w[1:]; w[0] {
		case 'W':
			h.width, err = strconv.Atoi(value)
		case 'H':
			h.height, err = strconv.Atoi(value)
		case 'F':
			h.rate, err = ratio(value)
		case 'C':
			err = h.space(value)
		case 'X':
			h.full = h.full || value == "COLORRANGE=FULL"
		}
		if err != nil {
			return h, fmt.Errorf("%s: %w", w, err)
		}
	}
	if !fits(h.width, h.height) {
		return h, fmt.Errorf("pictures of %d×%d", h.width, h.height)
	}
	return h, nil
}

// space reads how the colours are kept.
func (h *y4m) space(name string) error {
	switch {
	case name == "mono":
		h.grey = true
	case slices.Contains([]string{"420", "420jpeg", "420mpeg2", "420paldv"}, name):
	case name == "422":
		h.ratio = image.YCbCrSubsampleRatio422
	case name == "444":
		h.ratio = image.YCbCrSubsampleRatio444
	default:
		return errors.New("colours of another form")
	}
	return nil
}

// ratio reads "30:1".
func ratio(s string) (float64, error) {
	a, b, _ := strings.Cut(s, ":")
	n, err := strconv.Atoi(a)
	d, err2 := strconv.Atoi(b)
	if err = errors.Join(err, err2); err == nil && (n <= 0 || d <= 0) {
		err = errors.New("not a rate")
	}
	return float64(n) / float64(max(d, 1)), err
}

// frame reads one picture; [io.EOF] where no more begins.
func (h y4m) frame(in *bufio.Reader) (image.Image, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, err
	}
	words, err := lineOf(in)
	if err != nil || len(words) == 0 || words[0] != "FRAME" {
		return nil, errors.New("no picture begins here")
	}
	img := image.NewYCbCr(image.Rect(0, 0, h.width, h.height), h.ratio)
	planes := [][]byte{img.Y, img.Cb, img.Cr}
	if h.grey {
		planes = planes[:1]
		for i := range img.Cb {
			img.Cb[i], img.Cr[i] = 128, 128
		}
	}
	for i, p := range planes {
		if _, err := io.ReadFull(in, p); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		if !h.full {
			widen(p, i == 0)
		}
	}
	return img, nil
}

// widen makes full levels of those of video (ITU-R BT.601).
func widen(p []byte, luma bool) {
	zero, span := 128, 224
	if luma {
		zero, span = 16, 219
	}
	var table [256]byte
	for v := range table {
		wide := (v - zero) * 255 / span
		if !luma {
			wide += 128
		}
		table[v] = byte(min(255, max(0, wide)))
	}
	for i, v := range p {
		p[i] = table[v]
	}
}

// maxLine bounds a line of a Y4M file, in bytes.
const maxLine = 256

// lineOf reads the words of a line.
func lineOf(in *bufio.Reader) ([]string, error) {
	var b []byte
	for {
		c, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		if c == '\n' {
			return strings.Fields(string(b)), nil
		}
		if b = append(b, c); len(b) > maxLine {
			return nil, errors.New("a line without an end")
		}
	}
}
