package tunnus_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// Tests are left out by package need only, which fails them where everything must
// run: a skip of another kind could hide that a tool is missing there.
func TestSkipsAreNeeds(t *testing.T) {
	skips := []string{"Skip", "Skipf", "SkipNow", "Short"}
	seen := 0
	for _, name := range tracked(t) {
		if filepath.Ext(name) != ".go" || filepath.Dir(name) == "need" {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			continue // removed, and not committed yet; what does not compile fails elsewhere
		}
		seen++
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(skips, f.Sel.Name) {
				t.Errorf("%s: %s: tests are left out by package need", fset.Position(n.Pos()), f.Sel.Name)
			}
			return true
		})
	}
	if seen < 500 {
		t.Errorf("only %d files were looked at", seen)
	}
}
