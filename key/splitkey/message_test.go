package splitkey

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// messages has one good message of each type.
func messages() []Message {
	nonce, element, half, oneTime := make([]byte, NonceSize), make([]byte, ElementSize), make([]byte, HalfSize), make([]byte, OneTimeSize)
	return []Message{
		&Begin{Type: TypeBegin, Purpose: Login, Modulus: half, Nonce: nonce, Proof: half},
		&Harden{Type: TypeHarden, Key: "k", Generation: 1, Nonce: nonce, Blinded: element},
		&Confirm{Type: TypeConfirm, Key: "k", Generation: 1, Nonce: nonce, Proof: half},
		&Status{Type: TypeStatus, Key: "k", Generation: 1, OneTime: oneTime},
		&Evaluate{
			Type: TypeEvaluate, Key: "k", Generation: 1, Transaction: "t", Freshness: nonce, Blinded: element,
			OneTime: oneTime, Nonce: nonce,
		},
		&Complete{
			Type: TypeComplete, Key: "k", Generation: 1, Transaction: "t", Evaluation: nonce, OneTime: oneTime,
			Share: half, Answer: []byte("{}"), Approval: Approval{TextHash: nonce, Service: "Shop", Digest: nonce, CodeShown: "1"},
		},
		&Change{Type: TypeChange, Key: "k", Generation: 1, OneTime: oneTime, Nonce: nonce},
		&ChangeProve{
			Type: TypeChangeProve, Key: "k", Generation: 1, Transaction: "t", Evaluation: nonce, OneTime: oneTime, Proof: half,
		},
		&ChangeHarden{Type: TypeChangeHarden, Key: "k", Generation: 2, Transaction: "t", OneTime: oneTime, Blinded: element},
		&ChangeConfirm{
			Type: TypeChangeConfirm, Key: "k", Generation: 2, Transaction: "t", OneTime: oneTime, Nonce: nonce, Proof: half,
		},
	}
}

func empty(m Message) Message { return reflect.New(reflect.TypeOf(m).Elem()).Interface().(Message) }

// What is encoded reads back, as its own type only.
func TestDecode(t *testing.T) {
	all := messages()
	for i, m := range all {
		body, err := Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		for j, other := range all {
			got := empty(other)
			err := Decode(body, got)
			if (err == nil) != (i == j) || i == j && !reflect.DeepEqual(got, m) {
				t.Errorf("%T read as %T: %v", m, other, err)
			}
		}
	}
}

// Every field is demanded: emptied, the message is refused.
func TestDecodeDemandsFields(t *testing.T) {
	free := map[string]bool{"Answer": true, "Approval": true, "Status.Change": true}
	for _, m := range messages() {
		v := reflect.ValueOf(m).Elem()
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if free[name] || free[v.Type().Name()+"."+name] {
				continue
			}
			copied := reflect.New(v.Type())
			copied.Elem().Set(v)
			copied.Elem().Field(i).SetZero()
			body, err := json.Marshal(copied.Interface())
			if err != nil {
				t.Fatal(err)
			}
			if Decode(body, empty(m)) == nil {
				t.Errorf("%T was read without %s", m, name)
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	good, err := Encode(messages()[3])
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"empty":          "",
		"cut":            string(good[:len(good)-1]),
		"two":            string(good) + string(good),
		"trailing":       string(good) + "x",
		"brace too many": string(good) + "}",
		"unknown field":  `{"x":1,` + string(good[1:]),
		"array":          "[" + string(good) + "]",
		"long id":        strings.Replace(string(good), `"k"`, `"`+strings.Repeat("k", 65)+`"`, 1),
		"too large":      string(good) + strings.Repeat(" ", maxMessage),
	} {
		if Decode([]byte(body), &Status{}) == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// What is read is within its limits, and prints to what reads back alike.
func FuzzDecode(f *testing.F) {
	for _, m := range messages() {
		body, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, kind := range messages() {
			m := empty(kind)
			if Decode(body, m) != nil {
				continue
			}
			printed, err := Encode(m)
			again := empty(kind)
			if err != nil || Decode(printed, again) != nil {
				t.Fatalf("%q does not read back", body)
			}
			reprinted, err := Encode(again)
			if err != nil || !bytes.Equal(printed, reprinted) {
				t.Errorf("%q became %q", printed, reprinted)
			}
		}
	})
}
