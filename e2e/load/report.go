package load

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// sound sees to it that what was measured is what was meant: every registration made
// an account that is active, and the database has what it should.
func (h *house) sound(ctx context.Context, blocks []block) error {
	for _, b := range blocks {
		for name, n := range b.bad {
			if n > len(b.flows)/100 {
				return fmt.Errorf("%s: %d of %d requests %q were refused: %s", h.name, n, len(b.times[name]), name, h.output.Tail())
			}
		}
	}
	return h.exec(ctx, fmt.Sprintf("SELECT 1 / (count(*) = %d)::int FROM account WHERE state = 'active' AND person NOT LIKE 'PNOXX-18%%'", h.come))
}

// whole is all blocks of one database together.
func whole(blocks []block) (b block) {
	b.meter = newMeter()
	for _, o := range blocks {
		b.meter.add(o.meter)
		b.flows = append(b.flows, o.flows...)
		b.took += o.took
		b.used = b.used.plus(o.used)
	}
	return b
}

// table is what was measured, in Markdown.
func table(plan Plan, small, big []block) string {
	var t strings.Builder
	s, b := whole(small), whole(big)
	fmt.Fprintf(&t, "| %d phones at a time | small database | %d accounts, %d ledger rows |\n| --- | --- | --- |\n", Phones, plan.Accounts, plan.Accounts*perAccount)
	row := func(what string, of func(block) string) { fmt.Fprintf(&t, "| %s | %s | %s |\n", what, of(s), of(b)) }
	row("registrations", func(b block) string { return fmt.Sprintf("%d in %.0f s", len(b.flows), b.took.Seconds()) })
	row("a second", func(b block) string { return fmt.Sprintf("%.2f", float64(len(b.flows))/b.took.Seconds()) })
	row("one takes, p50 and p99", func(b block) string {
		return fmt.Sprintf("%.1f s, %.1f s", quantile(b.flows, .50).Seconds(), quantile(b.flows, .99).Seconds())
	})
	each := func(of func(cpu) time.Duration) func(block) string {
		return func(b block) string {
			return fmt.Sprintf("%.0f ms", float64(of(b.used).Milliseconds())/float64(len(b.flows)))
		}
	}
	row("processor time of one: server", each(func(c cpu) time.Duration { return c.server }))
	row("PostgreSQL", each(func(c cpu) time.Duration { return c.postgres }))
	row("phone and mailbox", each(func(c cpu) time.Duration { return c.phones }))
	t.WriteString("\n| step, ms | requests | p50 | p95 | p99 | big: p50 | p95 | p99 | p99 grows by | of itself |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	line := func(name string, s, b []time.Duration, noise string) {
		fmt.Fprintf(&t, "| %s | %d | %s | %s | %+.0f %% | %s |\n", name, len(s)+len(b), points(s), points(b), grown(s, b), noise)
	}
	itself := func(name string) string {
		if plan.Rounds < 2 {
			return "not known"
		}
		return fmt.Sprintf("±%.0f %%", noise(name, small, big))
	}
	every := map[bool][]time.Duration{}
	for _, name := range slices.Sorted(maps.Keys(s.times)) {
		line(name, s.times[name], b.times[name], itself(name))
		every[false], every[true] = append(every[false], s.times[name]...), append(every[true], b.times[name]...)
	}
	line("all", every[false], every[true], itself(""))
	return t.String()
}

func points(times []time.Duration) string {
	var all []string
	for _, part := range []float64{.50, .95, .99} {
		all = append(all, fmt.Sprintf("%.1f", float64(quantile(times, part).Microseconds())/1000))
	}
	return strings.Join(all, " | ")
}

// grown is by how many percent the p99 of the one is over that of the other.
func grown(s, b []time.Duration) float64 {
	was := quantile(s, .99)
	if was == 0 {
		return 0
	}
	return 100 * (float64(quantile(b, .99))/float64(was) - 1)
}

// noise is how far the p99 of one half of the blocks of a database is from that of
// the other, in percent: growth below it is not seen. "" is all steps.
func noise(step string, both ...[]block) (most float64) {
	for _, blocks := range both {
		var halves [2][]time.Duration
		for i, b := range blocks {
			for name, times := range b.times {
				if step == "" || name == step {
					halves[i%2] = append(halves[i%2], times...)
				}
			}
		}
		if d := grown(halves[0], halves[1]); len(halves[1]) > 0 {
			most = max(most, d, -d)
		}
	}
	return most
}
