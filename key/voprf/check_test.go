package voprf

import (
	"bytes"
	"errors"
	"testing"
)

// Check takes the evaluation of this element by this key, and no other.
func TestCheck(t *testing.T) {
	s, _ := server(t)
	other, _ := server(t)
	b := other.Public()
	e, err := s.Evaluate(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(s.Public(), b, e); err != nil {
		t.Fatalf("Check = %v", err)
	}
	theirs, err := other.Evaluate(b)
	if err != nil {
		t.Fatal(err)
	}
	bent := bytes.Clone(e.Proof)
	bent[40] ^= 1
	for name, got := range map[string]error{
		"by another key":      Check(s.Public(), b, theirs),
		"under another key":   Check(other.Public(), b, e),
		"of another element":  Check(s.Public(), s.Public(), e),
		"to another element":  Check(s.Public(), b, Evaluation{theirs.Element, e.Proof}),
		"proof bent":          Check(s.Public(), b, Evaluation{e.Element, bent}),
		"proof cut":           Check(s.Public(), b, Evaluation{e.Element, e.Proof[:63]}),
		"no proof":            Check(s.Public(), b, Evaluation{Element: e.Element}),
		"nothing":             Check(s.Public(), b, Evaluation{}),
		"element of no curve": Check(s.Public(), make([]byte, ElementSize), e),
		"no key":              Check(nil, b, e),
	} {
		if !errors.Is(got, ErrProof) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What was blinded is a PIN: nothing of it is left once it has served.
func TestFinishForgetsTheInput(t *testing.T) {
	s, _ := server(t)
	input := []byte("4711")
	b, blinded, err := Blind(s.Public(), input)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Evaluate(blinded)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Finish(e); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(input, make([]byte, 4)) {
		t.Errorf("left: %q", input)
	}
}
