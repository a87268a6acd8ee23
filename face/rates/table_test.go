package rates_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/face/rates"
)

var measures = []string{"x", "y"}

func TestReadPictures(t *testing.T) {
	s, scored, err := rates.Read(strings.NewReader("file_x,file_y,Decision,skin\na.jpg,\"b, c.jpg\",Yes,I\na.jpg,d.jpg,No,\n"), measures)
	if err != nil || scored {
		t.Fatalf("%v, scored %v", err, scored)
	}
	want := []rates.Pair{{A: "a.jpg", B: "b, c.jpg", Same: true, Groups: []string{"I"}}, {A: "a.jpg", B: "d.jpg", Groups: []string{""}}}
	if !reflect.DeepEqual(s.Pairs, want) || s.Dimensions[0] != "skin" {
		t.Errorf("%+v", s)
	}
	if s.Pictures() != 3 || s.Persons() != 2 {
		t.Errorf("%d pictures of %d persons", s.Pictures(), s.Persons())
	}
}

func TestReadRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ table, why string }{
		"nothing":           {"", "no heading"},
		"no label":          {"a,b\nx,y\n", `no column "same"`},
		"no pairs":          {"same,x,y\n", "no pairs"},
		"nothing to judge":  {"same,skin\nyes,I\n", "neither the columns"},
		"one picture":       {"a,same\nx,yes\n", "neither the columns"},
		"one of two":        {"same,x\nyes,1\n", "not all of the columns"},
		"neither yes or no": {"a,b,same\np,q,perhaps\n", `line 2: same: "perhaps" is neither`},
		"no number":         {"same,x,y\nyes,1,no\n", "is no distance"},
		"NaN":               {"same,x,y\nyes,1,NaN\n", "NaN is no distance"},
		"negative":          {"same,x,y\nyes,1,-1\n", "-1 is no distance"},
		"half measured":     {"same,x,y\nyes,1,\n", "all distances or none"},
		"twice":             {"same,x,x,y\nyes,1,1,1\n", "stands there twice"},
		"too many fields":   {"same,x,y\nyes,1,1,1\n", "wrong number of fields"},
		"nameless picture":  {"a,b,same\n,q,yes\n", "without a name"},
		"a long field":      {"a,b,same\n" + strings.Repeat("p", 600) + ",q,yes\n", "more than 512"},
	} {
		if _, _, err := rates.Read(strings.NewReader(tt.table), measures); err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: %v; want %q", name, err, tt.why)
		}
	}
}

// What is written reads back as the same, but for the names of pictures, which tell nobody.
func TestWriteHidesNames(t *testing.T) {
	s := set(
		rates.Pair{A: "ada.jpg", B: "ada2.jpg", Same: true, Groups: []string{"I"}, Distances: []float64{0.1, 1.0 / 3}},
		rates.Pair{A: "ada.jpg", B: "bo.jpg", Groups: []string{"a, b"}},
	)
	b, err := s.Table()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("ada")) {
		t.Errorf("names are told:\n%s", b)
	}
	again, scored, err := rates.Read(bytes.NewReader(b), measures)
	if err != nil || !scored {
		t.Fatal(err, scored)
	}
	s.Pairs[0].A, s.Pairs[0].B, s.Pairs[1].A, s.Pairs[1].B = "1", "2", "1", "3"
	if !reflect.DeepEqual(again, s) {
		t.Errorf("read back as\n%+v\nwant\n%+v", again, s)
	}
}

// Whoever is in the half on which limits are chosen is not in the other.
func TestHalvesShareNobody(t *testing.T) {
	var s rates.Set
	s.Measures = []string{"x"}
	name := func(person, picture int) string { return fmt.Sprintf("%d/%d", person, picture) }
	for i := range 40 {
		s.Pairs = append(s.Pairs, rates.Pair{A: name(i, 1), B: name(i, 2), Same: true})
		for j := range i {
			s.Pairs = append(s.Pairs, rates.Pair{A: name(i, 2), B: name(j, 1)})
		}
	}
	choose, count, err := s.Halves()
	if err != nil {
		t.Fatal(err)
	}
	if choose.Persons() != 20 || count.Persons() != 20 {
		t.Errorf("%d and %d persons", choose.Persons(), count.Persons())
	}
	seen := map[string]bool{}
	for _, p := range choose.Pairs {
		seen[strings.Split(p.A, "/")[0]], seen[strings.Split(p.B, "/")[0]] = true, true
	}
	for _, p := range count.Pairs {
		if seen[strings.Split(p.A, "/")[0]] || seen[strings.Split(p.B, "/")[0]] {
			t.Fatalf("%v is in both halves", p)
		}
	}
	if _, _, err := set(pair(true, "", 1, 1)).Halves(); err == nil {
		t.Error("pairs without names were parted")
	}
}

func TestContradiction(t *testing.T) {
	s := rates.Set{Measures: []string{"x"}, Pairs: []rates.Pair{{A: "1", B: "2", Same: true}, {A: "2", B: "3", Same: true}, {A: "1", B: "4"}}}
	if p, ok := s.Contradiction(); ok {
		t.Errorf("%v contradicts nothing", p)
	}
	s.Pairs = append(s.Pairs, rates.Pair{A: "1", B: "3"})
	if p, ok := s.Contradiction(); !ok || p.B != "3" {
		t.Errorf("the label of 1 and 3 contradicts the others: %v, %v", p, ok)
	}
}

func TestRepeated(t *testing.T) {
	s := rates.Set{Measures: []string{"x"}, Pairs: []rates.Pair{{A: "1", B: "2"}, {A: "1", B: "3"}, {A: "2", B: "3"}, {}, {}}}
	if p, ok := s.Repeated(); ok {
		t.Errorf("%v stands there once", p)
	}
	s.Pairs = append(s.Pairs, rates.Pair{A: "3", B: "1"})
	if p, ok := s.Repeated(); !ok || p.A != "3" {
		t.Errorf("3 and 1 were 1 and 3 before: %v, %v", p, ok)
	}
}

// Tables come from outside: whatever is taken reads back the same.
func FuzzRead(f *testing.F) {
	f.Add("file_x,file_y,Decision,skin\na.jpg,b.jpg,Yes,I\n")
	f.Add("same,x,y\nyes,0.1,2\nno,,\n")
	f.Add("a,b,same,x,y,age\np,q,1,1e-3,5,\"60, or older\"\n")
	f.Fuzz(func(t *testing.T, table string) {
		s, _, err := rates.Read(strings.NewReader(table), measures)
		if err != nil {
			return
		}
		b, err := s.Table()
		if err != nil {
			t.Fatalf("taken, but cannot be written: %v", err)
		}
		again, _, err := rates.Read(bytes.NewReader(b), measures)
		if err != nil || again.At([]float64{1, 1}) != s.At([]float64{1, 1}) || again.Persons() != s.Persons() {
			t.Fatalf("read back otherwise: %v\n%s", err, b)
		}
	})
}
