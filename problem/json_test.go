package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
)

type body struct {
	Name  string          `json:"name"`
	Count int             `json:"count"`
	Inner struct{ A int } `json:"inner"`
	Any   any             `json:"any"`
}

func TestDecode(t *testing.T) {
	deep := func(n int) string {
		return `{"any":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	tests := []struct {
		name, in string
		code     tunnus.Code // of strict reading; "" if it is accepted
		field    string
		lenient  tunnus.Code
	}{
		{"good", `{"name":"x","count":2}`, "", "", ""},
		{"white space", " {\n} \t", "", "", ""},
		{"unknown member", `{"name":"x","more":1}`, tunnus.CodeUnknownField, "more", ""},
		{"unknown member inside", `{"inner":{"B":1}}`, tunnus.CodeUnknownField, "B", ""},
		{"long unknown member", `{"` + strings.Repeat("m", 200) + `":1}`, tunnus.CodeUnknownField, strings.Repeat("m", 64) + "…", ""},
		{"empty", "", tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"text", "name=x", tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"cut off", `{"name":"x"`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"comma at the end", `{"name":"x",}`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"comment", `{} // x`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"two values", `{} {}`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"closing bracket behind", `{}}`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"null", `null`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"array", `[]`, tunnus.CodeBadRequest, "", tunnus.CodeBadRequest},
		{"not UTF-8", "{\"name\":\"\xff\"}", tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"member twice", `{"name":"x","name":"y"}`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"member twice, in capitals", `{"name":"x","NAME":"y"}`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"member twice, escaped", `{"name":"x","n\u0061me":"y"}`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"unknown member twice, inside", `{"any":[{"b":1,"b":2}]}`, tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"nested", deep(15), "", "", ""},
		{"nested too deep", deep(16), tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"nested without end", strings.Repeat("[", 900), tunnus.CodeNotJSON, "", tunnus.CodeNotJSON},
		{"other type", `{"count":"199002140017"}`, tunnus.CodeBadRequest, "count", tunnus.CodeBadRequest},
		{"other type inside", `{"inner":{"A":"x"}}`, tunnus.CodeBadRequest, "inner/A", tunnus.CodeBadRequest},
		{"too large", `{"name":"` + strings.Repeat("x", 1000) + `"}`, tunnus.CodeTooLarge, "", tunnus.CodeTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, way := range []struct {
				name   string
				decode func(http.ResponseWriter, *http.Request, int64) (body, error)
				code   tunnus.Code
			}{{"strict", Decode[body], tt.code}, {"lenient", DecodeLenient[body], tt.lenient}} {
				r := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(tt.in))
				v, err := way.decode(httptest.NewRecorder(), r, 1000)
				if tunnus.CodeOf(err) != way.code {
					t.Errorf("%s: %v, want %q", way.name, err, way.code)
				}
				if err != nil && (!reflect.DeepEqual(v, body{}) || strings.Contains(err.Error(), "1990")) {
					t.Errorf("%s: %+v, %v", way.name, v, err)
				}
				if e, ok := errors.AsType[*tunnus.Error](err); ok && e.Field != tt.field {
					t.Errorf("%s: field %q, want %q", way.name, e.Field, tt.field)
				}
			}
		})
	}
}

// A body of exactly the limit is read.
func TestLimitIsInclusive(t *testing.T) {
	text := `{"name":"` + strings.Repeat("x", 89) + `"}`
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(text))
	if v, err := Decode[body](httptest.NewRecorder(), r, int64(len(text))); err != nil || len(v.Name) != 89 {
		t.Errorf("%d characters, %v", len(v.Name), err)
	}
}

// What is accepted is what encoding/json reads as well, and has no two members
// that it could take for one another.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"name":"x"}`, `{"name":"x","NAME":"y"}`, `{"any":[[{"a":1},{"a":2}]]}`, `{"a":1,"a":2}`, `null`, `{}{}`, "{\"\u017f\":1,\"s\":2}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := ParseLenient[map[string]any](in)
		if err != nil {
			return
		}
		var want map[string]any
		if err := json.Unmarshal(in, &want); err != nil || fmt.Sprint(v) != fmt.Sprint(want) {
			t.Fatalf("%q: %v, encoding/json says %v, %v", in, v, want, err)
		}
		names := make([]string, 0, len(v))
		for name := range v {
			for _, other := range names {
				if strings.EqualFold(name, other) {
					t.Errorf("%q: %q and %q are both there", in, name, other)
				}
			}
			names = append(names, name)
		}
	})
}
