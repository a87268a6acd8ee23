package evaluation

import (
	"context"
	"image"
	"math/rand/v2"
	"sync"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/virtual/clip"
)

// A Plan is what is to be counted.
type Plan struct {
	Way liveness.Way
	// Live is how many films of living people are made for each skin tone,
	// Attacks how many of each species.
	Live, Attacks int
	// Low and High bound the ambient light, lux.
	Low, High float64
	Seed      uint64
	Rules     liveness.Rules
	// Photographs are lit by package relit, the second renderer, in turn: twice
	// as many films as of a skin tone. Those without an upright face are left out.
	Photographs []image.Image
}

// Tones are the skins that living people are counted by, as virtual.Looks.Skin.
func Tones() []float64 { return []float64{0.02, 0.2, 0.4, 0.6, 0.8, 0.98} }

// A Tone is how people of one skin tone fared, 1 being the palest.
type Tone struct {
	Tone     int `json:"tone"`
	Accepted int `json:"accepted"`
	Retried  int `json:"retried"` // told to try again
	Of       int `json:"of"`
}

// A Row is how one species fared.
type Row struct {
	Name     string `json:"name"`
	Accepted int    `json:"accepted"`
	Retried  int    `json:"retried"`
	Of       int    `json:"of"`
}

// A Report is what came out. Why counts the rules that living people fell foul of.
type Report struct {
	Way     liveness.Way `json:"way"`
	Rules   string       `json:"rules"`
	Engine  string       `json:"engine"`
	Seed    uint64       `json:"seed"`
	Lux     [2]float64   `json:"lux"`
	Live    []Tone       `json:"live"`
	Species []Row        `json:"species"`
	// Relit is how living people fared in the second renderer.
	Relit Row            `json:"relit"`
	Why   map[string]int `json:"why,omitempty"`
}

// A task is one film to be made and judged.
type task struct {
	tone    int // index; of attacks drawn
	species int // index, or one of those below
	seed    uint64
}

// What is no species.
const (
	living = -1
	relit  = -2 // tone is the index of the photograph
)

// Run makes and judges all films, one after the other on each engine. It tells
// told of every film that is done, and fails with the first fault of an engine,
// or when ctx ends.
func Run(ctx context.Context, engines []*face.BuiltIn, p Plan, told func(done, of int)) (Report, error) {
	all, tasks := clip.AllSpecies(), p.tasks()
	r := Report{Way: p.Way, Rules: p.Rules.Version, Engine: engines[0].Meta().Version(), Seed: p.Seed, Lux: [2]float64{p.Low, p.High}, Why: map[string]int{}, Relit: Row{Name: "live, second renderer"}}
	for i := range Tones() {
		r.Live = append(r.Live, Tone{Tone: i + 1})
	}
	for _, s := range all {
		r.Species = append(r.Species, Row{Name: s.Name})
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex
	var wait sync.WaitGroup
	next, done := 0, 0
	for _, e := range engines {
		wait.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(tasks) || ctx.Err() != nil {
					return
				}
				v, err := p.play(e, all, tasks[i])
				if err != nil {
					stop(err)
					return
				}
				mu.Lock()
				if v.Answer != "" {
					r.count(tasks[i], v)
				}
				done++
				told(done, len(tasks))
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return r, context.Cause(ctx)
}

// tasks are in turn of everything, so that a run that is cut short has some of all.
func (p Plan) tasks() []task {
	var out []task
	r := rand.New(rand.NewPCG(p.Seed, 0x6576616c))
	for i := range max(p.Live, p.Attacks) {
		for t := range Tones() {
			if i < p.Live {
				out = append(out, task{t, living, r.Uint64()})
			}
		}
		for k := range 2 {
			if n := len(p.Photographs); i < p.Live && n > 0 {
				out = append(out, task{(2*i + k) % n, relit, r.Uint64()})
			}
		}
		for s := range clip.AllSpecies() {
			if i < p.Attacks {
				out = append(out, task{r.IntN(len(Tones())), s, r.Uint64()})
			}
		}
	}
	return out
}

func (r *Report) count(t task, v liveness.Verdict) {
	accepted, retried := 0, 0
	switch v.Answer {
	case liveness.Live:
		accepted = 1
	case liveness.Retry:
		retried = 1
	}
	if t.species == relit {
		r.Relit.Accepted, r.Relit.Retried, r.Relit.Of = r.Relit.Accepted+accepted, r.Relit.Retried+retried, r.Relit.Of+1
		return
	}
	if t.species == living {
		row := &r.Live[t.tone]
		row.Accepted, row.Retried, row.Of = row.Accepted+accepted, row.Retried+retried, row.Of+1
		for _, why := range v.Evidence.Reasons {
			r.Why[why]++
		}
		return
	}
	row := &r.Species[t.species]
	row.Accepted, row.Retried, row.Of = row.Accepted+accepted, row.Retried+retried, row.Of+1
}

// Somebody makes up a person of a skin tone.
func Somebody(seed uint64, skin float64) virtual.Person {
	p := virtual.Invent(seed, 1)
	p.Looks.Skin = skin
	return p
}
