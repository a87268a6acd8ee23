package steps

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
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

// While the server asks the chip, the line may break a few times in a row; the chip is
// read anew after 0.25, 0.5, 1, 2 and 4 s, as other requests are sent again. A server
// that is busy has its seats free again after 20 s at most: 1, 2, 4, 8 and 16 s.
const (
	maxCuts   = 6
	cutPause  = 250 * time.Millisecond
	busyPause = time.Second
)

// read reads the document's chip, which answers the server's challenge. If the line
// breaks while the server asks the chip for its own proof, or if the server has no time
// for that now, the chip is read anew: it has let go of the session that it had, and
// nothing has been counted.
func (s *Steps) read(ctx context.Context, st wire.Status) (got wire.Chip, err error) {
	zone, err := s.codeLine(ctx)
	if err != nil {
		return wire.Chip{}, err
	}
	defer func() {
		if !slices.Contains(lostChip, tunnus.CodeOf(err)) {
			s.zone = mrz.Zone{} // another document may come next
		}
	}()
	for cuts := 1; ; cuts++ {
		got, err := s.readOnce(ctx, st, zone)
		pause, why := cutPause, "The line to the server broke."
		switch {
		case cuts == maxCuts:
			return got, err
		case errors.Is(err, relay.ErrBroken):
		case tunnus.CodeOf(err) == tunnus.CodeRateLimited:
			pause, why = busyPause, "The server is busy."
		default:
			return got, err
		}
		s.Screen.Tell(why + " Please hold the document to the phone once more.")
		select {
		case <-ctx.Done():
			return wire.Chip{}, ctx.Err()
		case <-time.After(pause << (cuts - 1)):
		}
	}
}

// lostChip are failures after which the same document is held to the phone again.
var lostChip = []tunnus.Code{tunnus.CodeNFCNoChip, tunnus.CodeNFCLost, tunnus.CodeNFCTimeout}

// codeLine is what is printed at the foot of the page, looked at once for as long as
// its chip is only lost: where there is no camera, somebody types it.
func (s *Steps) codeLine(ctx context.Context) (mrz.Zone, error) {
	if s.zone.Kind != "" {
		return s.zone, nil
	}
	lines, err := s.Body.CodeLine(ctx)
	if err == nil {
		s.zone, err = mrz.Parse(lines)
	}
	return s.zone, err
}

func (s *Steps) readOnce(ctx context.Context, st wire.Status, zone mrz.Zone) (wire.Chip, error) {
	card, err := s.Body.Chip(ctx)
	if err != nil {
		return wire.Chip{}, err
	}
	server := &relay.Reader{Dial: s.Relay}
	defer server.Close()
	reading, err := chip.Request{
		AccessKey: zone.AccessKey(), Challenge: st.Challenge, Before: s.begun, Prover: server,
		Progress: func(done, total int) { s.Screen.Progress(st.Next, done, total+1) }, // the server's judgement is the rest
	}.Read(ctx, card)
	if err != nil {
		s.begun = reading // taken up when the document is held to the phone again
		return wire.Chip{}, err
	}
	s.begun = chip.Reading{}
	groups := map[string][]byte{}
	for n, content := range reading.Groups {
		groups[strconv.Itoa(n)] = content
	}
	return wire.Chip{
		SOD: reading.SOD, COM: reading.COM, Groups: groups, ActiveAuth: reading.ActiveAuth,
		Access: string(reading.Access.Protocol), CardAccess: reading.Access.CardAccess, Printed: s.seen(zone),
	}, nil
}

// seen is the code line if a camera saw it.
func (s *Steps) seen(zone mrz.Zone) string {
	if t, ok := s.Body.(Typist); ok && t.Typed() {
		return ""
	}
	return zone.String()
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

func (s *Steps) face(ctx context.Context, st wire.Status) (wire.Status, error) {
	if s.Body == nil {
		return wire.Status{}, errors.New("steps: this phone has no camera")
	}
	if st.Filmed {
		return s.film(ctx)
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
