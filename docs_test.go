package tunnus_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
)

// What SECURITY.md and README.md say of liveness is true of what a scheme has where it
// says nothing.
func TestLivenessIsToldAsItIs(t *testing.T) {
	if !strings.Contains(readText(t, "doc/scheme.md"), "| `liveness` | true or false | `true` |") {
		t.Fatal("doc/scheme.md no longer says that faces are filmed: look at what is told of it")
	}
	for _, file := range []string{"SECURITY.md", "README.md"} {
		text := strings.ToLower(readText(t, file))
		for _, no := range []string{"liveness is absent", "has no liveness", "passes the face check", "liveness (a photo"} {
			if strings.Contains(text, no) {
				t.Errorf("%s: %q, but faces are filmed", file, no)
			}
		}
	}
}

// Every package says in its comment what it does.
func TestEveryPackageIsDocumented(t *testing.T) {
	for _, r := range rooms {
		found := false
		for _, f := range goFiles(t, r.pkg) {
			file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc == nil || strings.HasSuffix(f, "_templ.go") { // generated
				continue
			}
			if found {
				t.Errorf("package %s: two files have a package comment", r.pkg)
			}
			found = true
			if n := strings.Count(file.Doc.Text(), "\n"); n > 15 && filepath.Base(f) != "doc.go" {
				t.Errorf("package %s: a comment of %d lines belongs into doc.go", r.pkg, n)
			}
		}
		if !found && len(goFiles(t, r.pkg)) > 0 && r.pkg != "store/db" {
			t.Errorf("package %s has no package comment", r.pkg)
		}
	}
}

// doc/errors.md has one row for each code, and no other.
func TestEveryCodeIsDescribed(t *testing.T) {
	b, err := os.ReadFile("doc/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|")
	var described []string
	for _, m := range row.FindAllStringSubmatch(string(b), -1) {
		if slices.Contains(described, m[1]) {
			t.Errorf("doc/errors.md describes %q twice", m[1])
		}
		described = append(described, m[1])
	}
	for _, c := range tunnus.Codes() {
		if !slices.Contains(described, string(c)) {
			t.Errorf("doc/errors.md does not describe %q", c)
		}
	}
	for _, d := range described {
		if !slices.Contains(tunnus.Codes(), tunnus.Code(d)) {
			t.Errorf("doc/errors.md describes %q, which is no code", d)
		}
	}
	if n := len(codeNames(t)); n != len(tunnus.Codes()) {
		t.Errorf("%d codes are declared, %d have a sentence", n, len(tunnus.Codes()))
	}
}

// A link from one page of ours to another leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	pages := []string{"README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	more, err := filepath.Glob("doc/*.md")
	if err != nil || len(more) == 0 {
		t.Fatalf("no pages in doc: %v", err)
	}
	adr, err := filepath.Glob("doc/adr/*.md")
	if err != nil || len(adr) == 0 {
		t.Fatalf("no records in doc/adr: %v", err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, p := range slices.Concat(pages, more, adr) {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range link.FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(p), m[1])); err != nil {
				t.Errorf("%s: link to %s: %v", p, m[1], err)
			}
		}
	}
}

// The Makefile stays short enough to be read whole.
func TestMakefileIsShort(t *testing.T) {
	if n := countLines(t, "Makefile"); n > 40 {
		t.Errorf("Makefile: %d lines, more than 40", n)
	}
}

// The contents page names every package, by its path or by its last word; suites
// that only tests use need not stand there, nor what a tool has written.
func TestContentsNameEveryPackage(t *testing.T) {
	b, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(b), "## The wings")
	table, _, ok := strings.Cut(table, "## The layers")
	if !ok {
		t.Fatal("ARCHITECTURE.md has no table of the wings")
	}
	var words []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(table, -1) {
		words = append(words, strings.TrimSuffix(m[1], "/"))
	}
	for _, r := range rooms {
		if r.pkg == "" || r.layer == suite {
			continue
		}
		last := r.pkg[strings.LastIndex(r.pkg, "/")+1:]
		named := func(w string) bool { return w == r.pkg || w == last || strings.HasSuffix(w, "/"+last) }
		if !slices.ContainsFunc(words, named) {
			t.Errorf("ARCHITECTURE.md does not name %s", r.pkg)
		}
	}
}
