package demo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// play starts a shell script as a puppet.
func play(t *testing.T, script string) *puppet {
	t.Helper()
	p, err := startPuppet(t.Context(), "sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDriveAnswers(t *testing.T) {
	var told []string
	p := play(t, `echo hello; echo "ask name"; read n; echo "done $n"`)
	err := p.drive(t.Context(), answers{"name": say("ada")}, func(l string) { told = append(told, l) })
	if err != nil || strings.Join(told, ",") != "hello,done ada" {
		t.Errorf("told %q, %v", told, err)
	}
}

// A question that nobody expected, or cannot answer, ends the app and not the patience.
func TestDriveGivesUp(t *testing.T) {
	none := errors.New("no mail")
	for name, known := range map[string]answers{
		"unexpected": {},
		"no answer":  {"pin9": func(context.Context) (string, error) { return "", none }},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			err := play(t, `echo "ask pin9"; exec sleep 60`).drive(t.Context(), known, func(string) {})
			if err == nil || time.Since(began) > 10*time.Second {
				t.Errorf("error = %v after %v", err, time.Since(began))
			}
		})
	}
}

func TestDriveTellsWhyTheAppEnded(t *testing.T) {
	err := play(t, `echo "no server" >&2; exit 3`).drive(t.Context(), answers{}, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "no server") {
		t.Errorf("error = %v", err)
	}
}

func TestTailIsBounded(t *testing.T) {
	var keep tail
	for range 100 {
		_, _ = keep.Write([]byte(strings.Repeat("x", 1000)))
	}
	_, _ = keep.Write([]byte("end"))
	if got := keep.String(); len(got) > 8<<10 || !strings.HasSuffix(got, "end") {
		t.Errorf("%d bytes are kept", len(got))
	}
}
