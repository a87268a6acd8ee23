package face_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/need"
)

// maxResident is what a process with the engine may have in RAM at its widest
// moment, in MB: one whole comparison and a film, pictures decoded.
const maxResident = 120

// The engine fits into its memory, measured in a process that does nothing else.
func TestResidentMemory(t *testing.T) {
	const child = "TUNNUS_FACE_CHILD"
	models := need.Models(t)
	if os.Getenv(child) != "" {
		if err := compareOnce(models); err != nil {
			t.Fatal(err)
		}
		return
	}
	var job bytes.Buffer
	if err := face.WriteJob(&job, person(t, "gus").files); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestResidentMemory$")
	cmd.Stdin, cmd.Env = &job, append(os.Environ(), child+"=yes")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var kb int
	_, rest, _ := strings.Cut(string(out), "VmHWM:")
	if _, err := fmt.Sscan(rest, &kb); err != nil || kb < 10<<10 || kb > maxResident<<10 {
		t.Errorf("%d MB in RAM, %v; want at most %d", kb>>10, err, maxResident)
	}
	t.Logf("%d MB", kb>>10)
}

// compareOnce opens the engine as a worker does, compares, follows the frames as
// a film, and prints what the system says of this process.
func compareOnce(models fs.FS) error {
	e, err := face.Open(models)
	if err != nil {
		return err
	}
	job, err := face.ReadJob(os.Stdin)
	if err != nil {
		return err
	}
	if a := face.Do(e, job); a.Result == nil {
		return fmt.Errorf("%s: %s", a.Code, a.Cause)
	}
	tr := e.Track()
	for _, file := range job.Frames {
		img, err := face.Decode(file)
		if err != nil {
			return err
		}
		if _, sure, err := tr.Follow(img); err != nil || !sure {
			return fmt.Errorf("not followed: %w", err)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	fmt.Printf("%s", status)
	return err
}
