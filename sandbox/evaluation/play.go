package evaluation

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"time"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/liveness/film"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/virtual/clip"
	second "github.com/tunnus-id/tunnus/face/virtual/relit"
)

// A Take is one capture with its challenge, as the server has it.
type Take struct {
	Challenge liveness.Challenge
	Capture   liveness.Capture
	Files     [][]byte
}

// play makes one film and judges it. There is no answer if a photograph cannot
// be filmed.
func (p Plan) play(e *face.BuiltIn, all []clip.Species, t task) (liveness.Verdict, error) {
	sitter, err := p.sitter(e, t)
	if sitter == nil {
		return liveness.Verdict{}, err
	}
	take := p.Film(sitter, all, t.species, t.seed)
	seen, err := film.Observe(take.Files, image.Pt(take.Capture.Width, take.Capture.Height), e.Track())
	if err != nil {
		return liveness.Verdict{}, err
	}
	return liveness.Judge(take.Challenge, take.Capture, seen, p.Rules, func(i int) ([]float32, error) {
		return embed(e, take.Files[i])
	}), nil
}

func (p Plan) sitter(e *face.BuiltIn, t task) (*clip.Sitter, error) {
	if t.species != relit {
		return clip.Sit(virtual.NewModel(Somebody(t.seed, Tones()[t.tone]))), nil
	}
	photo := p.Photographs[t.tone]
	mesh, sure, err := e.Track().Follow(photo)
	if err != nil || !sure {
		return nil, err
	}
	r, err := second.New(photo, &mesh)
	if err != nil {
		return nil, nil // no upright face: left out
	}
	return clip.SitFor(r), nil
}

func embed(e face.Engine, file []byte) ([]float32, error) {
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	v, err := face.Embed(e, img)
	if err != nil {
		return nil, err
	}
	return v[0], nil
}

// Film draws a challenge and has it answered: by the person if species is below
// 0, else by that one of all.
func (p Plan) Film(s *clip.Sitter, all []clip.Species, species int, seed uint64) Take {
	r := rand.New(rand.NewPCG(seed, 0x66696c6d))
	challenge, err := liveness.Draw(dice{r}, p.Way)
	if err != nil {
		panic("evaluation: " + err.Error()) // dice do not fail, and what is drawn is checked by its own tests
	}
	scene := clip.Draw(r.Uint64(), p.Low, p.High)
	scene.FPS = 12 + 12*r.Float64() // slow cameras are the harder half
	a := &answer{rand: r, challenge: challenge, stage: clip.New(s, scene), scene: scene}
	script := a.script()
	filmed := clip.New(s, scene).Film
	if species >= 0 {
		filmed = func(script clip.Script) []clip.Frame { return all[species].Film(s, scene, script) }
	}
	return a.take(script, filmed(script))
}

// dice are a source of random bytes that can be had again.
type dice struct{ r *rand.Rand }

func (d dice) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(d.r.Uint32())
	}
	return len(p), nil
}

// An answer is how a person and an app go about a challenge.
type answer struct {
	rand      *rand.Rand
	challenge liveness.Challenge
	stage     *clip.Stage
	scene     clip.Scene
	shown     []liveness.Shown
}

func (a *answer) ms(from, to float64) time.Duration {
	return time.Duration((from + (to-from)*a.rand.Float64()) * float64(time.Millisecond)).Round(time.Microsecond)
}

// meshed is how much wider a face is by its mesh, ear to ear, than from cheek to cheek.
const meshed = 1.15

// at puts the face into an oval, as well as people do.
func (a *answer) at(o liveness.Oval, when time.Duration) clip.Move {
	near := func(by float64) float64 { return by * (2*a.rand.Float64() - 1) }
	w, h := a.scene.Device.Size()
	return clip.Move{
		At: when, Distance: a.stage.DistanceFor(o.Width / meshed * (1 + near(0.03))), Yaw: near(2), Pitch: near(2), Roll: near(2),
		X: o.X - 0.5 + near(0.015), Y: (o.Y-0.5)*float64(h)/float64(w) + near(0.015),
	}
}

// script is what the screen shows and how a living person moves to it.
func (a *answer) script() clip.Script {
	c := a.challenge
	s := clip.Script{Fade: c.Fade, Shown: []clip.Shown{{Colour: colour(liveness.Neutral())}}}
	far := a.at(c.Far, a.ms(400, 600))
	first := far
	first.At = 0
	s.Moves = []clip.Move{first, far}
	if c.Way == liveness.Calm {
		a.turns(&s, far)
		return s
	}
	near := a.at(c.Near, far.At+a.ms(700, 1100))
	s.Moves = append(s.Moves, near)
	at := near.At + a.ms(350, 450)
	for i, step := range c.Steps {
		s.Shown = append(s.Shown, clip.Shown{At: at, Colour: colour(step.Colour)})
		a.shown = append(a.shown, liveness.Shown{Step: i, At: at})
		at += c.Hold + a.ms(0, 20)
	}
	s.Shown = append(s.Shown, clip.Shown{At: at, Colour: colour(liveness.Neutral())})
	s.Length = at + a.ms(150, 250)
	return s
}

func colour(c liveness.Colour) [3]uint8 { return [3]uint8{c.R, c.G, c.B} }

// turns does the moves of the calm way, after the time that people need to see
// what is asked.
func (a *answer) turns(s *clip.Script, rest clip.Move) {
	at := rest.At + a.ms(300, 500)
	hold := func(until time.Duration) {
		rest.At = until
		s.Moves = append(s.Moves, rest)
	}
	for i, step := range a.challenge.Steps {
		if i > 0 {
			at += a.challenge.Hold + step.Pause + a.ms(0, 30)
		}
		a.shown = append(a.shown, liveness.Shown{Step: i, At: at})
		begin := at + a.ms(250, 450)
		hold(begin)
		if step.Move == liveness.Near {
			rest = a.at(a.challenge.Near, begin+a.ms(700, 1000))
			s.Moves = append(s.Moves, rest)
			continue
		}
		turned := rest
		turned.At = begin + a.ms(450, 650)
		turned.Yaw += (20 + 8*a.rand.Float64()) * map[liveness.Move]float64{liveness.Left: -1, liveness.Right: 1}[step.Move]
		s.Moves = append(s.Moves, turned)
		turned.At += a.ms(100, 250)
		s.Moves = append(s.Moves, turned)
		hold(turned.At + a.ms(400, 600))
	}
	s.Length = at + a.challenge.Hold + a.ms(150, 250)
}

// take puts a film on its way to the server, which reveals each step when a
// frame proves that the last one was shown.
func (a *answer) take(s clip.Script, filmed []clip.Frame) Take {
	const clock = 1000 * time.Second // between the two clocks; nobody knows it
	way := a.ms(15, 70)
	w, h := a.scene.Device.Size()
	t := Take{Challenge: a.challenge, Capture: liveness.Capture{Width: w, Height: h, Shown: a.shown}}
	var last time.Duration
	for i, f := range filmed {
		last = max(last, clock+f.Ready+way+a.ms(0, 25))
		t.Capture.Frames = append(t.Capture.Frames, liveness.Frame{Number: i, At: f.At, Arrived: last})
		t.Files = append(t.Files, f.JPEG)
	}
	for i, shown := range a.shown {
		revealed := clock + shown.At - way
		if i > 0 && a.challenge.Way == liveness.Light {
			revealed = min(revealed, t.proof(a.shown[i-1].At))
		}
		t.Capture.Revealed = append(t.Capture.Revealed, revealed)
	}
	return t
}

// proof is when the first frame came that was taken after a step was shown.
func (t *Take) proof(shown time.Duration) time.Duration {
	for _, f := range t.Capture.Frames {
		if f.At >= shown {
			return f.Arrived
		}
	}
	return 1<<63 - 1
}
