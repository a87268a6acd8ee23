package tunnus_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem/catalogue"
)

// updateCodes writes the list instead of comparing it.
var updateCodes = flag.Bool("update-codes", false, "write problem/catalogue/raised.txt")

// The list that `tunnus codes` prints says where each code is raised. Its functions
// and files always hold; its lines move with every edit above them, so they are
// compared where everything must run (TUNNUS_TEST=all).
func TestTheListOfCodesIsFresh(t *testing.T) {
	const list = "problem/catalogue/raised.txt"
	l, values := raisings(t), codeValues(t)
	var rows []string
	for _, name := range codeNames(t) {
		at, fn := strings.Join(l.raised[name], ","), strings.TrimPrefix(l.within[name], ".")
		if unraised[name] != "" {
			at, fn = firstUse(t, name)
		}
		if at != "" {
			at = column.ReplaceAllString(at, "$1")
			rows = append(rows, fmt.Sprintf("%s %s %s\n", values[name], fn, at))
		}
	}
	slices.Sort(rows)
	if *updateCodes {
		if err := os.WriteFile(list, []byte(strings.Join(rows, "")), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	places := catalogue.Places()
	lines := os.Getenv("TUNNUS_TEST") == "all"
	for _, row := range rows {
		f := strings.Fields(row)
		got := places[tunnus.Code(f[0])]
		want := catalogue.Place{Func: f[1], File: f[2]}
		if !lines {
			got.File, _, _ = strings.Cut(got.File, ":")
			want.File, _, _ = strings.Cut(want.File, ":")
		}
		if got != want {
			t.Errorf("%s: %s is raised in %v, listed %v; write the list anew with go test -run %s . -update-codes", list, f[0], want, got, t.Name())
		}
	}
	if len(places) != len(rows) {
		t.Errorf("%s has %d codes, the program raises %d", list, len(places), len(rows))
	}
}

// column is the end of a place, file:line:column.
var column = regexp.MustCompile(`(:\d+):\d+`)

// codeValues reads what each constant of code.go is.
func codeValues(t *testing.T) map[string]tunnus.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]tunnus.Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != len(v.Names) {
			return true
		}
		for i, id := range v.Names {
			if lit, ok := v.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				out[id.Name] = tunnus.Code(s)
			}
		}
		return true
	})
	return out
}

// firstUse is the first function, outside of code.go, that names a code which no
// Fail names.
func firstUse(t *testing.T, name string) (at, fn string) {
	t.Helper()
	for _, r := range rooms {
		for _, f := range sources(t, r.pkg) {
			for _, d := range f.Decls {
				decl, ok := d.(*ast.FuncDecl)
				if !ok || at != "" || decl.Body == nil {
					continue
				}
				ast.Inspect(decl.Body, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && id.Name == name && at == "" && !strings.HasPrefix(f.at(id), "code.go:") {
						at, fn = f.at(id), strings.TrimPrefix(r.pkg+"."+decl.Name.Name, ".")
					}
					return true
				})
			}
		}
	}
	return at, fn
}

// What is told has its words in six languages: nobody adds English to it by hand.
// What there is to add is a note (note.go).
func TestNobodyAddsWordsByHand(t *testing.T) {
	for _, r := range rooms {
		for _, f := range sources(t, r.pkg) {
			ast.Inspect(f.File, func(n ast.Node) bool {
				a, ok := n.(*ast.AssignStmt)
				if !ok || a.Tok != token.ADD_ASSIGN || r.pkg == "" {
					return true
				}
				if s, ok := a.Lhs[0].(*ast.SelectorExpr); ok && s.Sel.Name == "Public" {
					t.Errorf("%s: adds words to an error by hand", f.at(a))
				}
				return true
			})
		}
	}
}
