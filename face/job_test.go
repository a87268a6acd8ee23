package face

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus"
)

func TestJobRoundTrip(t *testing.T) {
	want := Job{Portrait: []byte{1, 2}, Frames: [][]byte{{3}, {4, 5}}}
	var b bytes.Buffer
	if err := WriteJob(&b, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadJob(&b)
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("ReadJob = %v, %v; want %v", got, err, want)
	}
}

func TestReadJobRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":          "",
		"no JSON":          "{",
		"unknown field":    `{"portrait":"","model":"x"}`,
		"two jobs":         `{"portrait":""}{"portrait":""}`,
		"too many frames":  `{"frames":[` + strings.Repeat(`"",`, MaxFrames) + `""]}`,
		"large picture":    `{"portrait":"` + strings.Repeat("AAAA", MaxJPEG/3+1) + `"}`,
		"no base64":        `{"portrait":"*"}`,
		"endless message":  strings.Repeat(" ", maxJob+1),
		"frames of a name": `{"frames":"AAAA"}`,
	}
	for name, in := range tests {
		if j, err := ReadJob(strings.NewReader(in)); err == nil {
			t.Errorf("%s: read %d frames", name, len(j.Frames))
		}
	}
}

func TestWriteJobRefusesWhatReadJobWould(t *testing.T) {
	j := Job{Frames: make([][]byte, MaxFrames+1)}
	if err := WriteJob(&bytes.Buffer{}, j); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
		t.Errorf("WriteJob = %v; want %s", err, tunnus.CodeBadRequest)
	}
}

// The code of a refusal survives the way out of the worker.
func TestAnswerKeepsTheCode(t *testing.T) {
	for _, err := range []error{position("x"), many(2), unclear("x"), tunnus.BadRequest("frames", errors.New("x"))} {
		var b bytes.Buffer
		if err := WriteAnswer(&b, answer(err)); err != nil {
			t.Fatal(err)
		}
		a, readErr := ReadAnswer(&b)
		if readErr != nil {
			t.Fatal(readErr)
		}
		_, got := a.Outcome()
		if tunnus.CodeOf(got) != tunnus.CodeOf(err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// A worker that was taken over cannot speak for other parts of the system.
func TestOutcomeKnowsRefusalsOnly(t *testing.T) {
	_, err := Answer{Code: tunnus.CodePINWrong}.Outcome()
	if code := tunnus.CodeOf(err); code != tunnus.CodeInternal {
		t.Errorf("Outcome = %v; want a fault", err)
	}
}

func TestReadAnswerRefuses(t *testing.T) {
	tests := map[string]string{
		"neither":              `{}`,
		"both":                 `{"code":"face-many","result":{"verdict":"review","frames":0}}`,
		"unknown field":        `{"code":"face-many","shell":"x"}`,
		"two answers":          `{"code":"face-many"} {"code":"face-many"}`,
		"match at a distance":  `{"result":{"verdict":"match","distance":0.9,"fused":0.9,"frames":3}}`,
		"match without frames": `{"result":{"verdict":"match","distance":0,"fused":0,"frames":0}}`,
		"no such verdict":      `{"result":{"verdict":"yes","distance":0.1,"fused":0.1,"frames":3}}`,
		"long":                 `{"code":"face-many","cause":"` + strings.Repeat("x", maxAnswer) + `"}`,
	}
	for name, in := range tests {
		if a, err := ReadAnswer(strings.NewReader(in)); err == nil {
			t.Errorf("%s: read %+v", name, a)
		}
	}
}

// What is read can be written, and reads the same.
func FuzzReadJob(f *testing.F) {
	f.Add([]byte(`{"portrait":"AQI=","frames":["Aw==",""]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		j, err := ReadJob(bytes.NewReader(in))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteJob(&b, j); err != nil {
			t.Fatal(err)
		}
		again, err := ReadJob(&b)
		if err != nil || !cmp.Equal(again, j) {
			t.Errorf("%v became %v, %v", j, again, err)
		}
	})
}

func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte(`{"result":{"verdict":"match","distance":0.2,"fused":0.9,"frames":3,"engine":"x","match":{"distance":0.45,"fused":1.7},"review":{"distance":0.58,"fused":2}}}`))
	f.Add([]byte(`{"code":"face-many","cause":"2 faces"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := ReadAnswer(bytes.NewReader(in))
		if err != nil {
			return
		}
		r, err := a.Outcome()
		if err == nil && r.Verdict == Match && !(r.Distance <= r.Match.Distance && r.Fused <= r.Match.Fused && r.Frames != 0) {
			t.Errorf("a match out of %+v", r)
		}
	})
}
