package rates

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
)

// Pictures counts the different pictures; 0 if they have no names.
func (s Set) Pictures() int { return len(s.people()) }

// Persons counts the persons, as far as the pairs tell: pictures that are joined
// by pairs of one person are one. It is 0 if pictures have no names.
func (s Set) Persons() int {
	of := s.people()
	return len(slices.Compact(slices.Sorted(maps.Values(of))))
}

// Apart counts the persons of whom the set shows something between people, in all its
// pairs and in those of each group: they stand in a measured pair of two persons, and
// in a pair of one person, which tells that they are a person. A picture of which
// nobody says whose it is may be anybody's: a hundred of two people are not a hundred
// persons.
func (s Set) Apart() (all int, groups map[[2]string]int) {
	of := s.people()
	told := map[string]bool{}
	for _, p := range s.Pairs {
		if p.Same && p.A != "" {
			told[of[p.A]] = true
		}
	}
	everybody, in := map[string]bool{}, map[[2]string]map[string]bool{}
	for _, p := range s.Pairs {
		if p.Same || p.A == "" || !p.Measured() {
			continue
		}
		for _, who := range []string{of[p.A], of[p.B]} {
			if !told[who] {
				continue
			}
			everybody[who] = true
			for i, name := range p.Groups {
				key := [2]string{s.Dimensions[i], name}
				if in[key] == nil {
					in[key] = map[string]bool{}
				}
				in[key][who] = true
			}
		}
	}
	groups = make(map[[2]string]int, len(in))
	for key, who := range in {
		groups[key] = len(who)
	}
	return len(everybody), groups
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

// Repeated returns a pair whose pictures were compared before, in this order or the
// other: one trial must not count as many. ok is false if there is none.
func (s Set) Repeated() (p Pair, ok bool) {
	seen := make(map[[2]string]bool, len(s.Pairs))
	for _, p := range s.Pairs {
		key := [2]string{min(p.A, p.B), max(p.A, p.B)}
		if p.A != "" && seen[key] {
			return p, true
		}
		seen[key] = true
	}
	return Pair{}, false
}

// people names for each picture its person, by one of the person's pictures.
func (s Set) people() map[string]string {
	parent := map[string]string{}
	find := func(a string) string {
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
// different halves are in neither. Who goes where follows from a hash of their
// first picture's name, and so is the same each time.
func (s Set) Halves() (choose, count Set, err error) {
	of := s.people()
	if len(of) == 0 && len(s.Pairs) > 0 {
		return Set{}, Set{}, errors.New("rates: pictures have no names, so persons cannot be parted")
	}
	persons := slices.Compact(slices.Sorted(maps.Values(of)))
	slices.SortFunc(persons, func(a, b string) int {
		x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
		return bytes.Compare(x[:], y[:])
	})
	first := map[string]bool{}
	for _, p := range persons[:len(persons)/2] {
		first[p] = true
	}
	choose = Set{Measures: s.Measures, Dimensions: s.Dimensions}
	count = choose
	for _, p := range s.Pairs {
		a, b := first[of[p.A]], first[of[p.B]]
		switch {
		case a && b:
			choose.Pairs = append(choose.Pairs, p)
		case !a && !b:
			count.Pairs = append(count.Pairs, p)
		}
	}
	return choose, count, nil
}
