package e2e

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// verifyLog runs `tunnus verify log` with the server's key.
func (s *server) verifyLog(ok bool, dir string, args ...string) string {
	s.t.Helper()
	if !slices.Contains(args, "--key") {
		args = append(args, "--key", s.path("server", "log.pub"))
	}
	return s.tunnus(ok, append([]string{"verify", "log", dir}, args...)...)
}

// copyLog is a copy of the log as it is now.
func (s *server) copyLog() string {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "log")
	if err := os.CopyFS(dir, os.DirFS(s.path("server", "log"))); err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// edit changes the newest of the files that a pattern names.
func edit(t testing.TB, change func([]byte) []byte, pattern ...string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(pattern...))
	if err != nil || len(found) == 0 {
		t.Fatalf("%v: nothing there, %v", pattern, err)
	}
	path := slices.MaxFunc(found, func(a, b string) int { return len(content(t, a)) - len(content(t, b)) })
	if err := os.WriteFile(path, change(content(t, path)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func content(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// flip changes one bit in the middle.
func flip(b []byte) []byte { b[len(b)/2] ^= 1; return b }

// fork signs, with the server's own key, a checkpoint of another log of a size.
func (s *server) fork(size int) string {
	s.t.Helper()
	key, err := hsm.OpenSigner(hsm.SignerRef{File: s.path("server", "log.key")})
	if err != nil {
		s.t.Fatal(err)
	}
	by, _, err := folder.NewSigner("tunnus-demo/log", key)
	if err != nil {
		s.t.Fatal(err)
	}
	text := fmt.Sprintf("tunnus-demo/log\n%d\n%s\n", size, base64.StdEncoding.EncodeToString(make([]byte, 32)))
	signed, err := note.Sign(&note.Note{Text: text}, by)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.file("forged", signed)
}

func (s *server) file(name string, b []byte) string {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), b, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.path(name)
}

// anotherKey is the public key of somebody else who uses the name of this log.
func (s *server) anotherKey() string {
	s.t.Helper()
	_, public, err := folder.NewSigner("tunnus-demo/log", ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.file("other.pub", []byte(public+"\n"))
}

// What an auditor does: keeps a checkpoint, and later checks that the log has grown
// out of it, with the records of the server that goes on. Whatever was changed is
// told in a sentence, and the command ends with 1.
func TestLogIsVerified(t *testing.T) {
	s := start(t)
	old := s.path("old")
	until(t, "the log is begun", func() bool { _, err := os.Stat(s.path("server", "log", "checkpoint")); return err == nil })
	s.verifyLog(true, s.path("server", "log"), "--keep", old)
	early := s.copyLog()
	s.member("ben")
	s.certificatesAreLogged("ben")
	dir, newest, records := s.copyLog(), s.path("newest"), s.path("records")
	if out := s.tunnus(true, "log", "export", "--config", s.path("config.json"), "--out", records); !strings.Contains(out, " lines written to ") {
		t.Errorf("log export says: %s", out)
	}
	out := s.verifyLog(true, dir, "--since", old, "--records", records, "--keep", newest)
	for _, want := range []string{`signed by the key of "tunnus-demo/log"`, "entries: all ", "at the earlier check", "; 0 lines are erased", "GOOD"} {
		if !strings.Contains(out, want) {
			t.Errorf("verify log does not say %q: %s", want, out)
		}
	}
	changed := func(change func([]byte) []byte, pattern ...string) string {
		dir := s.copyLog()
		edit(t, change, append([]string{dir}, pattern...)...)
		return dir
	}
	lines := bytes.SplitAfter(content(t, records), []byte("\n"))
	removed := s.file("removed", bytes.Join(slices.Delete(slices.Clone(lines), 5, 6), nil))
	ended := s.file("ended", bytes.Join(lines[:9], nil))
	for _, tt := range []struct {
		name, says string
		dir        string
		args       []string
	}{
		{"a tile", "FAIL  A tile of hashes is not what the entries give", changed(flip, "tile", "0", "000*", "*"), nil},
		{"an entry", "FAIL  ", changed(flip, "tile", "entries", "000*", "*"), nil},
		{"the checkpoint", "FAIL  The newest checkpoint cannot be believed", changed(flip, "checkpoint"), nil},
		{"a record", "FAIL  ", dir, []string{"--records", s.file("flipped", s.otherRecord(records))}},
		{"a record removed", "FAIL  Line 5 is in the log, and there is no record", dir, []string{"--records", removed}},
		{"the last records", "FAIL  The records end before line 9", dir, []string{"--records", ended}},
		{"cut short", "FAIL  The log was cut", early, []string{"--since", newest}},
		{"another key", "FAIL  The newest checkpoint cannot be believed", dir, []string{"--key", s.anotherKey()}},
		{"a fork", "FAIL  The log was rewritten", dir, []string{"--since", s.fork(3)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := s.verifyLog(false, tt.dir, tt.args...)
			if !strings.Contains(out, tt.says) || strings.Contains(out, "GOOD") {
				t.Errorf("it says: %s", out)
			}
		})
	}
}

// otherRecord is an export in which one record says something else, and is whole.
func (s *server) otherRecord(path string) []byte {
	s.t.Helper()
	lines := bytes.SplitAfter(content(s.t, path), []byte("\n"))
	at := bytes.Index(lines[5], []byte(`"record":"`)) + len(`"record":"`) + 20
	lines[5][at] = map[bool]byte{true: 'B', false: 'A'}[lines[5][at] == 'A']
	return bytes.Join(lines, nil)
}

// certificatesAreLogged has the app in the terminal show the certificates of a phone.
func (s *server) certificatesAreLogged(name string) {
	s.t.Helper()
	moved := s.file("moved.phone", content(s.t, s.path(name+".phone"))) // the test has the other one open
	out := s.tunnus(true, "app", "certificates", "--server", s.url, "--ca", s.world.Path("tls", "ca.pem"),
		"--state", moved, "--passphrase-file", s.file("passphrase", []byte("passphrase\n")))
	if strings.Count(out, ": logged, entry ") != 2 || strings.Contains(out, "NOT SHOWN") {
		s.t.Errorf("app certificates says: %s", out)
	}
}
