package tunnus_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tunnus-id/tunnus"

// The layers of ARCHITECTURE.md, lowest first.
const (
	words  = "words"
	read   = "read"
	decide = "decide"
	speak  = "speak"
	holder = "holder"
	whole  = "whole"
	suite  = "suite"
)

// reach says which layers a layer may import from.
var reach = map[string][]string{
	words:  {},
	read:   {words, read},
	decide: {words, read},
	speak:  {words, read, decide},
	holder: {words, read},
	whole:  {words, read, decide, speak, holder, whole},
	suite:  {words, read, decide, speak},
}

func TestEveryPackageHasItsPlace(t *testing.T) {
	for _, p := range packages(t) {
		if !slices.ContainsFunc(rooms, func(r struct{ pkg, layer string }) bool { return r.pkg == p }) {
			t.Errorf("package %q is not in the table of layers", p)
		}
	}
	for _, r := range rooms {
		if !slices.Contains(packages(t), r.pkg) {
			t.Errorf("the table of layers has a package %q that does not exist", r.pkg)
		}
	}
}

func TestArrowsRunDownwards(t *testing.T) {
	at := func(pkg string) int {
		return slices.IndexFunc(rooms, func(r struct{ pkg, layer string }) bool { return r.pkg == pkg })
	}
	used := map[string]bool{}
	for i, r := range rooms {
		for _, imp := range imports(t, r.pkg) {
			own, ours := insideModule(imp)
			if !ours {
				continue // TestWhatComesFromOutside
			}
			j := at(own)
			switch {
			case j < 0:
				t.Errorf("%s imports %s, which is not in the table of layers", r.pkg, own)
			case j >= i:
				t.Errorf("%s imports %s, which stands above it", r.pkg, own)
			case !slices.Contains(reach[r.layer], rooms[j].layer):
				arrow := r.pkg + " -> " + own
				if used[arrow] = true; exceptions[arrow] == "" {
					t.Errorf("%s (%s) must not import %s (%s)", r.pkg, r.layer, own, rooms[j].layer)
				}
			}
		}
	}
	noneUnused(t, "exceptions", exceptions, used)
}

// noneUnused fails for each row of a table of exceptions that nothing needs, or
// that does not say why.
func noneUnused(t *testing.T, name string, table map[string]string, used map[string]bool) {
	t.Helper()
	for k, why := range table {
		if !used[k] {
			t.Errorf("%s: %q is needed by nothing", name, k)
		}
		if why == "" {
			t.Errorf("%s: %q has no reason", name, k)
		}
	}
}

// insideModule tells a package of ours from one of others.
func insideModule(imp string) (own string, ours bool) {
	if imp == module {
		return "", true
	}
	return strings.CutPrefix(imp, module+"/")
}

// packages lists the folders of the module that hold Go code of the program.
func packages(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			top := []string{"tools", "bin", "data"} // their own module, and what a build or a run leaves
			if path != "." && strings.HasPrefix(d.Name(), ".") || slices.Contains(top, path) || slices.Contains([]string{"testdata", "node_modules"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if dir == "." {
			dir = ""
		}
		if strings.HasSuffix(path, ".go") && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// goFiles lists the Go files of a package that are not tests.
func goFiles(t *testing.T, pkg string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(".", pkg))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".go") && !strings.HasSuffix(n, "_test.go") {
			out = append(out, filepath.Join(pkg, n))
		}
	}
	return out
}

func imports(t *testing.T, pkg string) []string {
	t.Helper()
	var out []string
	for _, f := range goFiles(t, pkg) {
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}
