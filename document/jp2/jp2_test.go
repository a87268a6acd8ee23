package jp2_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/jp2"
)

// A vector is a line of testdata/vectors/INDEX.
type vector struct {
	name string
	want string // SHA-256 of the samples, or a file with them
	file []byte
}

// vectors reads the index, which must name each file there.
func vectors(t testing.TB) []vector {
	t.Helper()
	const dir = "testdata/vectors"
	index, err := os.ReadFile(filepath.Join(dir, "INDEX"))
	if err != nil {
		t.Fatal(err)
	}
	var out []vector
	for line := range strings.Lines(string(index)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "#" {
			continue
		}
		file, err := os.ReadFile(filepath.Join(dir, f[0]))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, vector{f[0], f[1], file})
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.j*"))
	if err != nil || len(files) != len(out) || len(out) == 0 {
		t.Fatalf("%d files, %d in the index: %v", len(files), len(out), err)
	}
	return out
}

// named is the file of one vector.
func named(t testing.TB, name string) []byte {
	t.Helper()
	all := vectors(t)
	i := slices.IndexFunc(all, func(v vector) bool { return v.name == name })
	if i < 0 {
		t.Fatalf("no vector %s", name)
	}
	return all[i].file
}

// Pictures that other encoders made are decoded as OpenJPEG decodes them.
func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			if strings.HasSuffix(v.want, ".pnm") {
				agree(t, filepath.Join("testdata/vectors", v.name), filepath.Join("testdata/vectors", v.want), 1)
				return
			}
			if got := digest(t, v.file); got != v.want {
				t.Errorf("samples with SHA-256 %s; want %s", got, v.want)
			}
		})
	}
}

// digest decodes a file and is the SHA-256 of its samples.
func digest(t *testing.T, file []byte) string {
	t.Helper()
	img, err := jp2.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, pix := samples(img)
	sum := sha256.Sum256(pix)
	return hex.EncodeToString(sum[:])
}

func TestDecodeConfig(t *testing.T) {
	for name, want := range map[string]jp2.Config{
		"grey.jp2":    {Width: 37, Height: 45, Space: jp2.Grey},
		"grey97.j2k":  {Width: 37, Height: 45, Space: jp2.Grey},
		"colour.jp2":  {Width: 45, Height: 37, Space: jp2.SRGB},
		"offset.j2k":  {Width: 45, Height: 37, Space: jp2.SRGB},
		"sycc420.jp2": {Width: 45, Height: 37, Space: jp2.SYCC},
	} {
		got, err := jp2.DecodeConfig(named(t, name))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
}

// Behind no picture of an encoder there is anything; what is put there is told,
// and is not what another decoder would call a part of the file.
func TestBehind(t *testing.T) {
	for _, v := range vectors(t) {
		if _, err := jp2.Decode(v.file); err != nil {
			continue
		}
		for _, tail := range []string{"", "\x00", "PK\x03\x04", "\xFF\xD9", "\x00\x00\x00\x07xml "} {
			behind, err := jp2.Behind(append(bytes.Clone(v.file), tail...))
			if err != nil || string(behind) != tail {
				t.Errorf("%s with %q: %q, %v", v.name, tail, behind, err)
			}
		}
	}
	if _, err := jp2.Behind([]byte("PK")); err == nil {
		t.Error("an archive is a picture")
	}
}
