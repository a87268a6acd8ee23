package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An object is one of JSON, with the order of its keys and those that stood
// there more than once.
type object struct {
	keys   []string
	values map[string]any
	twice  []string
}

// parse reads a file into objects, lists, texts, numbers, booleans and nil.
func parse(file []byte, limits Limits) (any, error) {
	if len(file) > limits.Bytes {
		return nil, fmt.Errorf("larger than %d bytes", limits.Bytes)
	}
	if !utf8.Valid(file) {
		return nil, errors.New("not written in UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(file))
	d.UseNumber()
	p := parser{d, limits, 0}
	root, err := p.next(0)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return root, nil
		}
		if err == nil {
			err = errors.New("something follows the object")
		}
	}
	line := 1 + bytes.Count(file[:min(int(d.InputOffset()), len(file))], []byte{'\n'})
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file ends too early")
	}
	return nil, fmt.Errorf("line %d: %s", line, strings.TrimPrefix(err.Error(), "json: "))
}

type parser struct {
	tokens *json.Decoder
	limits Limits
	values int
}

// next reads one value.
func (p *parser) next(depth int) (any, error) {
	t, err := p.tokens.Token()
	if err != nil {
		return nil, err
	}
	if p.values++; p.values > p.limits.Values {
		return nil, fmt.Errorf("more than %d values", p.limits.Values)
	}
	switch t := t.(type) {
	case json.Delim:
		if depth >= p.limits.Depth {
			return nil, fmt.Errorf("more than %d levels deep", p.limits.Depth)
		}
		if t == '{' {
			return p.object(depth)
		}
		return p.list(depth)
	case string:
		return t, sane(t)
	}
	return t, nil
}

func (p *parser) object(depth int) (any, error) {
	o := &object{values: map[string]any{}}
	for p.tokens.More() {
		t, err := p.tokens.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string) // the decoder lets nothing else pass
		if err := sane(key); err != nil {
			return nil, err
		}
		v, err := p.next(depth + 1)
		if err != nil {
			return nil, err
		}
		if _, there := o.values[key]; there {
			o.twice = append(o.twice, key)
			continue
		}
		o.keys = append(o.keys, key)
		o.values[key] = v
	}
	_, err := p.tokens.Token()
	return o, err
}

func (p *parser) list(depth int) (any, error) {
	l := []any{}
	for p.tokens.More() {
		v, err := p.next(depth + 1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	_, err := p.tokens.Token()
	return l, err
}

// sane refuses texts that do not look like what they are: with control
// characters, marks of direction, or halves of characters.
func sane(s string) error {
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return fmt.Errorf("a text with the character %U", r)
		}
	}
	return nil
}

// kind names a value as people do.
func kind(n any) string {
	switch n.(type) {
	case nil:
		return "null"
	case *object:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a text"
	case bool:
		return "true or false"
	}
	return "a number"
}
