package tunnus_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Package-level variables are tables, never state: nobody assigns to one, of
// the own package or of another, and nobody hands out where one stands.
func TestNoMutablePackageState(t *testing.T) {
	for _, r := range rooms {
		if r.pkg == "store/db" {
			continue
		}
		vars := map[string]bool{}
		files := sources(t, r.pkg)
		for _, f := range files {
			packageVars(f, func(s *ast.ValueSpec) {
				for _, n := range s.Names {
					vars[n.Name] = true
				}
			})
		}
		for _, f := range files {
			for _, d := range f.Decls {
				for _, e := range assigned(d) {
					name := root(e)
					if vars[name] {
						t.Errorf("%s: the package variable %s is changed, or its address taken", f.at(e), name)
					} else if p := f.names[name]; p != "" {
						t.Errorf("%s: a variable of package %s is changed, or its address taken", f.at(e), p)
					}
				}
			}
		}
	}
}

// assigned lists what d changes with =, ++, delete, clear, copy, a range or
// through an index or a pointer, or takes the address of, as far as it begins
// with a name that d does not declare itself.
func assigned(d ast.Decl) []ast.Expr {
	var out []ast.Expr
	local := map[string]bool{}
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			declare(local, n.Names...)
		case *ast.DeclStmt:
			for _, s := range n.Decl.(*ast.GenDecl).Specs {
				if v, ok := s.(*ast.ValueSpec); ok {
					declare(local, v.Names...)
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					declare(local, id)
				} else if e != nil {
					out = append(out, e)
				}
			}
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					declare(local, id)
				} else {
					out = append(out, e)
				}
			}
		case *ast.IncDecStmt:
			out = append(out, n.X)
		case *ast.UnaryExpr:
			if _, made := n.X.(*ast.CompositeLit); n.Op == token.AND && !made {
				out = append(out, n.X)
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"delete", "clear", "copy"}, id.Name) && len(n.Args) > 0 {
				out = append(out, n.Args[0])
			}
		}
		return true
	})
	return slices.DeleteFunc(out, func(e ast.Expr) bool { return root(e) == "" || root(e) == "_" || local[root(e)] })
}

func declare(local map[string]bool, names ...*ast.Ident) {
	for _, id := range names {
		local[id.Name] = true
	}
}

// root finds the identifier that an assignment changes: m in m[k] = v, v in
// v.f = x, p in *p = x and in (*p)[1:2].
func root(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	case *ast.ParenExpr:
		return root(e.X)
	case *ast.SliceExpr:
		return root(e.X)
	case *ast.TypeAssertExpr:
		return root(e.X)
	case *ast.UnaryExpr:
		return root(e.X)
	}
	return ""
}

func packageVars(f source, do func(*ast.ValueSpec)) {
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, s := range g.Specs {
				do(s.(*ast.ValueSpec))
			}
		}
	}
}

// builders are the functions that may be called to make a package variable:
// they give the same at every start, whatever the machine is like.
var builders = map[string]string{
	"errors.New":                              "an error to compare with",
	"regexp.MustCompile":                      "a form, written down",
	"math.Inf":                                "a number",
	"float32":                                 "a conversion",
	"html/template.Must":                      "a page, written down",
	"html/template.New":                       "a page, written down",
	"time.UnixMilli":                          "a fixed moment",
	"time.UnixMilli().UTC":                    "a fixed moment",
	"html/template.New().Parse":               "a page, written down",
	module + "/face/virtual/solid.Tint":       "a colour, of three numbers",
	module + "/document/ber.NewOID":           "the name of an object, of numbers",
	"golang.org/x/crypto/cryptobyte/asn1.Tag": "a tag, of a number",
	"golang.org/x/crypto/cryptobyte/asn1.Tag().ContextSpecific":               "a tag, of a number",
	"golang.org/x/crypto/cryptobyte/asn1.Tag().ContextSpecific().Constructed": "a tag, of a number",
}

// stateful are packages whose types change by their methods.
var stateful = []string{"sync", "sync/atomic"}

// machine are packages of which a package variable must not hold even the name
// of a function or a variable.
var machine = []string{"os", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "syscall", "runtime"}

// What a package variable is does not depend on when or where the program starts.
func TestPackageVariablesAreWrittenDown(t *testing.T) {
	used := map[string]bool{}
	for _, r := range rooms {
		for _, f := range sources(t, r.pkg) {
			packageVars(f, func(s *ast.ValueSpec) {
				check := func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.FuncLit:
						return false // runs when it is called
					case *ast.ChanType:
						t.Errorf("%s: a channel is state", f.at(n))
					case *ast.UnaryExpr:
						if n.Op == token.ARROW {
							t.Errorf("%s: a package variable is received", f.at(n))
						}
					case *ast.SelectorExpr:
						if id, ok := n.X.(*ast.Ident); ok && slices.Contains(stateful, f.names[id.Name]) {
							t.Errorf("%s: %s.%s is state", f.at(n), id.Name, n.Sel.Name)
						}
						if ofMachine(f, n) {
							t.Errorf("%s: a package variable of %s", f.at(n), callee(n, f.names))
						}
					case *ast.CallExpr:
						name := callee(n.Fun, f.names)
						if used[name] = true; name != "" && builders[name] == "" {
							t.Errorf("%s: %s is called to make a package variable", f.at(n), name)
						}
					}
					return true
				}
				for _, v := range s.Values {
					ast.Inspect(v, check)
				}
				if s.Type != nil {
					ast.Inspect(s.Type, check)
				}
			})
		}
	}
	noneUnused(t, "builders", builders, used)
}

// ofMachine reports whether e is a name of the machine: its clock, its environment.
func ofMachine(f source, e *ast.SelectorExpr) bool {
	id, ok := e.X.(*ast.Ident)
	if !ok {
		return false
	}
	p := f.names[id.Name]
	if p == "net/http" && strings.HasPrefix(e.Sel.Name, "Status") {
		return false // a number
	}
	return p == "time" && slices.Contains(timely, e.Sel.Name) || slices.Contains(machine, p)
}

// callee names what is called, with the path of its package: "" for a
// conversion to a type that is written out, such as (*T)(nil) or []byte("x").
func callee(e ast.Expr, names map[string]string) string {
	switch e := e.(type) {
	case *ast.Ident:
		if p := names[e.Name]; p != "" {
			return p
		}
		return e.Name
	case *ast.SelectorExpr:
		return callee(e.X, names) + "." + e.Sel.Name
	case *ast.CallExpr:
		return callee(e.Fun, names) + "()"
	case *ast.IndexExpr:
		return callee(e.X, names)
	case *ast.IndexListExpr:
		return callee(e.X, names)
	case *ast.ParenExpr:
		if _, conversion := e.X.(*ast.StarExpr); conversion {
			return ""
		}
		return callee(e.X, names)
	case *ast.ArrayType, *ast.MapType, *ast.InterfaceType:
		return ""
	}
	return "a function without a name"
}
