package document

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const kept = "../../document/mrz/scan/testdata/"

// What a picture says is printed line by line and as JSON.
func TestScan(t *testing.T) {
	for _, name := range []string{"td1", "td2", "td3"} {
		zone, err := read(kept + name + ".jpg")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, err := os.ReadFile(kept + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		var text, data bytes.Buffer
		if err := write(&text, zone); err != nil || !strings.HasPrefix(text.String(), string(want)+"\n") || !strings.Contains(text.String(), zone.Surname+"\n") {
			t.Errorf("%s: %v\n%s", name, err, text.String())
		}
		var out said
		if err := writeJSON(&data, zone); err != nil || json.Unmarshal(data.Bytes(), &out) != nil {
			t.Fatalf("%s: %v\n%s", name, err, data.String())
		}
		if got := strings.Join(out.Lines, "\n") + "\n"; got != string(want) || out.Number != zone.Number {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

// The reason is told where nothing is read, and a size is believed before any
// room is made for it.
func TestScanRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ name, content, want string }{
		{"text", "P<UTOERIKSSON<<ANNA<MARIA", "neither PNG nor JPEG"},
		{"empty", "", "neither PNG nor JPEG"},
		{"huge.png", pngHead(100_000, 100_000), "pixels: more than"},
		{"cut.png", pngHead(1280, 720), "unexpected EOF"},
	} {
		file := filepath.Join(dir, tt.name)
		if err := os.WriteFile(file, []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(file); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
	if _, err := read(filepath.Join(dir, "none")); err == nil || strings.Contains(err.Error(), dir) {
		t.Errorf("a missing file: %v", err)
	}
	if err := (Scan{Picture: filepath.Join(dir, "none")}).Run(); err != ErrUnread {
		t.Errorf("Run: %v", err)
	}
}

// pngHead is the beginning of a grey PNG of a size.
func pngHead(w, h uint32) string {
	b := []byte("IHDR")
	b = binary.BigEndian.AppendUint32(b, w)
	b = binary.BigEndian.AppendUint32(b, h)
	b = append(b, 8, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return "\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + string(b)
}
