package route

import (
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/e2e/program"
	"github.com/tunnus-id/tunnus/need"
)

// count tells how often a line stands there.
func count(lines []string, name string) (n int) {
	for _, l := range lines {
		if l == name {
			n++
		}
	}
	return n
}

// beside are audit lines at which nothing is killed on their own. Each stands in the
// COMMIT of an arrow that is listed, one of those named here, and so next to it; but
// revocation lists, and the rules in use, are of the service itself.
var beside = map[string][]string{
	"enrol.start": {"enrol.fact/versions"}, "enrol.resume": {"enrol.fact/guardian", "enrol.fact/face"},
	"account.create": {"enrol.fact/keys"}, "account.activate": {"enrol.fact/application"},
	"crl.made": nil, "scheme.used": nil,
}

// strays tells which of the lines beside others stands next to none of these, and which
// arrow has not the line that always goes with it.
func strays(lines []string) (all []string) {
	for aside, arrows := range beside {
		for i, l := range lines {
			if l == aside && arrows != nil && !slices.ContainsFunc(lines[max(0, i-1):min(len(lines), i+2)], func(l string) bool { return slices.Contains(arrows, l) }) {
				all = append(all, aside+" stands alone")
			}
		}
		if len(arrows) == 1 && count(lines, aside) != count(lines, arrows[0]) {
			all = append(all, aside+" and "+arrows[0]+" do not go together")
		}
	}
	return all
}

// What is listed is what happens: the audit log of a registration that nothing
// disturbed has the arrows of the table, in their order, as often as they stand there.
func TestArrowsAreThoseThatHappen(t *testing.T) {
	if _, err := program.Models("../../.."); err != nil {
		need.Missing(t, err.Error())
	}
	b, err := faults.NewBuild(t.Context(), "../../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	for _, r := range All() {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			lines, err := r.Undisturbed(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			var want, jobs []string
			for _, a := range r.Arrows() {
				if a.Job {
					jobs = append(jobs, a.Name)
				} else {
					want = append(want, a.Name)
				}
			}
			lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "service/") || l == "crl.made" })
			for _, s := range strays(lines) {
				t.Error(s)
			}
			got := slices.DeleteFunc(lines, func(l string) bool { _, aside := beside[l]; return aside })
			var after []string
			got = slices.DeleteFunc(got, func(l string) bool {
				job := slices.Contains(jobs, l)
				if job {
					after = append(after, l)
				}
				return job
			})
			if !slices.Equal(got, want) {
				t.Errorf("the audit log has\n%v\nthe table\n%v", got, want)
			}
			slices.Sort(after)
			slices.Sort(jobs)
			if !slices.Equal(after, jobs) {
				t.Errorf("jobs left %v; the table has %v", after, jobs)
			}
		})
	}
}
