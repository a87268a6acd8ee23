// Package format reads JSON files that people write: into a documented struct,
// strictly, and telling every fault at once with its path.
//
// The struct is the whole description. Its tags give each key its default, its
// bounds and its meaning: [Decode] judges by them, [Encode] writes the one
// canonical form, and [Keys] lists them for a page of reference. A key that the
// struct does not have, one that stands there twice, null, a number with a
// fraction and a text with control characters are faults; a key without default
// must be there. What keys mean together is for the caller to judge.
package format

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Fault is one thing that is wrong with a file.
type Fault struct {
	Path string // "ways.passport.level", "eligibility[2].from"; "" is the file itself
	Why  string
}

// String is the fault in one line.
func (f Fault) String() string {
	if f.Path == "" {
		return f.Why
	}
	return f.Path + ": " + f.Why
}

// Faults are all that is wrong with a file: an error, one line each.
type Faults []Fault

// Error implements error.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Add adds a fault.
func (f *Faults) Add(path, why string, args ...any) {
	*f = append(*f, Fault{path, fmt.Sprintf(why, args...)})
}

// An Index tells which parts of a file are wrong.
type Index struct {
	exact map[string]bool // what is wrong
	above map[string]bool // and what that is a part of
}

// Index makes one.
func (f Faults) Index() Index {
	x := Index{map[string]bool{}, map[string]bool{}}
	for _, one := range f {
		x.exact[one.Path] = true
		for _, outer := range outers(one.Path) {
			x.above[outer] = true
		}
	}
	return x
}

// About reports whether there is a fault at the path, inside it, or around it.
func (x Index) About(path string) bool {
	return x.exact[""] || x.exact[path] || x.above[path] || slices.ContainsFunc(outers(path), func(o string) bool { return x.exact[o] })
}

// outers lists what a path is a part of: "a" and "a.b" for "a.b[2]".
func outers(path string) []string {
	var out []string
	for i, c := range []byte(path) {
		if c == '.' || c == '[' {
			out = append(out, path[:i])
		}
	}
	return out
}

// Limits bound a file before its meaning is looked at.
type Limits struct {
	Bytes  int
	Depth  int // of objects and lists inside each other
	Values int
}

// Decode reads one JSON object into the struct that v points to, which should be
// its zero value, and puts in defaults. It returns every fault; where there are
// any, v is not to be used but for finding more.
//
// Tags of a field: json (the key), default (as text; the key may be left out then),
// min and max (of a number or a duration, of the entries of a list or an object),
// oneof (the texts that are allowed, by spaces), match (an expression for texts),
// keyof and keymatch (the same for the keys of an object), unit and doc for
// [Keys]. What is said of texts and numbers holds for each entry of a list or an
// object of them; the entries of a list of texts differ.
func Decode(file []byte, limits Limits, v any) Faults {
	root, err := parse(file, limits)
	if err != nil {
		return Faults{{"", err.Error()}}
	}
	d := decoder{exprs: map[string]*regexp.Regexp{}}
	d.value("", root, reflect.ValueOf(v).Elem(), "")
	return d.faults
}

// Encode writes a struct in its canonical form: all keys, in the struct's order,
// those of maps sorted.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("format: %w", err)
	}
	return b.Bytes(), nil
}

// decoder is one reading under way.
type decoder struct {
	faults Faults
	exprs  map[string]*regexp.Regexp // of the tags, as far as they were needed
}

func (d *decoder) value(path string, n any, v reflect.Value, tag reflect.StructTag) {
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(path, n, v, text, tag)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.object(path, n, v)
	case reflect.Map:
		d.entries(path, n, v, tag)
	case reflect.Slice:
		d.list(path, n, v, tag)
	case reflect.String:
		if s, ok := n.(string); ok {
			d.allowed(path, s, tag.Get("oneof"), tag.Get("match"))
			v.SetString(s)
			return
		}
		d.wrong(path, n, "a text")
	case reflect.Bool:
		if b, ok := n.(bool); ok {
			v.SetBool(b)
			return
		}
		d.wrong(path, n, "true or false")
	case reflect.Int:
		d.number(path, n, v, tag)
	default:
		panic("format: no way to read a " + v.Type().String()) // a fault of the struct
	}
}

// text reads a type that reads itself, such as a duration.
func (d *decoder) text(path string, n any, v reflect.Value, text encoding.TextUnmarshaler, tag reflect.StructTag) {
	s, ok := n.(string)
	if !ok {
		d.wrong(path, n, "a text")
		return
	}
	if err := text.UnmarshalText([]byte(s)); err != nil {
		d.faults.Add(path, "%v", err)
		return
	}
	if b, ok := v.Interface().(interface{ Bounds(min, max string) error }); ok {
		if err := b.Bounds(tag.Get("min"), tag.Get("max")); err != nil {
			d.faults.Add(path, "%v", err)
		}
	}
}

func (d *decoder) object(path string, n any, v reflect.Value) {
	o, ok := n.(*object)
	if !ok {
		d.wrong(path, n, "an object")
		o = &object{values: map[string]any{}}
		if path != "" {
			return
		}
	}
	known := map[string]bool{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := f.Tag.Get("json")
		known[key] = true
		at := join(path, key)
		if sub, there := o.values[key]; there {
			d.value(at, sub, v.Field(i), f.Tag)
			continue
		}
		d.missing(at, v.Field(i), f)
	}
	for _, key := range o.keys {
		if !known[key] {
			d.faults.Add(join(path, show(key)), "unknown key")
		}
	}
	for _, key := range o.twice {
		d.faults.Add(join(path, show(key)), "stands there twice")
	}
}

// missing puts in the default of a key that is not there.
func (d *decoder) missing(path string, v reflect.Value, f reflect.StructField) {
	def, ok := f.Tag.Lookup("default")
	switch {
	case v.Kind() == reflect.Struct && !isText(v):
		d.object(path, &object{}, v)
	case !ok:
		d.faults.Add(path, "missing")
	default:
		d.value(path, defaultNode(v, def), v, f.Tag)
	}
}

// defaultNode is the node that the text of a default stands for.
func defaultNode(v reflect.Value, def string) any {
	if isText(v) {
		return def
	}
	switch v.Kind() {
	case reflect.Bool:
		return def == "true"
	case reflect.Int:
		return json.Number(def)
	case reflect.Slice:
		list := []any{}
		for _, s := range strings.Fields(def) {
			list = append(list, s)
		}
		return list
	case reflect.Map:
		return &object{}
	}
	return def
}

func isText(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return ok
}

func (d *decoder) entries(path string, n any, v reflect.Value, tag reflect.StructTag) {
	o, ok := n.(*object)
	if !ok {
		d.wrong(path, n, "an object")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, key := range o.keys {
		at := join(path, show(key))
		if !d.allowed(at, key, tag.Get("keyof"), tag.Get("keymatch")) {
			continue
		}
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(at, o.values[key], e, tag)
		v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), e)
	}
	for _, key := range o.twice {
		d.faults.Add(join(path, show(key)), "stands there twice")
	}
	if e := v.Type().Elem().Kind(); e == reflect.Struct || e == reflect.String {
		d.size(path, len(o.keys), tag)
	}
}

func (d *decoder) list(path string, n any, v reflect.Value, tag reflect.StructTag) {
	l, ok := n.([]any)
	if !ok {
		d.wrong(path, n, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(l), len(l)))
	seen := map[any]bool{}
	for i, sub := range l {
		at := fmt.Sprintf("%s[%d]", path, i)
		before := len(d.faults)
		d.value(at, sub, v.Index(i), tag)
		if _, ok := sub.(string); !ok || len(d.faults) > before {
			continue
		}
		meant := v.Index(i).Interface() // 1h and 60m are the same
		if seen[meant] {
			d.faults.Add(at, "stands there twice")
		}
		seen[meant] = true
	}
	if isText(reflect.New(v.Type().Elem()).Elem()) {
		return // min and max are those of its entries
	}
	d.size(path, len(l), tag)
}

// size judges how many entries there are.
func (d *decoder) size(path string, n int, tag reflect.StructTag) {
	if least, ok := bound(tag, "min"); ok && n < least {
		d.faults.Add(path, "%d entries; at least %d are needed", n, least)
	}
	if most, ok := bound(tag, "max"); ok && n > most {
		d.faults.Add(path, "%d entries; at most %d are allowed", n, most)
	}
}

func (d *decoder) number(path string, n any, v reflect.Value, tag reflect.StructTag) {
	num, ok := n.(json.Number)
	if !ok {
		d.wrong(path, n, "a number")
		return
	}
	i, err := strconv.Atoi(num.String())
	if err != nil || num.String() == "-0" {
		d.faults.Add(path, "a whole number is expected")
		return
	}
	least, low := bound(tag, "min")
	most, high := bound(tag, "max")
	if low && i < least || high && i > most {
		d.faults.Add(path, "%d is not from %s to %s", i, tag.Get("min"), tag.Get("max"))
		return
	}
	v.SetInt(int64(i))
}

func bound(tag reflect.StructTag, name string) (int, bool) {
	i, err := strconv.Atoi(tag.Get(name))
	return i, err == nil
}

// allowed judges a text; "" among the words of oneof is written as a dash.
func (d *decoder) allowed(path, s, oneof, match string) bool {
	if oneof != "" && !slices.Contains(strings.Fields(oneof), s) && (s != "" || !slices.Contains(strings.Fields(oneof), "-")) {
		d.faults.Add(path, "%s is not one of: %s", show(s), strings.Join(strings.Fields(oneof), ", "))
		return false
	}
	if match != "" && !d.expr(match).MatchString(s) {
		d.faults.Add(path, "%s is not of the form %s", show(s), match)
		return false
	}
	return true
}

func (d *decoder) expr(tag string) *regexp.Regexp {
	if d.exprs[tag] == nil {
		d.exprs[tag] = regexp.MustCompile(tag)
	}
	return d.exprs[tag]
}

func (d *decoder) wrong(path string, n any, want string) {
	d.faults.Add(path, "%s is expected, not %s", want, kind(n))
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// plain are texts that are shown as they are.
var plain = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)

// show shortens and quotes what a file says, so that it is read as one word.
func show(s string) string {
	if plain.MatchString(s) {
		return s
	}
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}
