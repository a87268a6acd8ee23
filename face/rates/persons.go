package rates

import (
	"crypto/sha256"
	"errors"
	"slices"
)

// Pictures counts the different pictures; 0 if they have no names.
func (s Set) Pictures() int { return len(s.people()) }

// Persons counts the persons, as far as the pairs tell: pictures that are joined
// by pairs of one person are one. It is 0 if pictures have no names.
func (s Set) Persons() int {
	of := s.people()
	var seen []string
	for _, p := range of {
		seen = append(seen, p)
	}
	slices.Sort(seen)
	return len(slices.Compact(seen))
}

// Contradiction returns a pair that is labelled as two persons although other
// pairs join its pictures to one; ok is false if there is none.
func (s Set) Contradiction() (p Pair, ok bool) {
	of := s.people()
	for _, p := range s.Pairs {
		if !p.Same && p.A != "" && of[p.A] == of[p.B] {
			return p, true
		}
	}
	return Pair{}, false
}

// people names for each picture its person, by one of the person's pictures.
func (s Set) people() map[string]string {
	parent := map[string]string{}
	var find func(string) string
	find = func(a string) string {
		for parent[a] != a {
			parent[a] = parent[parent[a]]
			a = parent[a]
		}
		return a
	}
	for _, p := range s.Pairs {
		if p.A == "" {
			continue
		}
		for _, name := range []string{p.A, p.B} {
			if parent[name] == "" {
				parent[name] = name
			}
		}
		if p.Same {
			a, b := find(p.A), find(p.B)
			parent[max(a, b)] = min(a, b)
		}
	}
	out := make(map[string]string, len(parent))
	for name := range parent {
		out[name] = find(name)
	}
	return out
}

// Halves parts a set by persons, so that limits can be chosen on one half and
// counted on the other. Nobody is in both: pairs of two persons who went to
// different halves are in neither. Who goes where is drawn by a hash of their
// first picture's name, and so is the same each time.
func (s Set) Halves() (choose, count Set, err error) {
	of := s.people()
	if len(of) == 0 && len(s.Pairs) > 0 {
		return Set{}, Set{}, errors.New("rates: pictures have no names, so persons cannot be parted")
	}
	first := func(name string) bool {
		sum := sha256.Sum256([]byte(of[name]))
		return sum[0]&1 == 0
	}
	choose = Set{Measures: s.Measures, Dimensions: s.Dimensions}
	count = choose
	for _, p := range s.Pairs {
		a, b := first(p.A), first(p.B)
		switch {
		case a && b:
			choose.Pairs = append(choose.Pairs, p)
		case !a && !b:
			count.Pairs = append(count.Pairs, p)
		}
	}
	return choose, count, nil
}
