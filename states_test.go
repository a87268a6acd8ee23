package tunnus_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/card"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/incident"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/key/keyshare/row"
	"github.com/tunnus-id/tunnus/staff/support"
)

var updateStates = flag.Bool("update-states", false, "write doc/states.md instead of comparing it")

const statesFile = "doc/states.md"

// The drawings cannot go stale: they are made of the tables that the program runs on.
func TestStatesAreDrawnFromTheTables(t *testing.T) {
	want := statesPage()
	if *updateStates {
		if err := os.WriteFile(statesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if readText(t, statesFile) != want {
		t.Errorf("%s is stale; write it anew with go test -run %s . -update-states", statesFile, t.Name())
	}
}

// maxArrows is how many arrows a drawing may have that a person can still read.
const maxArrows = 30

// The drawings keep to the part of Mermaid's grammar that is written down here, so
// that they can be shown: header, nodes, arrows, and nothing else.
func TestDrawingsAreMermaid(t *testing.T) {
	drawings := regexp.MustCompile("(?s)```mermaid\n(.*?)```").FindAllStringSubmatch(statesPage(), -1)
	if len(drawings) < 14 {
		t.Fatalf("%d drawings", len(drawings))
	}
	for _, d := range drawings {
		if err := mermaid(d[1]); err != nil {
			t.Errorf("%v:\n%s", err, d[1])
		}
	}
}

// The grammar: one statement a line.
var (
	flowNode  = regexp.MustCompile(`^  (\w+)(\(\["[^"<>]+"\]\)|\["[^"<>]+"\]|\{\{"[^"<>]+"\}\})$`)
	flowArrow = regexp.MustCompile(`^  (\w+) -->(?:\|"[^"|<>]+"\|)? (\w+)$`)
	stateName = regexp.MustCompile(`^  state "([^"<>:]+)" as (\w+)$`)
	stateMove = regexp.MustCompile(`^  (\w+|\[\*\]) --> (\w+|\[\*\])(?: : [^:;"<>]+)?$`)
	reserved  = []string{"end", "state", "graph", "subgraph", "class", "click", "style", "default", "note", "direction"}
)

// mermaid refuses a drawing outside of that grammar, of too many arrows, or with an
// arrow to something that is not declared.
func mermaid(text string) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	node, arrow, at := flowNode, flowArrow, 1
	switch lines[0] {
	case "flowchart TD":
	case "stateDiagram-v2":
		node, arrow, at = stateName, stateMove, 2
	default:
		return fmt.Errorf("no such drawing: %s", lines[0])
	}
	declared, arrows := map[string]bool{"[*]": true}, 0
	for _, line := range lines[1:] {
		if m := node.FindStringSubmatch(line); m != nil && arrows == 0 {
			declared[m[at]] = true
			if slices.Contains(reserved, m[at]) {
				return fmt.Errorf("%s is a word of the grammar", m[at])
			}
		} else if m := arrow.FindStringSubmatch(line); m != nil && declared[m[1]] && declared[m[2]] {
			arrows++
		} else {
			return fmt.Errorf("not understood: %q", line)
		}
	}
	if arrows == 0 || arrows > maxArrows {
		return fmt.Errorf("%d arrows; a drawing has 1 to %d", arrows, maxArrows)
	}
	return nil
}

// A table is one of states, as it is drawn.
type table struct {
	title, note string
	states      []string
	events      []string
	after       func(state, event string) (string, error)
}

// of makes one of a table of the program.
func of[S, E ~string](title, note string, states []S, events []E, after func(S, E) (S, error)) table {
	m := table{title: title, note: note, after: func(s, e string) (string, error) {
		to, err := after(S(s), E(e))
		return string(to), err
	}}
	for _, s := range states {
		m.states = append(m.states, string(s))
	}
	for _, e := range events {
		m.events = append(m.events, string(e))
	}
	return m
}

func machines() []table {
	return []table{
		of("A sitting", "`enrol/way`. One sitting of an applicant, whichever way. Parked: somebody else has to look or to sign first.",
			way.States(), way.Events(), way.State.After),
		of("An account", "`account`. A freeze of a blocked account leaves it blocked, but holds the unblocking up.", account.States(), account.Events(), account.Next),
		of("A question", "`enrol/confirm`. What another device is asked: to vouch, to make place, to answer for a child.",
			confirm.States(), confirm.Events(), confirm.State.After),
		of("A visit to the portal", "`enrol/card`. With an ID-card, in a browser.", card.States(),
			[]card.Event{card.Take, card.LogIn, card.Answer, card.Confirm, card.Match, card.Sign, card.End}, card.State.After),
		of("A desk", "`enrol/desk`. An officer's session with an applicant.", desk.States(), desk.Events(), desk.State.After),
		of("A case in review", "`enrol/review`. A face that no machine may decide; two people do.", review.States(), review.Events(), review.State.After),
		of("An incident of ours", "`enrol/incident`. The only thing that voids charges of the ledger, by release and time window.",
			incident.States(), incident.Events(), incident.State.After),
		of("A finding", "`staff/support`. What takes two of the staff to say of an account: that it is fraud, or whose it is.",
			support.States(), support.Events(), support.State.After),
		of("A key", "`key/keyshare`. Its moves are those of that package, which model_test.go there walks through.", row.States(), row.Moves(), row.State.After),
	}
}

func statesPage() string {
	var b strings.Builder
	b.WriteString(`# States

Made from the tables of the program: ` + "`go test -run TestStatesAreDrawn . -update-states`" + `. The database repeats them as CHECKs (store/checks_test.go).

## Ways

A way is a row of facts; the next one that does not stand is open, and nothing else decides. Six-sided: only on the routes that are named.
Each arrow is one committed decision. Until the last one, a failure leads to an end of [the sitting](#a-sitting), and certificates that were made are revoked.
`)
	for _, w := range way.All() {
		fmt.Fprintf(&b, "\n### Way %s\n\n%s", w, fence(drawWay(w)))
	}
	fmt.Fprintf(&b, "\n### Facts\n\n| Fact | Mark | %s |\n| --- | --- | %s\n", joined(way.All(), " | "), strings.Repeat("--- | ", len(way.All())))
	for _, f := range allFacts() {
		fmt.Fprintf(&b, "| %s | %s |", f, f.Mark())
		for _, w := range way.All() {
			fmt.Fprintf(&b, " %s |", places(w, f))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## Tables of states\n")
	for _, m := range machines() {
		whole := m.draw(true)
		if strings.Count(whole, " --> ") <= maxArrows {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n\n%s", m.title, m.note, fence(whole))
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s The drawing leaves out the ends; they stand below it.\n\n%s\n%s", m.title, m.note, fence(m.draw(false)), m.ends())
	}
	fmt.Fprintf(&b, "\n### The lock of a document\n\n`enrol/lock`, by the ladder of scheme/nordic.json. A success ends the count; the last lock can be voided by an incident of ours for %d days, then it is for ever.\n\n%s",
		int(scheme.Nordic().Judgement.Grace.Hours()/24), fence(drawLadder(scheme.Nordic().Judgement.Ladder, true)))
	fmt.Fprintf(&b, "\n### The lock of a PIN\n\n`key/keyshare`. After the last step the account ends.\n\n%s", fence(drawLadder(scheme.Nordic().Wrong, false)))
	return b.String()
}

func fence(drawing string) string { return "```mermaid\n" + drawing + "```\n" }

func joined[S ~string](list []S, by string) string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return strings.Join(out, by)
}

// allFacts lists the facts in the order in which the ways need them first.
func allFacts() (out []way.Fact) {
	for _, r := range way.Routes() {
		for _, f := range r.Facts() {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// routes are those of a way.
func routesOf(w way.Way) []way.Route {
	return slices.DeleteFunc(way.Routes(), func(r way.Route) bool { return r.Way != w })
}

// places is where a fact stands on a way, in the route that needs most; with a
// question mark if not all routes need it.
func places(w way.Way, f way.Fact) string {
	all, at, longest := true, -1, 0
	for _, r := range routesOf(w) {
		i := slices.Index(r.Facts(), f)
		all = all && i >= 0
		if n := len(r.Facts()); i >= 0 && n > longest {
			at, longest = i, n
		}
	}
	switch {
	case at < 0:
		return ""
	case !all:
		return fmt.Sprintf("%d?", at+1)
	}
	return fmt.Sprint(at + 1)
}

// drawWay draws the facts of a way, with the arrows of all its routes.
func drawWay(w way.Way) string {
	var b strings.Builder
	b.WriteString("flowchart TD\n  begin([\"start\"])\n")
	for _, f := range allFacts() {
		switch place := places(w, f); {
		case place == "":
		case strings.HasSuffix(place, "?"):
			fmt.Fprintf(&b, "  %s{{\"%s: %s\"}}\n", name(string(f)), f, only(w, f))
		default:
			fmt.Fprintf(&b, "  %s[\"%s\"]\n", name(string(f)), f)
		}
	}
	b.WriteString("  active([\"account active\"])\n")
	var arrows []string
	for _, r := range routesOf(w) {
		from := "begin"
		for _, f := range r.Facts() {
			arrows = append(arrows, fmt.Sprintf("  %s --> %s\n", from, name(string(f))))
			from = name(string(f))
		}
		arrows = append(arrows, fmt.Sprintf("  %s --> active\n", from))
	}
	for i, a := range arrows {
		if !slices.Contains(arrows[:i], a) {
			b.WriteString(a)
		}
	}
	return b.String()
}

// only says which routes of a way need a fact.
func only(w way.Way, f way.Fact) string {
	for _, r := range routesOf(w) {
		if r.Minor && !r.Purpose.Replaces() && slices.Contains(r.Facts(), f) {
			return "a child"
		}
	}
	return "renewal, upgrade"
}

// name makes a word into one that Mermaid takes for a node.
func name(s string) string {
	s = strings.NewReplacer("-", "_", " ", "_").Replace(s)
	return "s_" + s
}

// final reports whether nothing happens in a state any more.
func (m table) final(state string) bool {
	return !slices.ContainsFunc(m.events, func(e string) bool { _, err := m.after(state, e); return err == nil })
}

// ends lists the moves that end it.
func (m table) ends() string {
	b := "| From | Event | To |\n| --- | --- | --- |\n"
	for _, from := range m.states {
		for _, e := range m.events {
			if to, err := m.after(from, e); err == nil && m.final(to) {
				b += fmt.Sprintf("| %s | %s | %s |\n", from, e, to)
			}
		}
	}
	return b
}

func (m table) draw(ends bool) string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, s := range m.states {
		if !ends && m.final(s) {
			continue
		}
		fmt.Fprintf(&b, "  state \"%s\" as %s\n", s, name(s))
	}
	fmt.Fprintf(&b, "  [*] --> %s\n", name(m.states[0]))
	for _, from := range m.states {
		moves := map[string][]string{}
		for _, e := range m.events {
			if to, err := m.after(from, e); err == nil {
				moves[to] = append(moves[to], e)
			}
		}
		for _, to := range m.states {
			if len(moves[to]) > 0 && (ends || !m.final(to)) {
				fmt.Fprintf(&b, "  %s --> %s : %s\n", name(from), name(to), strings.Join(moves[to], ", "))
			}
		}
		if len(moves) == 0 && ends {
			fmt.Fprintf(&b, "  %s --> [*]\n", name(from))
		}
	}
	return b.String()
}

// drawLadder draws what counted failures lead to.
func drawLadder(l tunnus.Ladder, pending bool) string {
	var nodes, arrows strings.Builder
	fmt.Fprint(&nodes, "stateDiagram-v2\n  state \"free\" as s_free\n")
	fmt.Fprint(&arrows, "  [*] --> s_free\n")
	from := "s_free"
	for i, r := range l {
		failures := fmt.Sprintf("%d failures", r.Failures)
		if i > 0 {
			failures = fmt.Sprintf("%d more", r.Failures)
		}
		to := fmt.Sprintf("s_lock%d", i+1)
		switch {
		case r.Permanent && pending:
			fmt.Fprintf(&nodes, "  state \"permanent_pending\" as %s\n  state \"permanent\" as s_permanent\n", to)
			fmt.Fprintf(&arrows, "  %s --> %s : %s\n  %s --> s_permanent : its days are over\n  %s --> s_free : incident of ours\n  s_permanent --> [*]\n", from, to, failures, to, to)
		case r.Permanent:
			fmt.Fprintf(&nodes, "  state \"for ever\" as %s\n", to)
			fmt.Fprintf(&arrows, "  %s --> %s : %s\n  %s --> [*]\n", from, to, failures, to)
		default:
			fmt.Fprintf(&nodes, "  state \"locked %g h, then as before\" as %s\n", r.Lock.Hours(), to)
			fmt.Fprintf(&arrows, "  %s --> %s : %s\n  %s --> s_free : success\n", from, to, failures, to)
		}
		from = to
	}
	return nodes.String() + arrows.String()
}
