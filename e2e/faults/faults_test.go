package faults

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// beside are audit lines at which nothing is killed on their own. Each stands in the
// COMMIT of an arrow that is listed, and must do so as often as it is there; but
// revocation lists, and the rules in use, are of the service itself.
var beside = map[string]string{
	"enrol.start": "enrol.fact/versions", "enrol.resume": "enrol.fact/guardian",
	"account.create": "enrol.fact/keys", "account.activate": "enrol.fact/application",
	"crl.made": "", "scheme.used": "",
}

// What is listed is what happens: the audit log of a registration that nothing
// disturbed has the arrows of the table, in their order, as often as they stand there.
func TestArrowsAreThoseThatHappen(t *testing.T) {
	b := built(t)
	for _, r := range Routes() {
		t.Run(r.Route.String(), func(t *testing.T) {
			lines, err := b.Undisturbed(t.Context(), r)
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
			for aside, arrow := range beside {
				if n := count(lines, aside); arrow != "" && n != count(lines, arrow) {
					t.Errorf("%s came %d times, and %s, with which it should, %d times", aside, n, arrow, count(lines, arrow))
				}
			}
			got := slices.DeleteFunc(lines, func(l string) bool {
				_, aside := beside[l]
				return aside || strings.HasPrefix(l, "service/")
			})
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

// No trap is in a program that anybody uses.
func TestNormalBuildHasNoFaults(t *testing.T) {
	const trap = "github.com/tunnus-id/tunnus/store/fault"
	for tags, want := range map[string]bool{"": false, "pkcs11": false, "faults": true} {
		out, err := exec.Command("go", "list", "-deps", "-tags", tags, "../../cmd/tunnus").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(strings.Fields(string(out)), trap); got != want {
			t.Errorf("with the tags %q: %s is in the program: %v", tags, trap, got)
		}
	}
}
