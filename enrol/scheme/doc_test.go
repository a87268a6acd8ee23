package scheme

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/enrol/scheme/format"
)

var update = flag.Bool("update", false, "write the table of keys into doc/scheme.md")

const (
	tableBegins = "<!-- The table is made from the tags of enrol/scheme.File: go test ./enrol/scheme -run TestDoc -update -->\n"
	tableEnds   = "<!-- end of the table -->\n"
)

// table is the reference of all keys: a heading for each object, in the order in
// which they come.
func table() string {
	var order []string
	rows := map[string]string{}
	for _, k := range format.Keys(File{}) {
		parent, key := "", k.Path
		if i := strings.LastIndex(k.Path, "."); i >= 0 {
			parent, key = k.Path[:i], k.Path[i+1:]
		}
		if rows[parent] == "" {
			order = append(order, parent)
		}
		rows[parent] += row(key, k)
	}
	var b strings.Builder
	for _, parent := range order {
		heading := "The file"
		if parent != "" {
			heading = "`" + parent + "`"
		}
		fmt.Fprintf(&b, "\n### %s\n\n| Key | Type | Default | Allowed | Meaning |\n| --- | --- | --- | --- | --- |\n%s", heading, rows[parent])
	}
	return b.String()
}

func row(key string, k format.Key) string {
	kind := k.Type
	if k.Unit != "" {
		kind += ", " + k.Unit
	}
	def := "–"
	if k.Default != "" {
		def = "`" + k.Default + "`"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", key, kind, def, strings.ReplaceAll(k.Bounds, "|", "\\|"), k.Doc)
}

// doc/scheme.md cannot go stale: its table is the struct's tags.
func TestDocNamesEveryKey(t *testing.T) {
	const path = "../../doc/scheme.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), tableBegins)
	old, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		t.Fatal("the marks of the table are missing")
	}
	want := table() + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(before+tableBegins+want+tableEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != want {
		t.Error("doc/scheme.md is stale: go test ./enrol/scheme -run TestDoc -update")
	}
	for _, k := range format.Keys(File{}) {
		if k.Doc == "" || !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s: not described: %q", k.Path, k.Doc)
		}
	}
}
