package main

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"log"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/virtual"
)

// The gate that every cast must pass, in 128-d distances, and the engine's own
// limits of "review": beyond either its verdict is "no match".
const (
	sameMax      = 0.40
	auditionMax  = 0.35
	apartMin     = 0.50
	noMatchD128  = 0.58
	noMatchFused = 2.00
)

// A player is a person as the engine sees them: first the portrait, then live frames.
type player struct {
	person virtual.Person
	views  []face.Embedding
	own    float64 // greatest distance between portrait and a live frame
}

// A role is a member of the cast with the near-twin.
type role struct {
	self, twin *player
	kept       bool // as they are
}

type director struct {
	engine face.Engine
	rand   *rand.Rand
	frames int
}

// play renders and embeds a person; ok is false if a picture does not show exactly one face.
func (d *director) play(p virtual.Person) (*player, bool) {
	m := virtual.NewModel(p)
	pictures := append([][]byte{m.Portrait()}, m.Frames(d.frames, p.Seed+1)...)
	out := &player{person: p}
	for i, picture := range pictures {
		img, err := jpeg.Decode(bytes.NewReader(picture))
		if err != nil {
			return nil, false
		}
		e, err := face.Embed(d.engine, img)
		if err != nil {
			return nil, false
		}
		out.views = append(out.views, e)
		if i > 0 {
			d128, fused := face.Default().Distance(out.views[0], e)
			out.own = max(out.own, d128, fused*auditionMax/1.4)
		}
	}
	return out, true
}

func (d *director) audition(seed uint64, n int, spread float64, skip map[string]bool) []*player {
	var pool []*player
	for i := range n {
		p := virtual.Invent(seed+uint64(i), spread)
		if skip[strconv.FormatUint(p.Seed, 10)] {
			continue
		}
		if got, ok := d.play(p); ok && got.own <= auditionMax {
			pool = append(pool, got)
		}
		if i%50 == 49 {
			log.Printf("%d seen, %d pass", i+1, len(pool))
		}
	}
	return pool
}

// apart says how well the engine keeps two players apart, whichever of their
// pictures it compares with the other's portrait: 1 is the gate, more is better.
// Of two members of the cast it is asked that the verdict be "no match"; a
// near-twin may be doubtful to the engine, so long as it is far from a match.
func apart(a, b *player, near bool) float64 {
	least := math.Inf(1)
	compare := func(x, y face.Embedding) {
		d128, fused := face.Default().Distance(x, y)
		least = min(least, d128/apartMin)
		if !near {
			least = min(least, max(d128/noMatchD128, fused/noMatchFused))
		}
	}
	for _, v := range b.views {
		compare(a.views[0], v)
	}
	for _, v := range a.views[1:] {
		compare(b.views[0], v)
	}
	return least
}

// choose fills the roles that are not kept by farthest points, from the best of
// all beginnings.
func choose(kept []*role, pool []*player) ([]*role, error) {
	far := make([][]float64, len(pool))
	room := make([]float64, len(pool)) // to those who are kept, and to their near-twins
	for i, p := range pool {
		far[i], room[i] = make([]float64, len(pool)), math.Inf(1)
		for j := range i {
			far[i][j] = apart(p, pool[j], false)
			far[j][i] = far[i][j]
		}
		for _, r := range kept {
			room[i] = min(room[i], apart(p, r.self, false), apart(p, r.twin, true))
		}
	}
	best, bestLeast := []int(nil), 0.0
	for first := range pool {
		if picked, least := farthest(len(kept), pool, far, room, first); least > bestLeast {
			best, bestLeast = picked, least
		}
	}
	if best == nil {
		return nil, errors.New("cast: the pool is too small")
	}
	roles := make([]*role, len(names))
	copy(roles, kept)
	for _, i := range best {
		for k := range names {
			if roles[k] == nil && names[k].sex == pool[i].person.Sex {
				roles[k] = &role{self: pool[i]}
				break
			}
		}
	}
	return roles, nil
}

// farthest picks, beginning with first, always who lies farthest from all
// picked and from those who are kept.
func farthest(kept int, pool []*player, far [][]float64, room []float64, first int) (picked []int, least float64) {
	open := map[string]int{}
	for _, n := range names[kept:] {
		open[n.sex]++
	}
	if open[pool[first].person.Sex] == 0 {
		return nil, 0
	}
	least = room[first]
	for next := first; next >= 0 && kept+len(picked) < len(names); {
		picked = append(picked, next)
		open[pool[next].person.Sex]--
		next = -1
		widest := 0.0
		for i, p := range pool {
			near := room[i]
			for _, j := range picked {
				if i == j {
					near = 0
				}
				near = min(near, far[i][j])
			}
			if open[p.person.Sex] > 0 && near > widest {
				next, widest = i, near
			}
		}
		if next >= 0 && kept+len(picked) < len(names) {
			least = min(least, widest)
		}
	}
	if kept+len(picked) < len(names) {
		return nil, 0
	}
	return picked, least
}

// recall takes the roles from an earlier cast, near-twins included.
func (d *director) recall(people []virtual.Person, want int) ([]*role, error) {
	if len(people) != want {
		return nil, fmt.Errorf("cast: %d persons; want %d", len(people), want)
	}
	roles := make([]*role, len(people))
	for i, p := range people {
		self, ok := d.play(p)
		if !ok {
			return nil, fmt.Errorf("cast: the engine loses %s", p.Name)
		}
		roles[i] = &role{self: self}
		if p.Other != nil {
			roles[i].twin, _ = d.play(p.Twin())
		}
	}
	return roles, nil
}

// seekTwins gives each player a near-twin, who starts as the opposite: what is
// broad becomes narrow. Of several tries the one counts that lies farthest from
// the player and from the rest of the cast.
func (d *director) seekTwins(roles []*role, tries int) error {
	for i, r := range roles {
		if r.kept {
			continue
		}
		best := 0.0
		if r.twin != nil {
			best = room(roles, r.twin)
		}
		for try := range tries {
			p := r.self.person
			opposite := p.Bones
			for _, f := range opposite.Sliders() {
				*f = -*f
				if try > 0 {
					*f = max(-reach, min(reach, *f+0.8*d.rand.NormFloat64()))
				}
			}
			p.Other = &opposite
			twin, ok := d.play(p.Twin())
			if !ok || twin.own > auditionMax {
				continue
			}
			old := r.twin
			r.twin = twin
			if got := room(roles, twin); got > best {
				best = got
			} else {
				r.twin = old
			}
		}
		if r.twin == nil {
			return errors.New("cast: no twin is found")
		}
		log.Printf("twin of %s: apart %.2f", names[i].name, best)
	}
	return nil
}

// reach is how far a slider may be pushed, in standard deviations.
const reach = 2.8

// room is how far a player lies from those who must be told from them.
func room(roles []*role, p *player) float64 {
	least := math.Inf(1)
	for _, q := range pairs(roles) {
		if *q.a == p || *q.b == p {
			least = min(least, q.apart)
		}
	}
	return least
}
