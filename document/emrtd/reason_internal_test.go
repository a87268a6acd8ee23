package emrtd

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// Each reason has its result and its words, and nothing else has.
func TestEveryReasonHasItsWords(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	named := map[Reason]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
			word, err := strconv.Unquote(lit.Value)
			if err != nil || named[Reason(word)] {
				t.Errorf("%s stands there twice", lit.Value)
			}
			named[Reason(word)] = true
		}
		return true
	})
	if len(named) < 40 || len(named) != len(reasons) {
		t.Errorf("%d reasons, %d with words", len(named), len(reasons))
	}
	texts := map[string]Reason{}
	for r, w := range reasons {
		if !named[r] || w.text == "" || r.Error() != w.text || texts[w.text] != "" {
			t.Errorf("%q and %q: %q", string(r), string(texts[w.text]), w.text)
		}
		texts[w.text] = r
	}
}

func TestFinding(t *testing.T) {
	for _, tt := range []struct {
		give   error
		result Result
		reason Reason
		detail string
	}{
		{nil, Successful, "", ""},
		{ReasonNoChip, NotPerformed, ReasonNoChip, "there are files only, no chip"},
		{fmt.Errorf("%w: data group 1", ReasonHash), Failed, ReasonHash, "a data group is not the one that was signed: data group 1"},
		{errors.New("something else"), Failed, ReasonUnreadable, "something else"},
		{Reason("made up"), Failed, ReasonUnreadable, ""},
	} {
		if result, reason, detail := finding(tt.give); result != tt.result || reason != tt.reason || detail != tt.detail {
			t.Errorf("%v: %s, %q, %q", tt.give, result, string(reason), detail)
		}
	}
}
