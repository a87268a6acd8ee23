// Package document is `tunnus document`: it looks at travel documents for who has
// them in hand. What a picture says is decided by package document/mrz/scan, and
// whether a chip's files are genuine by document/emrtd.
package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // a format of pictures
	_ "image/png"  // another
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/mrz/scan"
)

// Command looks at travel documents.
type Command struct {
	Scan   Scan   `cmd:"" help:"Read the code line of a document from a picture of it (PNG or JPEG)."`
	Verify Verify `cmd:"" help:"Judge the files of a chip against a trust list and say how each check went."`
}

// Scan reads the code line from a picture.
type Scan struct {
	Picture string `arg:"" help:"File of the picture; the whole code line must be seen."`
	JSON    bool   `help:"Print JSON."`
}

// ErrUnread ends a command that has told why it could not read the picture.
var ErrUnread = errors.New("the code line was not read")

// maxFile is more than a picture of scan.MaxPixels has as a rule: the rest is not read.
const maxFile = 64 << 20

// Run prints what the code line says, or why it was not read.
func (c Scan) Run() error {
	zone, err := read(c.Picture)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", c.Picture, err)
		return ErrUnread
	}
	if c.JSON {
		return writeJSON(os.Stdout, zone)
	}
	return write(os.Stdout, zone)
}

func read(name string) (mrz.Zone, error) {
	f, err := os.Open(name)
	if err != nil {
		return mrz.Zone{}, errors.Unwrap(err) // the name is said already
	}
	defer f.Close()
	img, err := decode(f)
	if err != nil {
		return mrz.Zone{}, err
	}
	return scan.Read(img)
}

// decode looks at the size of a picture before it makes room for it.
func decode(f io.ReadSeeker) (image.Image, error) {
	head, _, err := image.DecodeConfig(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("neither PNG nor JPEG: %w", err)
	}
	if head.Width <= 0 || head.Height <= 0 || head.Width > scan.MaxPixels/head.Height {
		return nil, fmt.Errorf("%d×%d pixels: more than %d are not read", head.Width, head.Height, scan.MaxPixels)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(io.LimitReader(f, maxFile))
	return img, err
}

// said is a zone as JSON.
type said struct {
	Kind        mrz.Kind `json:"kind"`
	Lines       []string `json:"lines"`
	Document    string   `json:"document"`
	Issuer      string   `json:"issuer"`
	Surname     string   `json:"surname"`
	GivenNames  string   `json:"givenNames"`
	Number      string   `json:"number"`
	Nationality string   `json:"nationality"`
	Birth       string   `json:"birth"`
	Sex         string   `json:"sex"`
	Expiry      string   `json:"expiry"`
	Optional1   string   `json:"optional1"`
	Optional2   string   `json:"optional2"`
}

func writeJSON(w io.Writer, z mrz.Zone) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // fillers stay fillers
	enc.SetIndent("", "  ")
	return enc.Encode(says(z))
}

func says(z mrz.Zone) said {
	return said{
		z.Kind, strings.Split(z.String(), "\n"), z.Document, z.Issuer, z.Surname, z.GivenNames,
		z.Number, z.Nationality, z.Birth, z.Sex, z.Expiry, z.Optional1, z.Optional2,
	}
}

func write(w io.Writer, z mrz.Zone) error {
	fmt.Fprintf(w, "%s\n\n", z)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"kind", string(z.Kind)},
		{"document", z.Document},
		{"issuer", z.Issuer},
		{"surname", z.Surname},
		{"given names", z.GivenNames},
		{"number", z.Number},
		{"nationality", z.Nationality},
		{"birth", z.Birth},
		{"sex", z.Sex},
		{"expiry", z.Expiry},
		{"optional", strings.TrimSpace(z.Optional1 + " " + z.Optional2)},
	} {
		if row[1] != "" {
			fmt.Fprintf(t, "%s\t%s\n", row[0], row[1])
		}
	}
	return t.Flush()
}
