package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"
)

// Phones is how many registrations go on at a time.
const Phones = 20

// A Plan says how much is measured.
type Plan struct {
	Rounds   int           // blocks on each database, in turns
	Block    time.Duration // how long phones begin new registrations in one
	Accounts int           // in the big database; five ledger rows for each
}

// A block is what was measured on one database in one go.
type block struct {
	*meter
	flows []time.Duration // whole registrations
	took  time.Duration
	used  cpu
}

// most is how many people a run may need: the machine does not do more in the time.
func (p Plan) most() int { return p.Rounds*(int(p.Block.Seconds())*3+2*Phones) + 2*Phones + 1 }

// Run measures both databases in turns, and writes what it does and, at its end, a
// table in Markdown.
func Run(ctx context.Context, root string, plan Plan, out io.Writer) (err error) {
	// A thread for each phone: which one is next is the kernel's matter then, as with
	// phones that are not one program.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(Phones + 4))
	began := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%7.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	s, err := newSite(ctx, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var houses []*house
	for _, name := range []string{"small", "big"} {
		h, err := s.open(ctx, name, plan.most())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, h.close()) }()
		houses = append(houses, h)
	}
	say("two empty databases, %d people each", plan.most())
	if err := prepare(ctx, houses, plan, say); err != nil {
		return err
	}
	blocks := make([][]block, len(houses))
	for range plan.Rounds {
		for i, h := range houses {
			b, err := h.measure(ctx, Phones, plan.Block)
			if err != nil {
				return err
			}
			blocks[i] = append(blocks[i], b)
			say("%-5s  %3d registrations in %v", h.name, len(b.flows), b.took.Round(time.Millisecond))
		}
	}
	_, err = io.WriteString(out, "\n"+table(plan, blocks[0], blocks[1]))
	for i, h := range houses {
		err = errors.Join(err, h.sound(ctx, blocks[i]))
	}
	return err
}

// prepare fills the big database, and lets both servers and their databases warm up.
func prepare(ctx context.Context, houses []*house, plan Plan, say func(string, ...any)) error {
	for _, h := range houses {
		if err := h.begin(ctx); err != nil {
			return err
		}
	}
	if err := houses[1].fill(ctx, plan.Accounts, say); err != nil {
		return err
	}
	for _, h := range houses {
		if err := h.start(ctx); err != nil {
			return err
		}
		if err := h.settle(ctx); err != nil {
			return err
		}
	}
	if err := yield(); err != nil {
		return err
	}
	for _, h := range houses { // one registration of each phone
		b, err := h.measure(ctx, Phones, 0)
		if err != nil {
			return err
		}
		say("%-5s  warm, after %d registrations in %v", h.name, len(b.flows), b.took.Round(time.Millisecond))
	}
	return nil
}

// begin lets one person register, so that the second place is no empty one: a server
// fills that at its start with all that the database has.
func (h *house) begin(ctx context.Context) error {
	if err := h.start(ctx); err != nil {
		return err
	}
	_, err := h.measure(ctx, 1, 0)
	return errors.Join(err, h.stop())
}

// measure lets phones register one person after the other until the time is over;
// who has begun then is waited for.
func (h *house) measure(ctx context.Context, phones int, length time.Duration) (b block, err error) {
	before, err := h.used()
	if err != nil {
		return b, err
	}
	began := time.Now()
	b.meter = newMeter()
	var mu sync.Mutex
	var all sync.WaitGroup
	next := func() (*phone, error) {
		mu.Lock()
		if len(h.people) == 0 {
			mu.Unlock()
			return nil, errors.New("load: more registrations than people")
		}
		v, n := h.people[0], h.come
		h.people, h.come = h.people[1:], h.come+1
		mu.Unlock()
		return h.phone(v, n, b.meter)
	}
	for range phones {
		all.Go(func() {
			for first := true; first || time.Since(began) < length; first = false {
				p, failed := next()
				start := time.Now()
				if failed == nil {
					failed = errors.Join(p.register(ctx), p.vault.Close())
				}
				mu.Lock()
				b.flows = append(b.flows, time.Since(start))
				err = errors.Join(err, failed)
				mu.Unlock()
				if failed != nil {
					return
				}
			}
		})
	}
	all.Wait()
	b.took = time.Since(began)
	err = errors.Join(err, h.settle(ctx)) // what is left to do for these is theirs too
	after, err2 := h.used()
	b.used = after.minus(before)
	if err = errors.Join(err, err2); err != nil {
		err = fmt.Errorf("%s: %w; server: %s", h.name, err, h.output.Tail())
	}
	return b, err
}
