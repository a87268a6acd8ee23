package main

import (
	"log"
	"math"

	"github.com/tunnus-id/tunnus/face/virtual"
)

// A pair is two players of the cast and how far apart they lie.
type pair struct {
	a, b  **player
	apart float64
}

// pairs are all players against all others, and against all near-twins. The
// near-twins do not meet each other.
func pairs(roles []*role) []pair {
	var out []pair
	for i, r := range roles {
		for j, q := range roles {
			if i < j {
				out = append(out, pair{&r.self, &q.self, apart(r.self, q.self, false)})
			}
			if q.twin != nil {
				out = append(out, pair{&r.self, &q.twin, apart(r.self, q.twin, true)})
			}
		}
	}
	return out
}

// closest is the closest pair of whom one may be changed.
func closest(roles []*role) pair {
	all := pairs(roles)
	least := pair{apart: math.Inf(1)}
	for _, p := range all {
		if p.apart < least.apart && (!kept(roles, p.a) || !kept(roles, p.b)) {
			least = p
		}
	}
	return least
}

// kept tells whether a player is to stay as they are.
func kept(roles []*role, p **player) bool {
	for _, r := range roles {
		if p == &r.self || p == &r.twin {
			return r.kept
		}
	}
	return false
}

// climb bends the bones of one of the closest pair, again and again, and keeps
// what parts them. What helped is done once more. A near-twin keeps the looks.
func (d *director) climb(roles []*role, steps int, target float64) {
	var who **player
	var by virtual.Bones
	for i := range steps {
		near := closest(roles)
		if near.apart >= target {
			log.Printf("target reached after %d steps", i)
			return
		}
		if who != near.a && who != near.b {
			who, by = near.a, d.bend()
			if kept(roles, near.a) || d.rand.IntN(2) == 0 && !kept(roles, near.b) {
				who = near.b
			}
		}
		old, was := *who, room(roles, *who)
		p := old.person
		for k, f := range p.Bones.Sliders() {
			*f = max(-reach, min(reach, *f+*by.Sliders()[k]))
		}
		next, ok := d.play(p)
		if ok && next.own <= auditionMax {
			*who = next
			if room(roles, next) > was {
				log.Printf("step %d: apart %.3f, was %.3f", i, closest(roles).apart, near.apart)
				continue
			}
		}
		*who, who = old, nil
	}
}

// bend makes a small change of a third of the sliders.
func (d *director) bend() virtual.Bones {
	var b virtual.Bones
	for _, f := range b.Sliders() {
		if d.rand.IntN(3) == 0 {
			*f = 0.6 * d.rand.NormFloat64()
		}
	}
	return b
}

// report prints the figures of the gate.
func report(roles []*role) {
	own := 0.0
	for i, r := range roles {
		own = max(own, r.self.own, r.twin.own)
		log.Printf("%-5s seed %d own %.2f room %.2f, twin own %.2f room %.2f",
			names[i].name, r.self.person.Seed, r.self.own, room(roles, r.self), r.twin.own, room(roles, r.twin))
	}
	log.Printf("own at most %.2f (gate %.2f), apart at least %.2f (gate 1)", own, sameMax, closest(roles).apart)
}
