// Package archive writes and reads the zip archive of a signed container so that
// all programs see the same files in it: nothing is hidden, said twice, or lies
// elsewhere than the directory says, no name leads out of a folder, and no file
// grows beyond its limit. Nothing here knows what the files mean.
package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A File is one file of an archive.
type File struct {
	Name    string
	Content []byte
}

// Limits are what a reader takes.
type Limits struct {
	Size    int                   // bytes of the archive, and of all that is in it together
	Entries int                   // files
	File    func(name string) int // bytes of one file; Size bounds it too
}

const maxName = 255

// Parts of the format of archives (APPNOTE.TXT §4.3).
const (
	localHeader    = 30
	localMagic     = "PK\x03\x04"
	spanMagic      = "PK\x07\x08"
	directoryMagic = "PK\x01\x02"
	directoryEnd   = 22
	endMagic       = "PK\x05\x06"
	flagEncrypted  = 1
	flagDescriptor = 8
	unicodePath    = 0x7075 // extra field: another name of the file, for some programs
)

// CheckName refuses names that could lead out of a folder, or that are hard to
// write or to see.
func CheckName(name string) error {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsAny(name, `\:`) ||
		strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("archive: a file cannot be called %q", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("archive: the name %q leads out of its folder", name)
		}
	}
	return nil
}

// Pack writes an archive; nothing in it is compressed, and the same files give the same bytes.
func Pack(files []File) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{
			Name: f.Name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(f.Content),
			CompressedSize64: uint64(len(f.Content)), UncompressedSize64: uint64(len(f.Content)),
		}
		e, err := w.CreateRaw(h)
		if err != nil {
			return nil, fmt.Errorf("archive: writing a container: %w", err)
		}
		if _, err := e.Write(f.Content); err != nil {
			return nil, fmt.Errorf("archive: writing a container: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("archive: writing a container: %w", err)
	}
	return out.Bytes(), nil
}

// Unpack reads an archive, in the order in which its files lie. Nothing may lie
// between them, before or behind: an archive that two programs could read as
// different files is refused, and so are two files whose names differ in capitals only.
// The first file must be stored uncompressed, with nothing extra in its header.
func Unpack(archive []byte, max Limits) ([]File, error) {
	if len(archive) > max.Size {
		return nil, fmt.Errorf("archive: %d bytes, more than %d", len(archive), max.Size)
	}
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, errors.New("archive: this is no zip archive, or a damaged one")
	}
	if len(r.File) == 0 || len(r.File) > max.Entries || r.Comment != "" {
		return nil, fmt.Errorf("archive: %d files, or a comment", len(r.File))
	}
	if err := layout(archive, r.File); err != nil {
		return nil, err
	}
	var out []File
	seen, left := map[string]bool{}, max.Size
	for _, f := range r.File {
		if err := CheckName(f.Name); err != nil {
			return nil, err
		}
		if folded := strings.ToLower(f.Name); seen[folded] {
			return nil, fmt.Errorf("archive: two files are called %q", f.Name)
		} else {
			seen[folded] = true
		}
		if f.UncompressedSize64 > uint64(min(left, max.File(f.Name))) {
			return nil, fmt.Errorf("archive: %q is too large", f.Name)
		}
		content, err := inflate(f)
		if err != nil {
			return nil, err
		}
		left -= len(content)
		out = append(out, File{f.Name, content})
	}
	return out, nil
}

// inflate reads one file, never more than it says that it has.
func inflate(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("archive: %q cannot be read", f.Name)
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err != nil || uint64(len(content)) != f.UncompressedSize64 {
		return nil, fmt.Errorf("archive: %q is damaged, or not as long as the archive says", f.Name)
	}
	return content, nil
}

// layout walks over the archive from its first byte, and demands that the files lie one
// behind the other in the order of the directory, with the names that it says.
func layout(archive []byte, files []*zip.File) error {
	bad := errors.New("archive: files overlap, hide or lie out of order in the archive")
	at := 0
	for _, f := range files {
		start, err := f.DataOffset()
		if err != nil || start < int64(at+localHeader) || start > int64(len(archive)) || string(archive[at:at+4]) != localMagic {
			return bad
		}
		h := archive[at:start]
		name, extra := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
		flags, method := binary.LittleEndian.Uint16(h[6:]), binary.LittleEndian.Uint16(h[8:])
		if len(h) != localHeader+name+extra || string(h[localHeader:localHeader+name]) != f.Name ||
			flags != f.Flags || flags&flagEncrypted != 0 || method != f.Method || !slices.Contains([]uint16{zip.Store, zip.Deflate}, method) ||
			at == 0 && (extra != 0 || method != zip.Store) || renames(h[localHeader+name:]) || renames(f.Extra) {
			return bad
		}
		if f.CompressedSize64 > uint64(len(archive))-uint64(start) {
			return bad
		}
		at = int(start) + int(f.CompressedSize64)
		if flags&flagDescriptor != 0 {
			if at = descriptor(archive, at); at < 0 {
				return bad
			}
		} else if binary.LittleEndian.Uint32(h[18:]) != uint32(f.CompressedSize64) || binary.LittleEndian.Uint32(h[22:]) != uint32(f.UncompressedSize64) {
			return bad
		}
	}
	end := len(archive) - directoryEnd // no comment, so it is the last
	if end < at || !bytes.HasPrefix(archive[at:], []byte(directoryMagic)) || string(archive[end:end+4]) != endMagic ||
		int64(binary.LittleEndian.Uint32(archive[end+16:])) != int64(at) || int64(binary.LittleEndian.Uint32(archive[end+12:])) != int64(end-at) {
		return bad
	}
	return nil
}

// renames reports whether extra fields give a file another name, or cannot be read.
func renames(extra []byte) bool {
	for len(extra) > 0 {
		if len(extra) < 4 || binary.LittleEndian.Uint16(extra) == unicodePath {
			return true
		}
		n := 4 + int(binary.LittleEndian.Uint16(extra[2:]))
		if n > len(extra) {
			return true
		}
		extra = extra[n:]
	}
	return false
}

// descriptor steps over the sizes behind a file that was written as a stream: 12
// bytes, with or without a mark before them. -1 if they do not end where
// something else begins.
func descriptor(archive []byte, at int) int {
	for _, n := range []int{16, 12} {
		if len(archive) < at+n+4 || (n == 16) != (string(archive[at:at+4]) == spanMagic) {
			continue
		}
		if next := string(archive[at+n : at+n+4]); next == localMagic || next == directoryMagic {
			return at + n
		}
	}
	return -1
}
