package format

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// garden is a file of every type.
type garden struct {
	Name   string            `json:"name" match:"^[a-z]*$" doc:"Its name."`
	Open   bool              `json:"open" default:"true" doc:"Whether one may go in."`
	Beds   int               `json:"beds" default:"2" min:"1" max:"9" unit:"beds" doc:"How many beds."`
	Rest   Duration          `json:"rest" default:"1d" min:"1h" max:"30d" doc:"Between two waterings."`
	Until  Date              `json:"until" default:"" doc:"When it closes."`
	Colour []string          `json:"colours" default:"red green" oneof:"red green blue -" max:"3" doc:"Its colours."`
	Rests  []Duration        `json:"rests" default:"1h 2h" max:"5h" doc:"Others."`
	Trees  map[string]tree   `json:"trees" default:"" keymatch:"^[a-z]+$" doc:"What grows."`
	Signs  map[string]string `json:"signs" default:"" keyof:"en et" max:"2" doc:"What stands on the gate."`
	Gate   gate              `json:"gate" doc:"The gate."`
}

type tree struct {
	Height int `json:"height" unit:"m" doc:"How high."`
}

type gate struct {
	Wide int `json:"wide" default:"3" doc:"How wide."`
}

var small = Limits{Bytes: 1000, Depth: 4, Values: 40}

func TestDefaultsArePutIn(t *testing.T) {
	var g garden
	if faults := Decode([]byte(`{"name": "eden"}`), small, &g); len(faults) > 0 {
		t.Fatal(faults)
	}
	hour := Duration{time.Hour}
	want := garden{
		"eden", true, 2,
		Duration{24 * time.Hour},
		Date{},
		[]string{"red", "green"},
		[]Duration{hour, {2 * time.Hour}},
		map[string]tree{},
		map[string]string{},
		gate{3},
	}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("%+v", g)
	}
}

func TestEverythingIsRead(t *testing.T) {
	var g garden
	faults := Decode([]byte(`{"gate": {"wide": -4}, "name": "", "open": false, "beds": 9, "rest": "90m", "until": "2026-11-22",
		"colours": [""], "rests": [], "trees": {"oak": {"height": 30}}, "signs": {"et": "aed"}}`), small, &g)
	want := garden{
		"", false, 9,
		Duration{90 * time.Minute},
		On(2026, 11, 22),
		[]string{""},
		[]Duration{},
		map[string]tree{"oak": {30}},
		map[string]string{"et": "aed"},
		gate{-4},
	}
	if len(faults) > 0 || !reflect.DeepEqual(g, want) {
		t.Errorf("%+v: %v", g, faults)
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{`{}`, "name: missing"},
		{`{"name": "a", "bees": 1}`, "bees: unknown key"},
		{`{"name": "a", "name": "b"}`, "name: stands there twice"},
		{`{"name": "a", "Beds": 1}`, "Beds: unknown key"},
		{`{"name": "a", "beds": 10}`, "beds: 10 is not from 1 to 9"},
		{`{"name": "a", "beds": 1.0}`, "beds: a whole number is expected"},
		{`{"name": "a", "beds": true}`, "beds: a number is expected, not true or false"},
		{`{"name": "a", "rest": "31d"}`, "rest: longer than 30d"},
		{`{"name": "a", "rest": "59m"}`, "rest: shorter than 1h"},
		{`{"name": "a", "rest": "1 h"}`, `rest: "1 h" is no duration`},
		{`{"name": "a", "rest": "1H"}`, "rest: 1H is no duration"},
		{`{"name": "a", "rest": null}`, "rest: a text is expected, not null"},
		{`{"name": "a", "rests": ["1h", "60m"]}`, "rests[1]: stands there twice"},
		{`{"name": "a", "rests": ["6h"]}`, "rests[0]: longer than 5h"},
		{`{"name": "a", "until": "22.11.2026"}`, "until: 22.11.2026 is no date"},
		{`{"name": "a", "until": "2025-02-29"}`, "until: 2025-02-29 is no date"},
		{`{"name": "a", "colours": ["red", "red"]}`, "colours[1]: stands there twice"},
		{`{"name": "a", "colours": ["pink"]}`, "colours[0]: pink is not one of: red, green, blue"},
		{`{"name": "a", "colours": ["red", "green", "blue", ""]}`, "colours: 4 entries; at most 3 are allowed"},
		{`{"name": "a", "trees": {"Oak": {}}}`, "trees.Oak: Oak is not of the form"},
		{`{"name": "a", "trees": {"oak": {}}}`, "trees.oak.height: missing"},
		{`{"name": "a", "trees": {"oak": 3}}`, "trees.oak: an object is expected, not a number"},
		{`{"name": "a", "trees": {"a": {"height": 1}, "a": {"height": 1}}}`, "trees.a: stands there twice"},
		{`{"name": "a", "signs": {"fr": "x"}}`, "signs.fr: fr is not one of: en, et"},
		{`{"name": "a", "gate": null}`, "gate: an object is expected, not null"},
		{`{"name": "a", "x\ny": 1}`, "line 1: a text with the character U+000A"},
		{`{"name": "a", "` + strings.Repeat("k", 60) + `": 1}`, "…\": unknown key"},
		{`{"name": [[[[[1]]]]]}`, "more than 4 levels deep"},
		{`{"name": "` + strings.Repeat("a", 1000) + `"}`, "larger than 1000 bytes"},
		{`{"rests": [` + strings.Repeat("1,", 60) + `1]}`, "more than 40 values"},
	} {
		var g garden
		faults := Decode([]byte(tt.file), small, &g)
		if !slices.ContainsFunc(faults, func(f Fault) bool { return strings.Contains(f.String(), tt.want) }) {
			t.Errorf("%s:\nwant %s\ngot  %v", tt.file, tt.want, faults)
		}
	}
}

func TestKeys(t *testing.T) {
	var got []string
	for _, k := range Keys(garden{}) {
		got = append(got, strings.Join([]string{k.Path, k.Type, k.Unit, k.Default, k.Bounds}, "|"))
	}
	want := []string{
		"name|text|||`^[a-z]*$`", "open|true or false||true|", "beds|number|beds|2|1 to 9", "rest|duration||1d|1h to 30d", `until|date||""|`,
		"colours|list of text||red green|at most 3; `red` `green` `blue` `-`", "rests|list of duration||1h 2h|at most 5h",
		"trees|object of object||empty|keys `^[a-z]+$`", "trees.<key>.height|number|m||", "signs|object of text||empty|at most 2; keys `en` `et`",
		"gate|object|||", "gate.wide|number||3|",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

func TestAbout(t *testing.T) {
	f := Faults{{"a.b[2]", "x"}}.Index()
	for path, want := range map[string]bool{"a": true, "a.b": true, "a.b[2]": true, "a.b[2].c": true, "a.bc": false, "a.b[20]": false, "b": false} {
		if f.About(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

// What is taken is what encoding/json reads there, defaults apart, and its
// canonical form reads back as the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"name": "eden"}`, `{"name": "a", "rest": "25h", "until": "2026-11-22", "trees": {"oak": {"height": 3}}, "signs": {"en": "é"}}`,
		`{"name": "a", "name": "b"}`, `{"name": "a", "beds": 1e0}`, `[`, `{"name": "\ud800"}`, `{"name": "a", "rests": ["1h", "60m"]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		var g, h garden
		if len(Decode(file, small, &g)) > 0 {
			return
		}
		h = g
		strict := json.NewDecoder(bytes.NewReader(file))
		strict.DisallowUnknownFields()
		h.Trees, h.Signs = nil, nil
		if err := strict.Decode(&h); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if len(g.Trees) > 0 && !reflect.DeepEqual(g.Trees, h.Trees) || len(g.Signs) > 0 && !reflect.DeepEqual(g.Signs, h.Signs) {
			t.Fatalf("%+v; encoding/json reads %+v", g, h)
		}
		h.Trees, h.Signs = g.Trees, g.Signs
		if !reflect.DeepEqual(g, h) {
			t.Fatalf("%+v; encoding/json reads %+v", g, h)
		}
		canonical, err := Encode(g)
		if err != nil {
			t.Fatal(err)
		}
		var again garden
		if faults := Decode(canonical, Limits{1 << 20, 8, 10_000}, &again); len(faults) > 0 || !reflect.DeepEqual(again, g) {
			t.Fatalf("canonical %s: %+v, %v", canonical, again, faults)
		}
	})
}
