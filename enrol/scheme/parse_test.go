package scheme

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/enrol/scheme/format"
	files "github.com/tunnus-id/tunnus/scheme"
)

// with returns nordic.json with one key set to JSON, or left out for "".
func with(t *testing.T, path, value string) []byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(files.Nordic(), &root); err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`[^.\[\]]+`).FindAllString(path, -1)
	at := root
	for i, w := range words {
		last := i == len(words)-1
		switch v := at.(type) {
		case map[string]any:
			if last && value == "" {
				delete(v, w)
			} else if last {
				v[w] = json.RawMessage(value)
			}
			at = v[w]
		case []any:
			n, err := strconv.Atoi(w)
			if err != nil {
				t.Fatal(err)
			}
			if last {
				v[n] = json.RawMessage(value)
			}
			at = v[n]
		}
	}
	b, err := json.Marshal(root)
	if err != nil {
		t.Fatalf("%s := %s: %v", path, value, err)
	}
	return b
}

func TestEachFaultIsTold(t *testing.T) {
	f, err := os.Open("testdata/faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cases := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		cases++
		change, want, ok := strings.Cut(line, "  =>  ")
		path, value, ok2 := strings.Cut(change, " :=")
		if !ok || !ok2 {
			t.Fatalf("no case: %s", line)
		}
		_, err := Parse("x.json", with(t, path, strings.TrimSpace(value)))
		var faults format.Faults
		if !errors.As(err, &faults) {
			t.Errorf("%s: %v", change, err)
			continue
		}
		found := slices.ContainsFunc(faults, func(f format.Fault) bool {
			s := f.Path + ": " + f.Why
			return strings.HasPrefix(s, want) || f.Path == "" && strings.Contains(s, strings.TrimPrefix(want, ": "))
		})
		if !found {
			t.Errorf("%s:\nwant %s\ngot  %v", change, want, err)
		}
		if len(faults) > 6 {
			t.Errorf("%s: one change makes %d faults:\n%v", change, len(faults), err)
		}
	}
	if cases < 90 {
		t.Errorf("%d cases", cases)
	}
}

// A file with many faults is refused with all of them.
func TestAllFaultsAreToldAtOnce(t *testing.T) {
	b, err := os.ReadFile("testdata/wrong.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/wrong.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse("wrong.json", b)
	if err == nil || err.Error()+"\n" != string(want) {
		t.Errorf("want\n%s\ngot\n%v", want, err)
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	good := string(files.Nordic())
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	for name, tt := range map[string]struct{ file, want string }{
		"empty":           {"", "the file ends too early"},
		"cut off":         {good[:len(good)/2], "the file ends too early"},
		"two objects":     {good + "{}", "something follows the object"},
		"a word behind":   {good + "x", "invalid character 'x'"},
		"a list":          {"[]", "an object is expected, not a list"},
		"null":            {"null", "an object is expected, not null"},
		"a number":        {"7", "an object is expected, not a number"},
		"NUL in between":  {strings.Replace(good, ",", ",\x00", 1), "invalid character"},
		"byte order mark": {"\ufeff" + good, "invalid character"},
		"not UTF-8":       {strings.Replace(good, "nordic", "n\xffrdic", 1), "not written in UTF-8"},
		"half a pair":     {strings.Replace(good, "nordic", `n\ud800rdic`, 1), "a text with the character U+FFFD"},
		"huge":            {good + strings.Repeat(" ", limits.Bytes), "larger than 262144 bytes"},
		"deep":            {`{"name": ` + deep + `}`, "more than 8 levels deep"},
		"wide":            {`{"countries": [` + strings.Repeat("1,", 50_000) + `1]}`, "more than 10000 values"},
		"a comment":       {"// rules\n" + good, "invalid character"},
		"comma at end":    {strings.Replace(good, `"XX"]`, `"XX",]`, 1), "invalid character"},
		"twice":           {strings.Replace(good, "{", `{"name": "other",`, 1), "name: stands there twice"},
		"twice inside":    {strings.Replace(good, `"session"`, `"step": "6m", "session"`, 1), "lives.step: stands there twice"},
		"twice, escaped":  {strings.Replace(good, "{", `{"n\u0061me": "other",`, 1), "name: stands there twice"},
		"other case":      {strings.Replace(good, `"name"`, `"Name"`, 1), "Name: unknown key"},
	} {
		if _, err := Parse("x.json", []byte(tt.file)); err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 3000 {
			t.Errorf("%s: %.300v; want %s", name, err, tt.want)
		}
	}
}

// The worst files that the limits let pass cost work in proportion to their length.
func TestHostileFilesAreJudgedSoon(t *testing.T) {
	row := `{"from": "2026-01-01", "countries": ["DK"], "ways": ["passport"], "min_age": 1, "contact": "new", "documents": ["passport"]}`
	for name, list := range map[string]func(n int) string{
		"the same row again and again": func(n int) string { return strings.Repeat(row+",", n/9) + row },
		"rows without anything":        func(n int) string { return strings.Repeat(`{},`, n) + "{}" },
		"rows with strange keys":       func(n int) string { return `{` + strings.Repeat(`"x":0,`, n/2) + `"y":0}` },
	} {
		work := func(n int) float64 {
			file := []byte(strings.Replace(string(files.Nordic()), `"eligibility": [`, `"eligibility": [`+list(n)+",", 1))
			return testing.AllocsPerRun(1, func() {
				if _, err := Parse("x.json", file); err == nil {
					t.Errorf("%s: taken", name)
				}
			})
		}
		if few, many := work(1000), work(8000); many > 12*few {
			t.Errorf("%s: %.0f allocations for a file of 1,000, %.0f for one of 8,000", name, few, many)
		}
	}
}

// What the file says is shown short, in one line and without what moves cursors.
func TestFaultsDoNotEchoHostileText(t *testing.T) {
	key := strings.Repeat("é\\\"<script>", 1000)
	b, err := json.Marshal(map[string]any{key: 1, "name": key})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse("x.json", b)
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if len(line) > 400 {
			t.Errorf("a line of %d bytes: %.80s", len(line), line)
		}
	}
}

// FuzzParse: what is taken is written back in one canonical form, which reads as
// the same rules, and no file leads to a fault without words.
func FuzzParse(f *testing.F) {
	f.Add(files.Nordic())
	f.Add(files.Baltic())
	f.Add([]byte(`{"name": [{}], "ways": {"passport": null}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := Parse("x", file)
		if err != nil {
			var faults format.Faults
			if !errors.As(err, &faults) || len(faults) == 0 || slices.ContainsFunc(faults, func(f format.Fault) bool { return f.Why == "" }) {
				t.Fatalf("a refusal without faults: %v", err)
			}
			return
		}
		same(t, r)
		same(t, r.AsSandbox())
	})
}
