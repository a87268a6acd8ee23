package judge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// A Job is one capture as it is handed to a worker process.
type Job struct {
	Portrait  []byte             `json:"portrait"` // as the document has it, JPEG or JPEG 2000
	Challenge liveness.Challenge `json:"challenge"`
	Capture   liveness.Capture   `json:"capture"`
	Frames    [][]byte           `json:"frames"` // JPEG, those of the capture
}

// A Task is what a worker process is handed: the comparison of single pictures, or the
// judgement of a capture.
type Task struct {
	Pictures *face.Job `json:"pictures,omitempty"`
	Capture  *Job      `json:"capture,omitempty"`
}

// A Done is what it says to that.
type Done struct {
	Pictures *face.Answer `json:"pictures,omitempty"`
	Capture  *Report      `json:"capture,omitempty"`
}

// Limits of the two messages in bytes: pictures go in base64.
const (
	maxTask = 64 << 20
	maxDone = 64 << 10
)

// Write writes a task as a line of JSON. It refuses what [ReadTask] would.
func (t Task) Write(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(t)
}

// ReadTask reads one task to the end of r. It fails if that is not one of either kind,
// within the limits of its kind.
func ReadTask(r io.Reader) (Task, error) {
	var t Task
	if err := decode(r, maxTask, &t); err != nil {
		return Task{}, err
	}
	return t, t.check()
}

func (t Task) check() error {
	switch {
	case (t.Pictures == nil) == (t.Capture == nil):
		return errors.New("judge: a task is one of two")
	case t.Pictures != nil:
		return t.Pictures.Check()
	}
	return t.Capture.check()
}

func (j Job) check() error {
	if err := j.Challenge.Check(); err != nil {
		return err
	}
	if len(j.Portrait) > face.MaxJPEG || len(j.Frames) > capture.MaxFrames || len(j.Frames) != len(j.Capture.Frames) {
		return fmt.Errorf("judge: a portrait of %d bytes, %d frames for %d", len(j.Portrait), len(j.Frames), len(j.Capture.Frames))
	}
	for _, f := range j.Frames {
		if len(f) > capture.MaxFrame {
			return fmt.Errorf("judge: a frame of %d bytes", len(f))
		}
	}
	return nil
}

// Write writes what was done as a line of JSON.
func (d Done) Write(w io.Writer) error { return json.NewEncoder(w).Encode(d) }

// ReadDone reads the answer to a task, to the end of r. It must be whole, of the kind
// that was asked for, in the words that there are, and follow from what it holds.
func ReadDone(r io.Reader, t Task) (Done, error) {
	var d Done
	if err := decode(r, maxDone, &d); err != nil {
		return Done{}, err
	}
	if (d.Pictures == nil) != (t.Pictures == nil) || (d.Capture == nil) != (t.Capture == nil) {
		return Done{}, errors.New("judge: an answer to another question")
	}
	if d.Pictures != nil {
		return d, d.Pictures.Check()
	}
	return d, d.Capture.said(*t.Capture)
}

// decode reads exactly one JSON value with known fields.
func decode(r io.Reader, limit int64, v any) error {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	if int64(len(b)) > limit {
		return fmt.Errorf("judge: a message of more than %d bytes", limit)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("judge: more than one message")
	}
	return nil
}
