package tunnus_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The house's sizes (ARCHITECTURE.md "Size").
const (
	maxPackage   = 1500
	maxFile      = 500
	maxFunc      = 60
	maxParser    = 100
	maxTest      = 80
	maxInterface = 5
)

// longFuncs are parsers and tables that may have up to maxParser lines.
var longFuncs = map[string]string{}

// longPackages are packages over maxPackage lines, with the reason.
var longPackages = map[string]string{}

// drawers are names that say nothing of what is inside.
var drawers = []string{"util", "utils", "common", "helper", "helpers", "misc", "types", "base"}

func TestSizes(t *testing.T) {
	used := map[string]bool{}
	for _, r := range rooms {
		if r.pkg == "store/db" { // generated
			continue
		}
		if slices.Contains(drawers, filepath.Base(r.pkg)) {
			t.Errorf("package %s: a drawer, not a name", r.pkg)
		}
		total := 0
		for _, f := range goFiles(t, r.pkg) {
			if strings.HasSuffix(f, "_templ.go") { // generated
				continue
			}
			n := countLines(t, f)
			total += n
			if n > maxFile {
				t.Errorf("%s: %d lines, more than %d", f, n, maxFile)
			}
		}
		if used[r.pkg] = total > maxPackage; used[r.pkg] && longPackages[r.pkg] == "" {
			t.Errorf("package %s: %d lines, more than %d", r.pkg, total, maxPackage)
		}
	}
	noneUnused(t, "longPackages", longPackages, used)
}

func TestFunctions(t *testing.T) {
	used := map[string]bool{}
	everyDecl(t, false, func(file string, fset *token.FileSet, d ast.Decl) {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			return
		}
		if f.Name.Name == "init" && f.Recv == nil {
			t.Errorf("%s: an init function", file)
		}
		limit, n, key := maxFunc, span(fset, f), file+" "+f.Name.Name
		if used[key] = n > maxFunc; n > maxFunc && longFuncs[key] != "" {
			limit = maxParser
		}
		if n > limit {
			t.Errorf("%s: %s has %d lines, more than %d", file, f.Name.Name, n, limit)
		}
	})
	noneUnused(t, "longFuncs", longFuncs, used)
}

// foreignParts are interfaces of other packages that stand inside one of ours,
// as "package: name". Each counts as one method.
var foreignParts = map[string]string{}

// An interface counts the methods of those it embeds.
func TestInterfaces(t *testing.T) {
	used := map[string]bool{}
	for _, r := range rooms {
		named := map[string]ast.Expr{}
		var all []*ast.InterfaceType
		files := sources(t, r.pkg)
		for _, f := range files {
			ast.Inspect(f.File, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.TypeSpec:
					named[n.Name.Name] = n.Type
				case *ast.InterfaceType:
					all = append(all, n)
				}
				return true
			})
		}
		for _, it := range all {
			n := methods(it, named, func(name string) {
				if used[r.pkg+": "+name] = true; foreignParts[r.pkg+": "+name] == "" {
					t.Errorf("%s: %s stands inside an interface and is not listed in foreignParts", r.pkg, name)
				}
			})
			if n > maxInterface && r.pkg != "store/db" {
				t.Errorf("%s: an interface with %d methods, more than %d", files[0].fset.Position(it.Pos()), n, maxInterface)
			}
		}
	}
	noneUnused(t, "foreignParts", foreignParts, used)
}

// methods counts the methods of an interface, with those of the named ones of
// its package that it embeds; foreign is told of any other.
func methods(e ast.Expr, named map[string]ast.Expr, foreign func(string)) int {
	switch e := e.(type) {
	case *ast.InterfaceType:
		n := 0
		for _, f := range e.Methods.List {
			if n += len(f.Names); len(f.Names) == 0 {
				n += methods(f.Type, named, foreign)
			}
		}
		return n
	case *ast.Ident:
		if own := named[e.Name]; own != nil && own != ast.Expr(e) {
			return methods(own, named, foreign)
		} else if e.Name == "error" {
			return 1
		}
		return 0 // a type, any or comparable: a constraint
	case *ast.IndexExpr:
		return methods(e.X, named, foreign)
	case *ast.IndexListExpr:
		return methods(e.X, named, foreign)
	case *ast.ParenExpr:
		return methods(e.X, named, foreign)
	case *ast.SelectorExpr:
		foreign(callee(e, nil))
		return 1
	}
	return 0
}

func TestTestsAreShort(t *testing.T) {
	everyDecl(t, true, func(file string, fset *token.FileSet, d ast.Decl) {
		if f, ok := d.(*ast.FuncDecl); ok {
			if n := span(fset, f); n > maxTest {
				t.Errorf("%s: %s has %d lines, more than %d", file, f.Name.Name, n, maxTest)
			}
		}
	})
}

func everyDecl(t *testing.T, tests bool, do func(file string, fset *token.FileSet, d ast.Decl)) {
	t.Helper()
	for _, r := range rooms {
		if r.pkg == "store/db" {
			continue
		}
		files := goFiles(t, r.pkg)
		if tests {
			var err error
			if files, err = filepath.Glob(filepath.Join(r.pkg, "*_test.go")); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_templ.go") { // generated
				continue
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, f, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				do(f, fset, d)
			}
		}
	}
}

func span(fset *token.FileSet, n ast.Node) int {
	return fset.Position(n.End()).Line - fset.Position(n.Pos()).Line + 1
}

func countLines(t *testing.T, file string) int {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), "\n")
}

// A source is one parsed file, with the path behind each name it imports.
type source struct {
	*ast.File
	path  string
	fset  *token.FileSet
	names map[string]string
}

// at says where n stands.
func (s source) at(n ast.Node) string { return s.fset.Position(n.Pos()).String() }

// is reports whether e is the name of the package with that path.
func (s source) is(e ast.Expr, path string) bool {
	id, ok := e.(*ast.Ident)
	return ok && s.names[id.Name] == path
}

var version = regexp.MustCompile(`/v[0-9]+$`)

// sources parses the files of a package that are not tests.
func sources(t *testing.T, pkg string) []source {
	t.Helper()
	var out []source
	fset := token.NewFileSet()
	for _, f := range goFiles(t, pkg) {
		file, err := parser.ParseFile(fset, f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]string{}
		for _, i := range file.Imports {
			p := strings.Trim(i.Path.Value, "\"`")
			name := path.Base(version.ReplaceAllString(p, ""))
			if i.Name != nil {
				name = i.Name.Name
			}
			names[name] = p
		}
		out = append(out, source{file, f, fset, names})
	}
	return out
}
