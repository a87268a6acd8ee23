package tunnus_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
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
var longPackages = map[string]string{
	"store": "one file a port over one database; splitting it would export how a transaction is made",
}

// drawers are names that say nothing of what is inside.
var drawers = []string{"util", "utils", "common", "helper", "helpers", "misc", "types", "base"}

func TestSizes(t *testing.T) {
	for _, r := range rooms {
		if r.pkg == "store/db" { // generated
			continue
		}
		if slices.Contains(drawers, filepath.Base(r.pkg)) {
			t.Errorf("package %s: a drawer, not a name", r.pkg)
		}
		total := 0
		for _, f := range goFiles(t, r.pkg) {
			n := countLines(t, f)
			total += n
			if n > maxFile {
				t.Errorf("%s: %d lines, more than %d", f, n, maxFile)
			}
		}
		if _, ok := longPackages[r.pkg]; total > maxPackage && !ok {
			t.Errorf("package %s: %d lines, more than %d", r.pkg, total, maxPackage)
		}
	}
}

func TestFunctionsAndInterfaces(t *testing.T) {
	everyDecl(t, false, func(file string, fset *token.FileSet, d ast.Decl) {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == "init" && d.Recv == nil {
				t.Errorf("%s: an init function", file)
			}
			limit := maxFunc
			if _, ok := longFuncs[file+" "+d.Name.Name]; ok {
				limit = maxParser
			}
			if n := span(fset, d); n > limit {
				t.Errorf("%s: %s has %d lines, more than %d", file, d.Name.Name, n, limit)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				ts, ok := s.(*ast.TypeSpec)
				if !ok {
					continue
				}
				if it, ok := ts.Type.(*ast.InterfaceType); ok && it.Methods.NumFields() > maxInterface {
					t.Errorf("%s: interface %s has %d methods, more than %d", file, ts.Name.Name, it.Methods.NumFields(), maxInterface)
				}
			}
		}
	})
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

// Package-level variables are tables, never state: nobody assigns to one.
func TestNoMutablePackageState(t *testing.T) {
	for _, r := range rooms {
		if r.pkg == "store/db" {
			continue
		}
		vars := map[string]bool{}
		var bodies []*ast.FuncDecl
		for _, f := range goFiles(t, r.pkg) {
			file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				switch d := d.(type) {
				case *ast.GenDecl:
					if d.Tok == token.VAR {
						for _, s := range d.Specs {
							for _, n := range s.(*ast.ValueSpec).Names {
								vars[n.Name] = true
							}
						}
					}
				case *ast.FuncDecl:
					bodies = append(bodies, d)
				}
			}
		}
		for _, f := range bodies {
			for _, name := range assigned(f) {
				if vars[name] {
					t.Errorf("%s: %s assigns to the package variable %s", r.pkg, f.Name.Name, name)
				}
			}
		}
	}
}

// assigned lists the names that f assigns to with =, ++ or through an index,
// and that it does not declare itself.
func assigned(f *ast.FuncDecl) []string {
	var out []string
	local := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, id := range n.Names {
				local[id.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				local[id.Name] = true
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					local[id.Name] = true
				}
			}
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				if id, ok := e.(*ast.Ident); ok && (n.Tok == token.DEFINE || id.Name == "_") {
					local[id.Name] = true
				} else if name := root(e); name != "" {
					out = append(out, name)
				}
			}
		case *ast.IncDecStmt:
			out = append(out, root(n.X))
		}
		return true
	})
	return slices.DeleteFunc(out, func(s string) bool { return s == "" || local[s] })
}

// root finds the identifier that an assignment changes: m in m[k] = v, v in v.f = x.
func root(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.SelectorExpr:
		return root(e.X)
	}
	return ""
}

// Each failure code is raised in one place of the program, so that whoever
// reads a code knows where to look.
func TestEachCodeIsRaisedInOnePlace(t *testing.T) {
	raised := map[string][]string{}
	for _, r := range rooms {
		for _, f := range goFiles(t, r.pkg) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, f, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 || lastName(call.Fun) != "Fail" {
					return true
				}
				if c := lastName(call.Args[0]); strings.HasPrefix(c, "Code") {
					raised[c] = append(raised[c], fset.Position(n.Pos()).String())
				}
				return true
			})
		}
	}
	for c, places := range raised {
		if len(places) > 1 {
			t.Errorf("%s is raised in %d places: %s", c, len(places), strings.Join(places, ", "))
		}
	}
	for _, c := range codeNames(t) {
		if len(raised[c]) == 0 && !raisedByTable(t, c) {
			t.Errorf("%s is never raised", c)
		}
	}
}

// raisedByTable reports whether the code stands in a table of the program
// outside code.go, from which one call raises it (splitting by value).
func raisedByTable(t *testing.T, code string) bool {
	t.Helper()
	for _, r := range rooms {
		for _, f := range goFiles(t, r.pkg) {
			if f == "code.go" {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(b), "tunnus."+code) || r.pkg == "" && strings.Contains(string(b), code) {
				return true
			}
		}
	}
	return false
}

// codeNames lists the constants of code.go.
func codeNames(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			for _, id := range v.Names {
				if strings.HasPrefix(id.Name, "Code") {
					out = append(out, id.Name)
				}
			}
		}
		return true
	})
	if len(out) == 0 {
		t.Fatal("no codes found in code.go")
	}
	return out
}

func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
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
