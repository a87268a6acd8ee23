// Command cast chooses the standing persons of package face/virtual and writes
// their cast.json. It is run by hand when the renderer or the default engine
// changes; it takes about ten minutes on one core.
//
//	nice go run ./cast -models DIR[,DIR] -out ../face/virtual/cast.json
//
// With -keep it leaves the members of an earlier cast as they are, pictures of
// whom may be in use, and only fills it up.
//
// It invents a pool of persons, drops those whom the engine misses or does not
// know again, picks twelve that lie far from each other, seeks each a near-twin
// (same looks, other bones), and climbs a little further from the closest pair.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/virtual"
)

// names of the cast, in order, with the sex each is cast with.
var names = []struct{ name, sex string }{
	{"ada", "F"},
	{"ben", "M"},
	{"cleo", "F"},
	{"dov", "M"},
	{"eve", "F"},
	{"finn", "M"},
	{"gus", "M"},
	{"hana", "F"},
	{"ivo", "M"},
	{"jana", "F"},
	{"karl", "M"},
	{"lena", "F"},
}

type settings struct {
	models, out, skip  string
	from, keep         string
	pool, twins, climb int
	seed               uint64
	spread, target     float64
	table              bool
}

func main() {
	log.SetFlags(log.Ltime)
	var s settings
	flag.StringVar(&s.models, "models", os.Getenv("TUNNUS_MODELS"), "folders of the model files, separated by commas")
	flag.StringVar(&s.out, "out", "cast.json", "file to write")
	flag.StringVar(&s.from, "from", "", "cast to begin with instead of a pool")
	flag.StringVar(&s.keep, "keep", "", "cast whose members stay as they are, and which is filled up from a pool")
	flag.StringVar(&s.skip, "skip", "", "seeds not to cast, separated by commas")
	flag.IntVar(&s.pool, "pool", 240, "persons to invent")
	flag.IntVar(&s.twins, "twins", 10, "candidates for each near-twin")
	flag.IntVar(&s.climb, "climb", 60, "steps of the hill-climb")
	flag.Uint64Var(&s.seed, "seed", 1000, "first seed of the pool")
	flag.Float64Var(&s.spread, "spread", 1.4, "how marked the faces are")
	flag.Float64Var(&s.target, "target", 1.2, "apartness at which to stop climbing")
	flag.BoolVar(&s.table, "table", false, "only print how the cast of -from looks unlike its portraits")
	flag.Parse()
	if err := s.run(); err != nil {
		log.Fatal(err)
	}
}

func (s *settings) run() error {
	engine, err := face.Open(several(strings.Split(s.models, ",")))
	if err != nil {
		return fmt.Errorf("cast: open the face engine: %w", err)
	}
	d := &director{engine: engine, rand: rand.New(rand.NewPCG(s.seed, 2)), frames: 2}
	if s.table {
		cast, err := people(s.from)
		if err != nil {
			return err
		}
		return d.table(cast)
	}
	roles, err := s.choose(d)
	if err != nil {
		return err
	}
	log.Printf("chosen: apart %.2f", closest(roles).apart)
	if err := d.seekTwins(roles, s.twins); err != nil {
		return err
	}
	d.climb(roles, s.climb, s.target)
	report(roles)
	return write(s.out, roles)
}

// choose takes the cast from a file or from the pool.
func (s *settings) choose(d *director) ([]*role, error) {
	if s.from != "" {
		people, err := people(s.from)
		if err != nil {
			return nil, err
		}
		roles, err := d.recall(people, len(names))
		if err != nil {
			return nil, err
		}
		return roles, s.hold(roles)
	}
	var kept []*role
	if s.keep != "" {
		people, err := people(s.keep)
		if err != nil {
			return nil, err
		}
		if kept, err = d.recall(people, len(people)); err != nil {
			return nil, err
		}
		if err := s.hold(kept); err != nil {
			return nil, err
		}
	}
	skip := map[string]bool{}
	for seed := range strings.SplitSeq(s.skip, ",") {
		skip[seed] = true
	}
	pool := d.audition(s.seed, s.pool, s.spread, skip)
	log.Printf("%d of %d pass", len(pool), s.pool)
	return choose(kept, pool)
}

// hold marks the roles that are those of the cast to keep, which come first.
func (s *settings) hold(roles []*role) error {
	if s.keep == "" {
		return nil
	}
	people, err := people(s.keep)
	if err != nil {
		return err
	}
	for _, r := range roles[:min(len(people), len(roles))] {
		r.kept = true
	}
	return nil
}

func people(path string) ([]virtual.Person, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cast: %w", err)
	}
	var people []virtual.Person
	if err := json.Unmarshal(text, &people); err != nil {
		return nil, fmt.Errorf("cast: %s: %w", path, err)
	}
	return people, nil
}

func write(path string, roles []*role) error {
	cast := make([]virtual.Person, len(roles))
	for i, r := range roles {
		cast[i] = r.self.person
		cast[i].Name = names[i].name
		if r.kept {
			continue
		}
		bones := r.twin.person.Bones
		cast[i].Other = &bones
	}
	text, err := json.MarshalIndent(cast, "", "\t")
	if err != nil {
		return fmt.Errorf("cast: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("cast: %w", err)
	}
	return nil
}

// several opens a file in the first of its folders that has it.
type several []string

func (s several) Open(name string) (fs.File, error) {
	for _, dir := range s {
		if f, err := os.DirFS(dir).Open(name); err == nil {
			return f, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
