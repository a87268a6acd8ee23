package tunnus_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// makers are the functions that write an Error down themselves, as "package.function".
var makers = map[string]string{
	".Fail":            "the one way to make one",
	"app/wire.Failure": "a refusal of the server, taken off the wire with the words it had there",
	"app/steps.End":    "the reason for which the server ended the registration, taken off the wire",
}

// relays are the functions that call Fail with a code that is not written there.
var relays = map[string]string{
	"app/server.again":   "a kept reply is said again",
	"remote.refusal":     "a refusal of another process, taken off the wire by its code",
	"enrol/proofs.prove": "all forgeries are told under one code, of which toldOfForgery is the name",
	"enrol/proofs.again": "a capture that could not be judged, by what was wrong with it; package judge says which",
	"face.Outcome":       "a refusal of the engine, taken off the worker's pipe; the table refusals says which",
}

// turners are the functions that put another code into an Error.
var turners = map[string]string{
	"app.wrong": "a wrong PIN is seen by the phone alone; the server's count says what it has led to",
}

// unraised are the codes that no Fail names.
var unraised = map[string]string{
	"CodeGuardWait": "why a parked sitting waits: nobody is refused by it",
	"CodeInternal":  "what CodeOf says of an error that carries no code",
}

// raising is what one look through the program finds.
type raising struct {
	raised                 map[string][]string // by code: where Fail is called with it
	within                 map[string]string   // by code: the function that calls it
	maker, relayer, turner map[string]bool
	t                      *testing.T
}

// Each failure code is raised in one place of the program, by its name in a
// call of Fail, so that whoever reads a code knows where to look.
func TestEachCodeIsRaisedInOnePlace(t *testing.T) {
	l := raisings(t)
	none := map[string]bool{}
	for _, c := range codeNames(t) {
		places := l.raised[c]
		none[c] = len(places) == 0
		if len(places) > 1 {
			t.Errorf("%s is raised in %d places: %s", c, len(places), strings.Join(places, ", "))
		}
		if none[c] && unraised[c] == "" {
			t.Errorf("%s is never raised", c)
		}
	}
	noneUnused(t, "makers", makers, l.maker)
	noneUnused(t, "relays", relays, l.relayer)
	noneUnused(t, "turners", turners, l.turner)
	noneUnused(t, "unraised", unraised, none)
}

// raisings goes through the program once.
func raisings(t *testing.T) raising {
	l := raising{map[string][]string{}, map[string]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, t}
	for _, r := range rooms {
		for _, f := range sources(t, r.pkg) {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					l.look(f, r.pkg, r.pkg+"."+fn.Name.Name, fn.Type)
					if fn.Body != nil {
						l.look(f, r.pkg, r.pkg+"."+fn.Name.Name, fn.Body)
					}
				} else {
					l.look(f, r.pkg, r.pkg+".", d)
				}
			}
		}
	}
	return l
}

// look goes through one function, or one declaration of another kind.
func (l raising) look(f source, pkg, fn string, n ast.Node) {
	word := func(e ast.Expr) string { // the word of the root package that e is
		if s, ok := e.(*ast.SelectorExpr); ok && f.is(s.X, module) {
			return s.Sel.Name
		}
		if id, ok := e.(*ast.Ident); ok && pkg == "" {
			return id.Name
		}
		return ""
	}
	code := func(e ast.Expr) bool { return slices.Contains(codeNames(l.t), word(e)) }
	called := map[ast.Expr]bool{}
	var see func(ast.Node) bool
	see = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec: // where the root package says what an Error is
			if pkg == "" && n.Name.Name == "Error" {
				return false
			}
		case *ast.CallExpr:
			if word(n.Fun) == "Fail" && len(n.Args) > 0 {
				called[n.Fun] = true
				if code(n.Args[0]) {
					c := word(n.Args[0])
					l.raised[c], l.within[c] = append(l.raised[c], f.at(n)), fn
				} else if l.relayer[fn] = true; relays[fn] == "" {
					l.t.Errorf("%s: %s calls Fail with a code that is not written there", f.at(n), fn)
				}
			}
		case *ast.AssignStmt:
			for i, e := range n.Lhs {
				if s, ok := e.(*ast.SelectorExpr); ok && s.Sel.Name == "Code" && len(n.Rhs) == len(n.Lhs) && code(n.Rhs[i]) {
					if l.turner[fn] = true; turners[fn] == "" {
						l.t.Errorf("%s: %s puts a code into what was made already", f.at(n), fn)
					}
				}
			}
		case *ast.StarExpr:
			if word(n.X) == "Error" {
				return false // a pointer to one that somebody made
			}
		case *ast.SelectorExpr, *ast.Ident:
			l.mention(f, fn, n.(ast.Expr), word(n.(ast.Expr)), called)
			if s, ok := n.(*ast.SelectorExpr); ok {
				ast.Inspect(s.X, see) // its last name is no word by itself
				return false
			}
		case *ast.KeyValueExpr:
			ast.Inspect(n.Value, see)
			if _, field := n.Key.(*ast.Ident); !field {
				ast.Inspect(n.Key, see)
			}
			return false
		}
		return true
	}
	ast.Inspect(n, see)
}

// mention judges a name that stands alone: Error, other than behind a star, is
// one being made; Fail, other than in a call, is one being hidden.
func (l raising) mention(f source, fn string, e ast.Expr, word string, called map[ast.Expr]bool) {
	switch {
	case word == "Error":
		if l.maker[fn] = true; makers[fn] == "" {
			l.t.Errorf("%s: %s makes an Error without Fail", f.at(e), fn)
		}
	case word == "Fail" && !called[e]:
		l.t.Errorf("%s: Fail is handed on, so that nobody sees what it raises", f.at(e))
	}
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
