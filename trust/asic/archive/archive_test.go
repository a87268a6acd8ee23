package archive_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/trust/asic/archive"
)

var limits = archive.Limits{Size: 1 << 20, Entries: 8, File: func(name string) int {
	if name == "small" {
		return 10
	}
	return 1 << 20
}}

func specimen() []archive.File {
	return []archive.File{{"mimetype", []byte("application/x")}, {"a.txt", []byte("hello")}, {"folder/b.txt", nil}, {"ö b.txt", bytes.Repeat([]byte("x"), 3000)}}
}

func packed(t testing.TB, files ...archive.File) []byte {
	t.Helper()
	b, err := archive.Pack(files)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func same(a, b []archive.File) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || !bytes.Equal(a[i].Content, b[i].Content) {
			return false
		}
	}
	return true
}

func TestRoundTrip(t *testing.T) {
	b := packed(t, specimen()...)
	if !bytes.Equal(b[30:51], []byte("mimetypeapplication/x")) {
		t.Errorf("begins with %q", b[:60])
	}
	got, err := archive.Unpack(b, limits)
	if err != nil || !same(got, specimen()) {
		t.Errorf("%v, %v", got, err)
	}
	if !bytes.Equal(b, packed(t, specimen()...)) {
		t.Error("the same files give other bytes")
	}
}

// What other programs write is read: compressed, as a stream, with extra fields.
func TestReadsWhatOthersWrite(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if _, err := w.CreateRaw(&zip.FileHeader{Name: "mimetype", Method: zip.Store}); err != nil { // empty, so its CRC is 0
		t.Fatal(err)
	}
	e, err := w.Create("a.txt") // deflated, sizes behind the content
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Write(bytes.Repeat([]byte("hello "), 100)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := archive.Unpack(b.Bytes(), limits)
	if err != nil || len(got) != 2 || len(got[1].Content) != 600 {
		t.Errorf("%d files, %v", len(got), err)
	}
}

func TestUnzipReads(t *testing.T) {
	unzip := need.Tool(t, "unzip")
	file := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(file, packed(t, specimen()...), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), unzip, "-t", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestUnpackRefuses(t *testing.T) {
	good := packed(t, specimen()...)
	flip := func(at int, with byte) []byte { b := bytes.Clone(good); b[at] = with; return b }
	directory := bytes.Index(good, []byte("PK\x01\x02"))
	second := bytes.Index(good, []byte("a.txt"))
	end := len(good) - 22
	gap := append(append(bytes.Clone(good[:directory]), "junk"...), good[directory:]...)
	binary.LittleEndian.PutUint32(gap[len(gap)-6:], uint32(directory+4))
	longer := bytes.Clone(good)
	binary.LittleEndian.PutUint16(longer[len(good)-2:], 4)
	for name, b := range map[string][]byte{
		"nothing":                        nil,
		"cut off":                        good[:len(good)-1],
		"something in front":             append([]byte("junk"), good...),
		"something behind":               append(bytes.Clone(good), "junk"...),
		"a comment":                      append(longer, "junk"...),
		"something between":              gap,
		"another name in its own header": flip(second, 'b'),
		"another name in the directory":  flip(directory+46+46+8, 'b'),
		"encrypted":                      flip(6, 1),
		"another content":                flip(second+6, 'j'),
		"another place":                  flip(end+16, good[end+16]+1),
		"too large":                      packed(t, archive.File{"a", bytes.Repeat([]byte("x"), 2<<20)}),
		"one too large":                  packed(t, archive.File{"small", bytes.Repeat([]byte("x"), 11)}),
		"too many":                       packed(t, append(specimen(), archive.File{"1", nil}, archive.File{"2", nil}, archive.File{"3", nil}, archive.File{"4", nil}, archive.File{"5", nil})...),
	} {
		if got, err := archive.Unpack(b, limits); err == nil {
			t.Errorf("%s: accepted, %d files", name, len(got))
		}
	}
}

// Some programs take a file's name from an extra field: nothing is read that they
// see under another name than was signed.
func TestNoSecondName(t *testing.T) {
	for name, tt := range map[string]struct {
		extra []byte
		good  bool
	}{
		"a time":        {[]byte("UT\x05\x00\x01abcd"), true},
		"a second name": {[]byte("up\x0a\x00\x01crc!b.txt"), false},
		"behind a time": {[]byte("UT\x05\x00\x01abcdup\x0a\x00\x01crc!b.txt"), false},
		"cut off":       {[]byte("up\x0b\x00\x01crc!b.txt"), false},
	} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, h := range []*zip.FileHeader{{Name: "mimetype"}, {Name: "a.txt", Extra: tt.extra}} {
			if _, err := w.CreateRaw(h); err != nil { // empty, so the CRC is 0
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Unpack(b.Bytes(), limits); (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file that says that it is small and is not is not read further than it says; many
// that share one content are refused for lying in one place.
func TestBombs(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if _, err := w.CreateRaw(&zip.FileHeader{Name: "mimetype", Method: zip.Store}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		e, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(make([]byte, 900<<10)); err != nil { // some 900 bytes when packed
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Unpack(b.Bytes(), limits); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("more than the limit together: %v", err)
	}
	lying := bytes.Clone(b.Bytes())
	binary.LittleEndian.PutUint32(lying[bytes.LastIndex(lying, []byte("PK\x01\x02"))+24:], 5)
	binary.LittleEndian.PutUint32(lying[bytes.LastIndex(lying, []byte("PK\x07\x08"))+12:], 5)
	small := limits
	small.Size = 950 << 10
	if _, err := archive.Unpack(lying, small); err == nil || !strings.Contains(err.Error(), "not as long") {
		t.Errorf("a file longer than it says: %v", err)
	}
	overlapping := packed(t, archive.File{"x", []byte("12345")}, archive.File{"y", []byte("12345")})
	last := bytes.LastIndex(overlapping, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(overlapping[last+42:], 0)
	overlapping[last+46] = 'x'
	if _, err := archive.Unpack(overlapping, limits); err == nil {
		t.Error("two files in one place")
	}
}

func TestNames(t *testing.T) {
	for _, bad := range []string{"", "/a", "../a", "a/../b", "a//b", "./a", "a/", `a\b`, "c:a", "a\nb", "a\x00b", "a\xff", strings.Repeat("a", 256)} {
		if archive.CheckName(bad) == nil {
			t.Errorf("%q is a name", bad)
		}
		if b, err := archive.Pack([]archive.File{{bad, nil}}); err == nil {
			if _, err := archive.Unpack(b, limits); err == nil {
				t.Errorf("%q was unpacked", bad)
			}
		}
	}
	for _, twice := range []string{"a.txt", "A.TXT"} {
		if _, err := archive.Unpack(packed(t, archive.File{"a.txt", nil}, archive.File{twice, nil}), limits); err == nil {
			t.Errorf("a.txt and %s", twice)
		}
	}
}

// What is read is what the standard library reads, and can be packed and read again.
func FuzzUnpack(f *testing.F) {
	f.Add(packed(f, specimen()...))
	f.Add(packed(f, archive.File{"mimetype", nil}))
	f.Fuzz(func(t *testing.T, in []byte) {
		files, err := archive.Unpack(in, limits)
		if err != nil {
			return
		}
		for _, file := range files {
			if err := archive.CheckName(file.Name); err != nil || !strings.Contains(string(in), file.Name) {
				t.Errorf("%q: %v", file.Name, err)
			}
		}
		b, err := archive.Pack(files)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := archive.Unpack(b, limits); err != nil || !same(files, again) {
			t.Errorf("%v became %v, %v", files, again, err)
		}
	})
}
