package face

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/portrait"
	"github.com/tunnus-id/tunnus/face/quality"
)

// A Job is one comparison as it is handed to a worker process.
type Job struct {
	Portrait []byte   `json:"portrait"` // as the document has it, JPEG or JPEG 2000
	Frames   [][]byte `json:"frames"`   // JPEG
}

// An Answer is what the worker process says: a result, or a code with what
// stands behind it. The cause is for the log and holds measures only.
type Answer struct {
	Result *Result      `json:"result,omitempty"`
	Code   tunnus.Code  `json:"code,omitempty"`
	Field  string       `json:"field,omitempty"`
	Hint   quality.Hint `json:"hint,omitempty"`
	Cause  string       `json:"cause,omitempty"`
}

// Limits of the two messages in bytes: a job holds a portrait and ten frames in base64.
const (
	maxJob    = (MaxFrames + 1) * (MaxJPEG/3*4 + 64)
	maxAnswer = 16 << 10
)

// WriteJob writes one job as a line of JSON. It refuses what [ReadJob] would.
func WriteJob(w io.Writer, j Job) error {
	if err := j.Check(); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(j)
}

// ReadJob reads one job to the end of r. It fails if that is not one job of at
// most ten frames and 4 MB a picture.
func ReadJob(r io.Reader) (Job, error) {
	var j Job
	if err := decode(r, maxJob, &j); err != nil {
		return Job{}, err
	}
	return j, j.Check()
}

// Check refuses a job of more than ten frames or of a picture of more than 4 MB.
func (j Job) Check() error {
	if len(j.Frames) > MaxFrames {
		return tunnus.BadRequest("frames", fmt.Errorf("face: %d frames; %d are taken", len(j.Frames), MaxFrames))
	}
	for _, file := range append([][]byte{j.Portrait}, j.Frames...) {
		if len(file) > MaxJPEG {
			return tunnus.BadRequest("frames", fmt.Errorf("face: a picture of %d bytes is too large", len(file)))
		}
	}
	return nil
}

// WriteAnswer writes one answer as a line of JSON.
func WriteAnswer(w io.Writer, a Answer) error { return json.NewEncoder(w).Encode(a) }

// ReadAnswer reads one answer to the end of r. A worker may have been taken over
// by a picture: an answer that is not whole, or says both yes and no, is refused.
func ReadAnswer(r io.Reader) (Answer, error) {
	var a Answer
	if err := decode(r, maxAnswer, &a); err != nil {
		return Answer{}, err
	}
	return a, a.Check()
}

// Check refuses an answer that says both yes and no, or whose verdict does not follow
// from its distances.
func (a Answer) Check() error {
	if (a.Result == nil) == (a.Code == "") {
		return errors.New("face: an answer has either a result or a code")
	}
	if r := a.Result; r != nil && r.Verdict != r.verdict() {
		return fmt.Errorf("face: verdict %q does not follow from the distances", r.Verdict)
	}
	return nil
}

// decode reads exactly one JSON value with known fields.
func decode(r io.Reader, limit int64, v any) error {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return fmt.Errorf("face: %w", err)
	}
	if int64(len(b)) > limit {
		return fmt.Errorf("face: a message of more than %d bytes", limit)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("face: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("face: more than one message")
	}
	return nil
}

// Do decodes the pictures and compares them. A portrait that cannot be decoded
// is one in which no face can be made out; see [Compare].
func Do(e Engine, j Job) Answer {
	reference, err := portrait.Decode(j.Portrait)
	if err != nil {
		reference = nil
	}
	frames := make([]image.Image, len(j.Frames))
	for i, file := range j.Frames {
		if frames[i], err = Decode(file); err != nil {
			return answer(tunnus.BadRequest("frames", err))
		}
	}
	result, err := Compare(e, reference, frames)
	if err != nil {
		return answer(err)
	}
	return Answer{Result: &result}
}

func answer(err error) Answer {
	a := Answer{Code: tunnus.CodeOf(err), Cause: err.Error()}
	if e, ok := errors.AsType[*tunnus.Error](err); ok {
		a.Field, a.Hint = e.Field, quality.Noted(e.Note.Key)
	}
	return a
}

// refusals are the codes that a worker may answer with; any other is a fault.
var refusals = map[tunnus.Code]bool{
	tunnus.CodeBadRequest: true, tunnus.CodeFacePosition: true,
	tunnus.CodeFaceMany: true, tunnus.CodeFaceQuality: true,
}

// Outcome turns an answer back into what [Compare] returned.
func (a Answer) Outcome() (Result, error) {
	if a.Result != nil {
		return *a.Result, nil
	}
	said, cause := a.Code, errors.New(a.Cause)
	if !refusals[said] {
		return Result{}, fmt.Errorf("face: worker: %s: %w", said, cause)
	}
	e := tunnus.Fail(said, cause).WithField(a.Field)
	if slices.Contains(quality.Hints(), a.Hint) { // whatever else it says is not told
		return Result{}, hinted(e, a.Hint)
	}
	return Result{}, e
}
