package tunnus_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rules is how many rules of registration there are: R1 to R13.
const rules = 13

// Each rule of registration (R1 to R13) is a test that is named after it.
func TestEveryRuleHasItsTest(t *testing.T) {
	named := regexp.MustCompile(`(?m)^func TestR([0-9]+)[A-Z]\w*\(`)
	have := map[string]int{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range named.FindAllStringSubmatch(string(b), -1) {
			have[m[1]]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= rules; n++ {
		if have[fmt.Sprint(n)] == 0 {
			t.Errorf("no test is named TestR%d…", n)
		}
	}
}
