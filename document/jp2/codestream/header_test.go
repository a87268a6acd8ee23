package codestream

import "testing"

// Steps that are derived halve with each level from LL on (equation E-5), three
// subbands a level; the exponent does not go below zero.
func TestDerivedSteps(t *testing.T) {
	q, err := readQuantization([]byte{1<<5 | 1, 2<<3 | 1, 0x23})
	if err != nil {
		t.Fatal(err)
	}
	for band, exponent := range []uint8{2, 2, 2, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0} {
		if got := q.at(band); got != (step{exponent, 0x123}) {
			t.Errorf("subband %d: %+v; want exponent %d", band, got, exponent)
		}
	}
	if w := (step{8, 1024}).width(); w != 1.5 {
		t.Errorf("a step of exponent 8 and mantissa 1024 is %v wide", w)
	}
}

// Parameters of all subbands, and those of reversible ones, are read as they stand.
func TestGivenSteps(t *testing.T) {
	given, err := readQuantization([]byte{2<<5 | 2, 0x6F, 0x12, 0x77, 0xFF})
	if err != nil || given.guard != 2 || given.at(1) != (step{14, 0x7FF}) {
		t.Errorf("%+v, %v", given, err)
	}
	none, err := readQuantization([]byte{3 << 5, 9 << 3, 10 << 3})
	if err != nil || !none.none || none.at(1) != (step{10, 0}) {
		t.Errorf("%+v, %v", none, err)
	}
	for _, b := range [][]byte{nil, {0}, {1, 9}, {1, 9, 9, 9, 9}, {2, 9}, {3, 9, 9}, make([]byte, 99)} {
		if _, err := readQuantization(b); err == nil {
			t.Errorf("%v is read", b)
		}
	}
}
