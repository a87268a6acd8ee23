package problem

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus"
)

// maxDepth is how deep arrays and objects of a request may be nested.
const maxDepth = 16

// Decode reads a body of at most limit bytes as strict JSON: one value, UTF-8, no
// unknown members, none twice (capitals do not tell two apart, as they do not
// for [encoding/json]), nothing behind it.
//
// It fails with [tunnus.CodeTooLarge], [tunnus.CodeNotJSON],
// [tunnus.CodeUnknownField], or [tunnus.CodeBadRequest] if a member has
// another type.
func Decode[T any](w http.ResponseWriter, r *http.Request, limit int64) (T, error) {
	body, err := Body(w, r, limit)
	if err != nil {
		var none T
		return none, err
	}
	return Parse[T](body)
}

// DecodeLenient is [Decode], except that unknown members are passed over.
func DecodeLenient[T any](w http.ResponseWriter, r *http.Request, limit int64) (T, error) {
	body, err := Body(w, r, limit)
	if err != nil {
		var none T
		return none, err
	}
	return ParseLenient[T](body)
}

// Body reads a request's body. It fails with [tunnus.CodeTooLarge] if it has more
// than limit bytes.
func Body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tunnus.Fail(tunnus.CodeTooLarge, tooLong)
	}
	if err != nil {
		return nil, fmt.Errorf("problem: body: %w", err)
	}
	return body, nil
}

// Parse is [Decode] of a body that was read already.
func Parse[T any](body []byte) (T, error) { return parse[T](body, true) }

// ParseLenient is [DecodeLenient] of a body that was read already.
func ParseLenient[T any](body []byte) (T, error) { return parse[T](body, false) }

func parse[T any](body []byte, strict bool) (T, error) {
	var v, none T
	if err := check(body); err != nil {
		return none, notJSON(err)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if strict {
		dec.DisallowUnknownFields()
	}
	err := dec.Decode(&v)
	if err == nil {
		return v, nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		// Its own text tells the value that was sent.
		return none, tunnus.BadRequest(strings.ReplaceAll(wrong.Field, ".", "/"), errors.New("problem: member of another type"))
	}
	// encoding/json has no type for this error; a test holds on to its words.
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return none, tunnus.Fail(tunnus.CodeUnknownField, errors.New("problem: unknown member")).WithField(clip(strings.Trim(quoted, `"`)))
	}
	return none, notJSON(errors.New("problem: not the JSON that is expected"))
}

func notJSON(cause error) error { return tunnus.Fail(tunnus.CodeNotJSON, cause) }

// check walks through the tokens of a body once, before anything is built of it.
func check(body []byte) error {
	if !utf8.Valid(body) {
		return errors.New("problem: not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := walk(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("problem: something behind the JSON")
	}
	return nil
}

// walk reads one value. The decoder itself sees to the grammar.
func walk(dec *json.Decoder, depth int) error {
	t, err := dec.Token()
	if err != nil {
		return fmt.Errorf("problem: not JSON at byte %d", dec.InputOffset())
	}
	if t == nil && depth == 0 {
		return errors.New("problem: null")
	}
	open, nested := t.(json.Delim)
	if !nested {
		return nil
	}
	if depth >= maxDepth {
		return errors.New("problem: nested too deep")
	}
	names := map[string]bool{}
	for dec.More() {
		if open == '{' {
			name, err := dec.Token()
			if err != nil {
				return fmt.Errorf("problem: not JSON at byte %d", dec.InputOffset())
			}
			key, _ := name.(string) // names in an object are strings
			key = strings.Map(fold, key)
			if names[key] {
				return errors.New("problem: a member stands twice")
			}
			names[key] = true
		}
		if err := walk(dec, depth+1); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil { // the closing bracket
		return fmt.Errorf("problem: not JSON at byte %d", dec.InputOffset())
	}
	return nil
}

// fold maps the letters that [encoding/json] takes for one another to one of them.
func fold(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

// clip shortens a name that came from outside.
func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}
