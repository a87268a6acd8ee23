package jp2_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/jp2"
	"github.com/tunnus-id/tunnus/need"
)

// oracle hands a file to opj_decompress and returns what it made of it; ok is
// false if it refused it or complained.
func oracle(t *testing.T, tool string, file []byte, ending string) (pix []byte, ok bool) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in."+ending), filepath.Join(dir, "out.ppm")
	if err := os.WriteFile(in, file, 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), tool, "-i", in, "-o", out).CombinedOutput()
	b, missing := os.ReadFile(out)
	if err != nil || missing != nil || bytes.Contains(said, []byte("WARNING")) || bytes.Contains(said, []byte("ERROR")) {
		return nil, false
	}
	_, _, _, pix = readPNM(t, b)
	return pix, true
}

// Damaged packets are other packets: what both decoders take for sound is the
// same picture in both. Ours refuses more.
func TestDamagedPacketsAgreeWithOpenJPEG(t *testing.T) {
	tool := need.Tool(t, "opj_decompress")
	r := rand.New(rand.NewPCG(5, 5))
	same := 0
	for _, v := range vectors(t) {
		if strings.Contains(v.name, "97") || strings.Contains(v.name, "roi") {
			continue // not exact; OpenJPEG cuts regions of interest by half a step
		}
		for range 8 {
			b := bytes.Clone(v.file)
			at := bytes.Index(b, []byte{0xFF, 0x93}) + 2
			for range 1 + r.IntN(3) {
				b[at+r.IntN(len(b)-at-2)] ^= 1 << r.IntN(8)
			}
			img, err := jp2.Decode(b)
			want, ok := oracle(t, tool, b, v.name[len(v.name)-3:])
			if err != nil || !ok {
				continue
			}
			_, _, _, got := samples(img)
			if d, where := differ(got, want); len(got) != len(want) || d > 0 {
				t.Errorf("%s: %d and %d samples, differ by %d at %d", v.name, len(got), len(want), d, where)
			}
			same++
		}
	}
	if same < 100 {
		t.Errorf("only %d pictures were compared", same)
	}
}

// Headers that opj_compress does not write: other steps and transforms make
// other pictures of the same packets, and the same ones in both decoders.
func TestOtherHeadersAgreeWithOpenJPEG(t *testing.T) {
	tool := need.Tool(t, "opj_decompress")
	for name, tt := range map[string]struct {
		vector string
		most   int
		edit   func(c *codestream)
	}{
		"derived steps":           {"exact97.j2k", 1, func(c *codestream) { c.of(qcd).body = append([]byte{c.of(qcd).body[0] - 1}, c.of(qcd).body[1:3]...) }},
		"steps without mantissas": {"exact97.j2k", 1, func(c *codestream) { c.of(qcd).body = []byte{0xE0, 0x48, 0x48, 0x48, 0x50, 0x48, 0x48, 0x50} }},
		"steps of one component":  {"exact97.j2k", 1, func(c *codestream) { c.add(marker{qcc, []byte{1, 0x41, 0x58, 0x77}}) }},
		"more guard bits":         {"colour.jp2", 0, func(c *codestream) { c.of(qcd).body[0] += 3 << 5 }},
		"larger exponents":        {"tiles.j2k", 0, func(c *codestream) { c.of(qcd).body[3] += 2 << 3; c.of(qcd).body[7] += 1 << 3 }},
		"no transform of colours": {"colour.jp2", 0, func(c *codestream) { c.of(cod).body[4] = 0 }},
		"causal contexts":         {"colour.jp2", 0, func(c *codestream) { c.of(cod).body[8] = 8 }},
		"contexts that are reset": {"colour.jp2", 0, func(c *codestream) { c.of(cod).body[8] = 2 }},
		"9/7 of what was 5/3":     {"nomct.jp2", 1, func(c *codestream) { c.of(cod).body[9] = 0 }},
		"9/7 of one component": {"nomct.jp2", 1, func(c *codestream) {
			c.add(marker{coc, append([]byte{1, 0}, append(bytes.Clone(c.of(cod).body[5:9]), 0)...)})
		}},
		"a tile's own 9/7": {"tiles.j2k", 1, func(c *codestream) { c.parts[2].header = []marker{{cod, append(bytes.Clone(c.of(cod).body[:9]), 0)}} }},
		"a tile's own exponents": {"tiles.j2k", 0, func(c *codestream) {
			c.parts[1].header = []marker{{qcd, []byte{0x60, 0x40, 0x48, 0x48, 0x58, 0x48, 0x48, 0x50}}}
		}},
		"every second sample only": {"grey97.j2k", 1, func(c *codestream) {
			copy(c.main[0].body[36:], []byte{7, 2, 2})
			c.main[0].body[5] *= 2
			c.main[0].body[9] *= 2
			c.main[0].body[21] *= 2
			c.main[0].body[25] *= 2
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := named(t, tt.vector)
			c := take(t, b[bytes.Index(b, []byte{0xFF, 0x4F, 0xFF, 0x51}):])
			before := digest(t, c.bytes())
			tt.edit(&c)
			img, err := jp2.Decode(c.bytes())
			if err != nil {
				t.Fatal(err)
			}
			want, ok := oracle(t, tool, c.bytes(), "j2k")
			if !ok {
				t.Fatal("OpenJPEG refuses it")
			}
			_, _, _, got := samples(img)
			if d, at := differ(got, want); len(got) != len(want) || d > tt.most {
				t.Errorf("%d and %d samples, differ by %d at %d", len(got), len(want), d, at)
			}
			if name != "every second sample only" && digest(t, c.bytes()) == before {
				t.Error("the edit changes nothing")
			}
		})
	}
}
