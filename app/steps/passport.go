package steps

import (
	"context"
	"errors"
	"strconv"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/mrz"
)

func (s *Steps) terms(ctx context.Context, st wire.Status) (wire.Status, error) {
	s.Screen.Tell("Terms of use, version " + st.Terms + ". The reference number of this registration is " + st.Reference + ".")
	return s.agree(ctx, wire.StepTerms, "Do you accept the terms?", st.Terms)
}

func (s *Steps) consent(ctx context.Context, st wire.Status) (wire.Status, error) {
	s.Screen.Tell("Your face will be compared with the photo in the chip. Images are deleted once it is decided. Version " + st.Consent + ".")
	return s.agree(ctx, wire.StepConsent, "Do you agree to this use of your face?", st.Consent)
}

// agree asks, and tells the server. That terms were not accepted is nothing to it.
func (s *Steps) agree(ctx context.Context, step, question, version string) (wire.Status, error) {
	got, err := s.Screen.Choose(ctx, step, question, []string{"yes", "no"})
	if err == nil && step == wire.StepTerms && got != "yes" {
		err = errors.New("steps: without the terms there is no account")
	}
	if err != nil {
		return wire.Status{}, err
	}
	return s.Post(ctx, step, wire.Agree{Version: version, Accepted: got == "yes"})
}

func (s *Steps) fillIn(ctx context.Context, _ wire.Status) (wire.Status, error) {
	s.Screen.Tell("Please write everything just as it is printed on the passport.")
	var f wire.Form
	for _, q := range []struct {
		key, text string
		to        *string
	}{
		{"country", "Country that issued your personal code (two letters)", &f.Country},
		{"surname", "Surname", &f.Surname},
		{"given-names", "Given names", &f.GivenNames},
		{"person-code", "Personal code", &f.PersonCode},
		{"document", "Passport number", &f.Document},
	} {
		got, err := s.Screen.Ask(ctx, q.key, q.text)
		if err != nil {
			return wire.Status{}, err
		}
		*q.to = got
	}
	s.Form, s.contact, s.pick, s.heard = f, "", "", false
	return s.Post(ctx, wire.StepForm, f)
}

// chip reads the document. The server's challenge is answered by the chip itself.
func (s *Steps) chip(ctx context.Context, st wire.Status) (wire.Status, error) {
	if s.Body == nil {
		return wire.Status{}, errors.New("steps: this phone has no chip reader")
	}
	read, err := s.read(ctx, st)
	if err != nil {
		return wire.Status{}, err
	}
	return s.Post(ctx, wire.StepChip, read)
}

// read reads the document's chip, which answers the server's challenge.
func (s *Steps) read(ctx context.Context, st wire.Status) (wire.Chip, error) {
	lines, err := s.Body.CodeLine(ctx)
	if err != nil {
		return wire.Chip{}, err
	}
	zone, err := mrz.Parse(lines)
	if err != nil {
		return wire.Chip{}, err
	}
	card, err := s.Body.Chip(ctx)
	if err != nil {
		return wire.Chip{}, err
	}
	reading, err := chip.Read(ctx, card, zone.AccessKey(), st.Challenge, func(done, total int) {
		s.Screen.Progress(st.Next, done, total+1) // the server's judgement is the rest
	})
	if err != nil {
		return wire.Chip{}, err
	}
	groups := map[string][]byte{}
	for n, content := range reading.Groups {
		groups[strconv.Itoa(n)] = content
	}
	return wire.Chip{SOD: reading.SOD, Groups: groups, ActiveAuth: reading.ActiveAuth}, nil
}

// pictures takes new pictures of document and holder, where people have not looked
// at the first ones within a day.
func (s *Steps) pictures(ctx context.Context, st wire.Status) (wire.Status, error) {
	if s.Body == nil {
		return wire.Status{}, errors.New("steps: this phone has no chip reader and no camera")
	}
	s.Screen.Tell("Nobody could look at your registration within a day, so the pictures were deleted. Please read the document and take a picture once more.")
	read, err := s.read(ctx, st)
	if err != nil {
		return wire.Status{}, err
	}
	frames, err := s.frames(ctx)
	if err != nil {
		return wire.Status{}, err
	}
	s.shown = "" // that somebody looks now is news
	return s.Post(ctx, wire.StepPictures, wire.Pictures{Chip: read, Face: wire.Face{Frames: frames}})
}

func (s *Steps) register(ctx context.Context, _ wire.Status) (wire.Status, error) {
	s.Screen.Tell("Asking the population register …")
	return s.Post(ctx, wire.StepRegister, wire.None{})
}

// liveFrames is how many pictures the camera takes for one comparison.
const liveFrames = 3

func (s *Steps) face(ctx context.Context, _ wire.Status) (wire.Status, error) {
	if s.Body == nil {
		return wire.Status{}, errors.New("steps: this phone has no camera")
	}
	frames, err := s.frames(ctx)
	if err != nil {
		return wire.Status{}, err
	}
	s.Screen.Tell("Comparing your face with the photo in the chip …")
	return s.Post(ctx, wire.StepFace, wire.Face{Frames: frames})
}

// frames takes live pictures of the holder.
func (s *Steps) frames(ctx context.Context) ([][]byte, error) {
	if _, err := s.Screen.Choose(ctx, "face", "Hold the phone in front of your face, in good light.", []string{"ready"}); err != nil {
		return nil, err
	}
	return s.Body.Frames(ctx, liveFrames)
}
