package format

import (
	"fmt"
	"reflect"
	"strings"
)

// A Key describes one key of a file.
type Key struct {
	Path    string // "ways.<key>.level", "reminders[]"
	Type    string
	Unit    string
	Default string // "" if the key must be there
	Bounds  string
	Doc     string
}

// Keys lists all keys that a struct describes, in its order.
func Keys(v any) []Key { return keysOf("", reflect.TypeOf(v)) }

func keysOf(path string, t reflect.Type) []Key {
	var out []Key
	for i := range t.NumField() {
		f := t.Field(i)
		at := join(path, f.Tag.Get("json"))
		out = append(out, Key{at, typeName(f.Type), f.Tag.Get("unit"), defaultName(f), bounds(f.Tag), f.Tag.Get("doc")})
		elem := f.Type
		switch elem.Kind() {
		case reflect.Slice:
			elem, at = elem.Elem(), at+"[]"
		case reflect.Map:
			elem, at = elem.Elem(), at+".<key>"
		}
		if elem.Kind() == reflect.Struct && !isText(reflect.New(elem).Elem()) {
			out = append(out, keysOf(at, elem)...)
		}
	}
	return out
}

func typeName(t reflect.Type) string {
	if k, ok := reflect.Zero(t).Interface().(interface{ Kind() string }); ok {
		return k.Kind()
	}
	switch t.Kind() {
	case reflect.Struct:
		return "object"
	case reflect.Map:
		return "object of " + typeName(t.Elem())
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Int:
		return "number"
	case reflect.Bool:
		return "true or false"
	}
	return "text"
}

func defaultName(f reflect.StructField) string {
	def, ok := f.Tag.Lookup("default")
	switch {
	case !ok:
		return ""
	case def != "":
		return def
	case f.Type.Kind() == reflect.Slice || f.Type.Kind() == reflect.Map:
		return "empty"
	}
	return `""`
}

// bounds says in words what the tags allow.
func bounds(tag reflect.StructTag) string {
	var out []string
	least, low := tag.Lookup("min")
	most, high := tag.Lookup("max")
	switch {
	case low && high:
		out = append(out, fmt.Sprintf("%s to %s", least, most))
	case low:
		out = append(out, "at least "+least)
	case high:
		out = append(out, "at most "+most)
	}
	for _, key := range []string{"keyof", "oneof"} {
		if words := tag.Get(key); words != "" {
			s := "`" + strings.Join(strings.Fields(words), "` `") + "`"
			if key == "keyof" {
				s = "keys " + s
			}
			out = append(out, s)
		}
	}
	for _, key := range []string{"keymatch", "match"} {
		if expr := tag.Get(key); expr != "" {
			s := "`" + expr + "`"
			if key == "keymatch" {
				s = "keys " + s
			}
			out = append(out, s)
		}
	}
	return strings.Join(out, "; ")
}
