package load

import (
	"database/sql"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/e2e/faults/cluster"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/store"
)

// No build but the one for this package has faces that nobody looks at.
func TestNormalBuildHasNoPrejudgedFaces(t *testing.T) {
	const engine = "github.com/tunnus-id/tunnus/face/prejudged"
	for tags, want := range map[string]bool{"": false, "pkcs11": false, "faults": false, "load": true} {
		out, err := exec.Command("go", "list", "-deps", "-tags", tags, "../../cmd/tunnus").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(strings.Fields(string(out)), engine); got != want {
			t.Errorf("with the tags %q: %s is in the program: %v", tags, engine, got)
		}
	}
}

// And that build refuses to serve anything but a sandbox.
func TestLoadBuildIsForASandbox(t *testing.T) {
	out, err := exec.Command("go", "test", "-tags", "load", "-run", "^TestPrejudgedFacesAreForASandbox$", "-v", "../../cmd/serve").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestPrejudgedFacesAreForASandbox") {
		t.Errorf("%v: %s", err, out)
	}
}

// The rows of the big database are rows that the database takes: its CHECKs, its
// triggers, and the indexes that make something unique. A ledger is as the server
// would have written it.
func TestRowsAreTaken(t *testing.T) {
	if _, err := cluster.Program("postgres"); err != nil {
		need.Missing(t, "PostgreSQL is not installed")
	}
	p, err := cluster.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	h := &house{}
	if h.database, err = p.Database(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), h.database)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := h.fill(t.Context(), 31, func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	_, db := s.Database().Raw()
	for query, want := range map[string]int{
		"SELECT count(*) FROM account WHERE state = 'active'":                                                            31,
		"SELECT count(*) FROM lock_entry":                                                                                31 * perAccount,
		"SELECT count(DISTINCT key) FROM lock_entry WHERE length(key) = 64 AND length(mac) = 32":                         31,
		"SELECT count(*) FROM (SELECT key FROM lock_entry WHERE kind = 'charged' GROUP BY key HAVING count(*) = 3) AS k": 31,
	} {
		if got := number(t, db, query); got != want {
			t.Errorf("%s: %d; want %d", query, got, want)
		}
	}
}

func number(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestQuantile(t *testing.T) {
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(200-i)*time.Millisecond) // 200 … 1
	}
	for part, want := range map[float64]time.Duration{0: 1, .5: 101, .99: 199, 1: 200} {
		if got := quantile(times, part); got != want*time.Millisecond {
			t.Errorf("quantile %v is %v", part, got)
		}
	}
	if got := quantile(nil, .99); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// What grows is told as such, and what the same database shows twice is the noise.
func TestGrowthAndNoise(t *testing.T) {
	of := func(ms ...int) block {
		m := newMeter()
		for _, n := range ms {
			m.times["step"] = append(m.times["step"], time.Duration(n)*time.Millisecond)
		}
		return block{meter: m}
	}
	if got := grown(of(100).times["step"], of(125).times["step"]); got != 25 {
		t.Errorf("100 to 125 ms: %v %%", got)
	}
	if got := noise("step", []block{of(100), of(110), of(100), of(90)}, []block{of(50), of(50)}); got < 9.9 || got > 10.1 {
		t.Errorf("noise of %v %%; want 10", got)
	}
}

// Nobody here has a PIN that the app refuses: it would be typed for ever.
func TestEverybodyGetsPINs(t *testing.T) {
	code, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	chosen := map[string]bool{}
	for _, number := range []string{"L0000001X", "L0471973X", "L8305264X", "L0083052X"} {
		v := &visitor{number: number, code: code, birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC)}
		pin1, pin2, err := v.pins()
		about := pin.Personal{Birth: v.birth, Codes: []string{v.code.Value(), number}}
		if err = errors.Join(err, pin.Judge([]byte(pin1), pin.PIN1, about), pin.Judge([]byte(pin2), pin.PIN2, about)); err != nil {
			t.Errorf("%s: %v", number, err)
		}
		chosen[pin1] = true
	}
	if len(chosen) != 2 {
		t.Errorf("%d different PINs", len(chosen))
	}
	if _, _, err := (&visitor{number: "4719738305264296481509371660492718274050", code: code}).pins(); err == nil {
		t.Error("somebody got a PIN of his own number")
	}
}
