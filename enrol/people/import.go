package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// An Order says how a file is imported.
type Order struct {
	// Complete: the file has everybody, so who is not in it is taken out. Without,
	// it only adds and changes.
	Complete bool
	// Dry: only the report is made.
	Dry bool
	Now time.Time
}

// A Change is what a file says otherwise of one person than the table.
type Change struct {
	Place  int      // of the person in the file, from 1
	New    bool     // not in the table yet
	Fields []string // what is otherwise: "names", "documents", "guardians" …
}

// A Report tells what an import does. It names nobody.
type Report struct {
	People  int // in the file
	Changes []Change
	Removed int
}

// Lines prints a report.
func (r Report) Lines() []string {
	var out []string
	added := 0
	for _, c := range r.Changes {
		if c.New {
			added++
			out = append(out, fmt.Sprintf("+ person %d of the file", c.Place))
			continue
		}
		out = append(out, fmt.Sprintf("~ person %d of the file: %s", c.Place, strings.Join(c.Fields, ", ")))
	}
	if r.Removed > 0 {
		out = append(out, fmt.Sprintf("- %d who are not in the file", r.Removed))
	}
	return append(out, fmt.Sprintf("%d people in the file: %d new, %d changed, %d as before; %d taken out.",
		r.People, added, len(r.Changes)-added, r.People-len(r.Changes), r.Removed))
}

// batch is how many people one transaction writes.
const batch = 200

// Import brings a table to what a file says. Cut short it may be done again: what
// is as before is not written.
func Import(ctx context.Context, shelf Shelf, file []Entry, o Order) (Report, error) {
	report := Report{People: len(file)}
	var put []Entry
	flush := func(atLeast int) error {
		if len(put) < atLeast || len(put) == 0 {
			return nil
		}
		n := len(put)
		err := o.apply(ctx, shelf, put, nil)
		put = put[:0]
		if err != nil {
			return fmt.Errorf("people: importing %d people: %w", n, err)
		}
		return nil
	}
	for i, e := range file {
		old, err := shelf.Entry(ctx, e.Person.Code)
		missing := errors.Is(err, match.ErrNoPerson)
		if err != nil && !missing {
			return report, fmt.Errorf("people: reading person %d of the file: %w", i+1, err)
		}
		c := Change{Place: i + 1, New: missing, Fields: differing(old, e)}
		if !c.New && len(c.Fields) == 0 {
			continue
		}
		report.Changes = append(report.Changes, c)
		put = append(put, e)
		if err := flush(batch); err != nil {
			return report, err
		}
	}
	if err := flush(0); err != nil || !o.Complete {
		return report, err
	}
	var err error
	report.Removed, err = o.removeOthers(ctx, shelf, file)
	return report, err
}

// apply writes a batch with its line, unless the order is dry.
func (o Order) apply(ctx context.Context, shelf Shelf, put []Entry, remove []tunnus.PersonCode) error {
	if o.Dry {
		return nil
	}
	return shelf.Apply(ctx, put, remove, []tunnus.Event{{
		At: o.Now, Kind: "population.import", Subject: "register",
		Detail: map[string]string{"written": strconv.Itoa(len(put)), "removed": strconv.Itoa(len(remove))},
	}})
}

// removeOthers takes out who is not in the file.
func (o Order) removeOthers(ctx context.Context, shelf Shelf, file []Entry) (int, error) {
	stay := map[tunnus.PersonCode]bool{}
	for _, e := range file {
		stay[e.Person.Code] = true
	}
	n, after := 0, ""
	for {
		list, err := shelf.Codes(ctx, after, batch)
		if err != nil {
			return n, fmt.Errorf("people: %w", err)
		}
		if len(list) == 0 {
			return n, nil
		}
		after = list[len(list)-1].SemanticsID()
		gone := slices.DeleteFunc(list, func(c tunnus.PersonCode) bool { return stay[c] })
		if len(gone) == 0 {
			continue
		}
		if err := o.apply(ctx, shelf, nil, gone); err != nil {
			return n, fmt.Errorf("people: taking %d people out: %w", len(gone), err)
		}
		n += len(gone)
	}
}

// differing names what two entries say otherwise.
func differing(a, b Entry) []string {
	var out []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"names", a.Person.Surname == b.Person.Surname && a.Person.GivenNames == b.Person.GivenNames && a.Person.NamesSince.Equal(b.Person.NamesSince)},
		{"earlier names", slices.Equal(a.Person.Earlier, b.Person.Earlier)},
		{"birth", a.Person.Birth.Equal(b.Person.Birth)},
		{"documents", slices.Equal(a.Person.Documents, b.Person.Documents)},
		{"deceased", a.Person.Deceased == b.Person.Deceased},
		{"restricted", a.Person.Restricted == b.Person.Restricted},
		{"address", a.Person.Address == b.Person.Address},
		{"successor", a.Person.Successor == b.Person.Successor},
		{"guardians", slices.Equal(a.Guardians, b.Guardians)},
		{"channels", a.Channels == b.Channels},
	} {
		if !f.same {
			out = append(out, f.name)
		}
	}
	return out
}
