package tunnus_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const maxTracked = 1 << 20

// executables are how a program that somebody built begins.
var executables = []string{"\x7fELF", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "MZ\x90\x00"}

// elsewhere is what only makes sense on one machine, or names where packages
// come from: in parts, so that this file does not match itself.
var elsewhere = []*regexp.Regexp{
	regexp.MustCompile(`(?m)(^|[^\w.}-])/(` + strings.Join([]string{"wo" + "rk", "ho" + "me", "ro" + "ot", "tm" + "p", "Us" + "ers", "var/fol" + "ders"}, "|") + `)\b`),
	regexp.MustCompile(`(?i)[a-z]:\\+us` + `ers\b`),
	regexp.MustCompile(`(?i)\b(` + strings.Join([]string{"registry\\.np" + "mjs", "registry\\.yar" + "npkg", "proxy\\.gol" + "ang", "sum\\.gol" + "ang", "gop" + "roxy\\b", "pypi\\." + "org", "maven\\.apa" + "che\\.org", "repo1?\\.mav" + "en\\.", "mvn" + "repository", "artif" + "actory", "jf" + "rog", "sona" + "type"}, "|") + `)`),
	regexp.MustCompile(`"resol` + `ved"\s*:`),
}

// What is tracked, or would be with the next commit, is small, is text or data,
// and says nothing of the machine it was made on.
func TestTrackedFiles(t *testing.T) {
	for _, name := range tracked(t) {
		info, err := os.Lstat(name)
		if err != nil {
			continue // removed, and not committed yet
		}
		var b []byte
		switch {
		case info.Mode().IsRegular():
			if info.Size() > maxTracked {
				t.Errorf("%s: %d bytes, more than %d", name, info.Size(), maxTracked)
				continue
			}
			if b, err = os.ReadFile(name); err != nil {
				t.Error(err)
				continue
			}
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(name)
			if err != nil {
				t.Error(err)
				continue
			}
			b = []byte(to)
		}
		if slices.ContainsFunc(executables, func(magic string) bool { return bytes.HasPrefix(b, []byte(magic)) }) {
			t.Errorf("%s: a built program", name)
		}
		for _, p := range elsewhere {
			if at := p.FindIndex(b); at != nil {
				t.Errorf("%s:%d: %q", name, 1+bytes.Count(b[:at[0]], []byte("\n")), b[at[0]:at[1]])
			}
		}
	}
}

// tracked asks git for the files that are tracked or could be; without git it
// takes all but what .gitignore names.
func tracked(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(".git"); err == nil {
		cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
		cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0")
		if out, err := cmd.Output(); err == nil && len(out) > 0 {
			return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
		}
	}
	var out []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || path == "bin" || path == "data") {
			return filepath.SkipDir
		}
		if !d.IsDir() && path != "tunnus" && !slices.Contains([]string{".test", ".prof", ".fail"}, filepath.Ext(path)) {
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
