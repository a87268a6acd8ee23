package population

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is told of an import names nobody, and a file that is wrong changes nothing.
func TestImport(t *testing.T) {
	dir := t.TempDir()
	file, where := filepath.Join(dir, "people.json"), filepath.Join(dir, "tunnus.db")
	for i, tt := range []struct {
		people string
		more   Import
		want   string // the last line, "" for a failure
	}{
		{`[{"person": "PNOXX-199002140017", "surname": "Åsk"}]`, Import{DryRun: true}, "1 people in the file: 1 new, 0 changed, 0 as before; 0 taken out."},
		{`[{"person": "PNOXX-199002140017", "surname": "Åsk"}]`, Import{}, "1 people in the file: 1 new, 0 changed, 0 as before; 0 taken out."},
		{`[{"person": "PNOXX-199002140017", "surname": "Åsk", "deceased": true}]`, Import{}, "1 people in the file: 0 new, 1 changed, 0 as before; 0 taken out."},
		{`[{"person": "PNOXX-199002140018", "surname": "Åsk"}]`, Import{Complete: true}, ""},
		{`[]`, Import{Complete: true}, "0 people in the file: 0 new, 0 changed, 0 as before; 1 taken out."},
	} {
		if err := os.WriteFile(file, []byte(tt.people), 0o600); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		tt.more.File = file
		err := tt.more.Do(t.Context(), where, &out)
		if (err == nil) != (tt.want != "") || !strings.HasSuffix(strings.TrimSpace(out.String()), tt.want) {
			t.Errorf("step %d: %v, %q", i, err, out.String())
		}
		said := out.String()
		if err != nil {
			said += err.Error()
		}
		if strings.Contains(said, "1990") || strings.Contains(said, "sk") {
			t.Errorf("step %d names somebody: %q", i, said)
		}
	}
}
