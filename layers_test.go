package tunnus_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tunnus-id/tunnus"

// The layers of ARCHITECTURE.md, lowest first.
const (
	words  = "words"
	read   = "read"
	decide = "decide"
	speak  = "speak"
	holder = "holder"
	whole  = "whole"
	suite  = "suite"
)

// rooms is the table of the house: each package with its layer, in the order of
// the floors. A package may import what stands above it in this table, as far
// as the rules of its layer allow.
var rooms = []struct{ pkg, layer string }{
	{"", words},
	{"need", suite},
	{"scheme", words},

	{"document/tlv", read},
	{"document/mrz", read},
	{"document/lds", read},
	{"document/chip/apdu", read},
	{"document/chip/bac", read},
	{"document/chip", read},
	{"document/emrtd", read},
	{"document/virtual", read},
	{"key/vectors", suite},
	{"key/device", read},
	{"key/pin", read},
	{"key/voprf", read},
	{"key/splitkey", read},
	{"key/keyshare/sealed", read},
	{"key/keyshare/row", read},
	{"key/keyshare/gate", decide},
	{"key/keyshare/closing", decide},
	{"key/keyshare/moduli", decide},
	{"key/keyshare/restore", decide},
	{"key/keyshare", decide},
	{"key/keyshare/door", decide},
	{"key/hsm/rewrap", decide},
	{"key/hsm/secretfile", speak},
	{"key/hsm/token", speak},
	{"key/hsm", speak},
	{"trust/pki", read},
	{"trust/ocsp", read},
	{"document/idcard", read}, // behind trust/ocsp: a card is asked for at its issuer's responder, in the same messages as our own
	{"document/virtual/card", read},
	{"document/virtual/card/extension", suite},
	{"trust/stamp", read},
	{"trust/asic/archive", read},
	{"trust/asic/tree", read},
	{"trust/asic", read},
	{"trust/pades", read},
	{"trust/audit", read},
	{"trust/proof", read},
	{"trust/tiles", read},
	{"trust/evidence", read},
	{"trust/tlog", decide},
	{"trust/tlog/folder", speak},
	{"trust/issue", decide},
	{"trust/status", decide},
	{"account/address", read},
	{"account", decide},
	{"account/contact", decide},
	{"account/history", decide},
	{"problem/phrases", read},
	{"problem/catalogue", read},
	{"problem", speak},
	{"trust/publish", speak},
	{"document/idcard/revocation", speak},
	{"remote", speak},
	{"key/keyshare/remote", speak},
	{"trust/issue/remote", speak},

	{"staff", read},
	{"staff/stafftest", suite},
	{"staff/roster", decide},
	{"staff/support", decide},

	{"face/tensor", read},
	{"face/model", read},
	{"face", read},
	{"face/worker", speak},
	{"face/virtual/solid", read},
	{"face/virtual", read},
	{"login/acsp", read},
	{"login", decide},
	{"login/rpapi", speak},

	{"enrol/lock", decide},
	{"enrol/otp", decide},
	{"account/tell", decide},
	{"account/life", decide},
	{"account/notme", speak},
	{"enrol/application", read},
	{"enrol/translit", read},
	{"enrol/match", read},
	{"enrol/people", decide},
	{"enrol/reconcile", decide},
	{"enrol/way", decide},
	{"enrol/statement", read},
	{"enrol/scheme/format", read},
	{"enrol/scheme", decide},
	{"enrol/sweep", decide},
	{"enrol/place", read},
	{"enrol/notice", decide},
	{"enrol/binding", decide},
	{"enrol/container", decide},
	{"enrol/incident", decide},
	{"enrol/appointment", decide},
	{"enrol/review", decide},
	{"enrol/desk", decide},
	{"staff/api", speak},
	{"staff/client", holder},
	{"enrol/card", decide},
	{"enrol/confirm", decide},
	{"enrol/sitting", decide},
	{"enrol/proofs", decide},
	{"enrol/elsewhere", decide},
	{"enrol", decide},
	{"enrol/population", speak},

	{"app/wire", read},
	{"account/act", decide},
	{"app/tries", read},
	{"app/say", read},
	{"app/line", holder},
	{"app/vault", holder},
	{"app/steps", holder},
	{"app/life", holder},
	{"app", holder},
	{"app/term", holder},
	{"app/server/holding", speak},
	{"app/server", speak},
	{"store/db", speak},
	{"store/fault", speak},
	{"store/engine", speak},
	{"store/jobs", speak},
	{"store/letters", speak},
	{"store/wake", speak},
	{"store/backup", speak},
	{"store/copies", speak},
	{"store/second", speak},
	{"store/keys", speak},
	{"store/trust", speak},
	{"store/recovery", speak},
	{"store/people", speak},
	{"store/desk", speak},
	{"store/life", speak},
	{"store/visits", speak},
	{"store", speak},
	{"store/storetest/check", suite},
	{"store/storetest/keytest", suite},
	{"store/storetest/peopletest", suite},
	{"store/storetest/desktest", suite},
	{"store/storetest/visittest", suite},
	{"store/storetest", suite},
	{"store/storetest/pgtest", suite},
	{"web/portal/pages", speak},
	{"web/portal", speak},
	{"client", holder},
	{"notify/words", read},
	{"notify/sms", speak},
	{"notify", speak},
	{"sandbox/mailbox", whole},
	{"sandbox/register", whole},
	{"sandbox", whole},
	{"sandbox/visitor", whole},
	{"sandbox/demo", whole},
	{"cmd/serve/config", whole},
	{"cmd/serve/custody", whole},
	{"cmd/serve/inputs", whole},
	{"cmd/serve/authority", whole},
	{"cmd/serve/database", whole},
	{"cmd/serve/logbook", whole},
	{"cmd/serve/bridge", whole},
	{"cmd/serve/letters", whole},
	{"cmd/serve/closing", whole},
	{"cmd/serve/desks", whole},
	{"cmd/serve/register", whole},
	{"cmd/serve/portal", whole},
	{"cmd/serve", whole},
	{"cmd/ceremony", whole},
	{"cmd/jobs", whole},
	{"cmd/rp", whole},
	{"cmd/colleague", whole},
	{"cmd/schemefile", whole},
	{"cmd/backup", whole},
	{"cmd/holder", whole},
	{"cmd/evidence", whole},
	{"cmd/phone", whole},
	{"cmd/population", whole},
	{"cmd/tunnus", whole},
	{"e2e/faults/between", whole},
	{"e2e/faults/check", whole},
	{"e2e/faults/cluster", whole},
	{"e2e/faults", whole},
	{"e2e/faults/cmd", whole},
	{"e2e", whole},
}

// reach says which layers a layer may import from.
var reach = map[string][]string{
	words:  {},
	read:   {words, read},
	decide: {words, read},
	speak:  {words, read, decide},
	holder: {words, read},
	whole:  {words, read, decide, speak, holder, whole},
	suite:  {words, read, decide, speak},
}

// exceptions are single arrows that the rules would not allow, each with its reason.
var exceptions = map[string]string{
	"key/hsm -> key/hsm/secretfile":                       "how its files are read and written",
	"key/hsm/token -> key/hsm/secretfile":                 "how its PIN is read",
	"key/hsm -> key/hsm/token":                            "one of the places where keys are, in a build that has it",
	"store -> store/db":                                   "the generated half of the same subject",
	"store -> store/engine":                               "the store over its database",
	"store -> store/keys":                                 "the store hands out all its subjects",
	"store -> store/life":                                 "the store hands out all its subjects",
	"store/life -> store/copies":                          "what it writes stands in the second place too",
	"store/life -> store/db":                              "the generated half of the same subject",
	"store/life -> store/engine":                          "a subject of the store over its database",
	"store/life -> store/letters":                         "letters go out with the move that they tell of",
	"account/contact -> account":                          "contacts belong to the holders of accounts",
	"account/history -> account":                          "entries are named by the key of the person",
	"account/tell -> account":                             "what is told of are accounts",
	"account/tell -> account/contact":                     "who is told are contacts",
	"account/tell -> enrol/otp":                           "letters wait sealed as those with codes do",
	"account/life -> account":                             "the flow of accounts over its deciders",
	"account/life -> account/contact":                     "the flow of accounts over its deciders",
	"account/life -> account/history":                     "the flow of accounts over its deciders",
	"account/life -> account/tell":                        "the flow of accounts over its deciders",
	"account/life -> enrol/otp":                           "a new contact is confirmed by a code",
	"account/act -> account":                              "who proves something is the holder of one",
	"store -> store/trust":                                "the store hands out all its subjects",
	"store/engine -> store/db":                            "the generated half of the same subject",
	"store/engine -> store/fault":                         "dies by it, in builds for the fault harness only",
	"store/backup -> store/engine":                        "one connection past its pools",
	"store/wake -> store/engine":                          "one connection past its pools",
	"store/copies -> store/db":                            "what is copied are its rows",
	"store -> store/letters":                              "the store hands out all its subjects",
	"store/letters -> store/db":                           "the generated half of the same subject",
	"store/letters -> store/engine":                       "a subject of the store over its database",
	"store/jobs -> store/engine":                          "works what was left in its transactions",
	"store/copies -> store/engine":                        "a subject of the store over its database",
	"store/keys -> store/copies":                          "what it writes stands in the second place too",
	"store/trust -> store/copies":                         "what it writes stands in the second place too",
	"store -> store/copies":                               "what it writes stands in the second place too",
	"store/people -> store/db":                            "the generated half of the same subject",
	"store/people -> store/engine":                        "a subject of the store over its database",
	"store/recovery -> store/copies":                      "compares database and second place",
	"store/recovery -> store/db":                          "compares database and second place",
	"store/recovery -> store/engine":                      "compares database and second place",
	"store/recovery -> store/keys":                        "compares database and second place",
	"store/recovery -> store/second":                      "compares database and second place",
	"store/storetest -> store/storetest/check":            "the suites share their fixture",
	"store/storetest/peopletest -> store/storetest/check": "the suites share their fixture",
	"store/storetest/keytest -> store/storetest/check":    "the suites share their fixture",
	"store -> store/visits":                               "the store hands out all its subjects",
	"store/visits -> store/db":                            "the generated half of the same subject",
	"store/visits -> store/engine":                        "a subject of the store over its database",
	"store/storetest/visittest -> store/storetest/check":  "the suites share their fixture",
	"enrol/card -> enrol/lock":                            "who guesses codes is locked",
	"enrol/card -> enrol/otp":                             "a contact is confirmed by a code",
	"enrol/card -> account/contact":                       "contacts on file",
	"web/portal -> problem":                               "the one place that renders an error",
	"web/portal -> web/portal/pages":                      "what its pages look like",
	"store -> store/desk":                                 "the store hands out all its subjects",
	"store/desk -> store/db":                              "the generated half of the same subject",
	"store/desk -> store/engine":                          "a subject of the store over its database",
	"store/desk -> store/letters":                         "letters of a case and of an appointment",
	"store/storetest/desktest -> store/storetest/check":   "the suites share their fixture",
	"store/keys -> store/db":                              "the generated half of the same subject",
	"store/keys -> store/engine":                          "a subject of the store over its database",
	"store/trust -> store/db":                             "the generated half of the same subject",
	"store/trust -> store/engine":                         "a subject of the store over its database",
	"enrol -> enrol/lock":                                 "a flow may use deciders",
	"document/virtual/card/extension -> need":             "a test without Chromium is left out, or fails",
	"store/storetest/pgtest -> need":                      "a test without PostgreSQL is left out, or fails",
	"enrol -> enrol/otp":                                  "a flow may use deciders",
	"enrol -> enrol/scheme":                               "a flow may use deciders",
	"enrol/scheme -> enrol/way":                           "rules say which ways are open",
	"enrol/scheme -> enrol/lock":                          "rules hold those of the ledger",
	"enrol/scheme -> enrol/otp":                           "rules hold those of the codes",
	"enrol -> enrol/people":                               "a flow may use deciders",
	"enrol -> enrol/sweep":                                "a flow may use deciders",
	"enrol -> enrol/notice":                               "a flow may use deciders",
	"enrol -> enrol/binding":                              "a flow may use deciders",
	"enrol/notice -> enrol/otp":                           "part of the flow: letters of one outbox",
	"enrol/reconcile -> account":                          "what it compares with the register, and ends, are accounts",
	"enrol/binding -> account":                            "part of the flow: what is bound is an account",
	"enrol -> account":                                    "a flow may use deciders",
	"enrol -> enrol/container":                            "a flow may use deciders",
	"enrol -> enrol/confirm":                              "a flow may use deciders",
	"enrol/confirm -> enrol/otp":                          "part of the flow: who seals",
	"enrol/confirm -> enrol/binding":                      "part of the flow: who signs",
	"enrol/confirm -> account":                            "part of the flow: whose account confirms",
	"enrol -> enrol/proofs":                               "a flow may use deciders",
	"enrol -> enrol/elsewhere":                            "a flow may use deciders",
	"enrol -> account/contact":                            "a flow may use deciders",
	"app -> app/steps":                                    "what it does without keys",
	"enrol/proofs -> enrol/lock":                          "part of the flow",
	"enrol/proofs -> enrol/sitting":                       "part of the flow",
	"enrol/proofs -> enrol/way":                           "part of the flow",
	"enrol/proofs -> enrol/scheme":                        "part of the flow",
	"enrol/proofs -> enrol/review":                        "part of the flow",
	"enrol/elsewhere -> account":                          "part of the flow",
	"enrol/elsewhere -> enrol/binding":                    "part of the flow",
	"enrol/elsewhere -> enrol/confirm":                    "part of the flow",
	"enrol/elsewhere -> enrol/people":                     "part of the flow",
	"enrol/elsewhere -> enrol/scheme":                     "part of the flow",
	"enrol/elsewhere -> enrol/sitting":                    "part of the flow",
	"enrol/elsewhere -> enrol/way":                        "part of the flow",
	"enrol/elsewhere -> enrol/card":                       "part of the flow",
	"enrol/elsewhere -> enrol/desk":                       "part of the flow",
	"enrol -> enrol/way":                                  "a flow may use deciders",
	"enrol -> enrol/sitting":                              "a flow may use deciders",
	"enrol/sitting -> enrol/way":                          "which facts a sitting needs",
	"enrol/sitting -> enrol/lock":                         "which ledger a sitting charges",
	"enrol/sitting -> enrol/otp":                          "part of the flow: letters of one outbox",
	"enrol/sitting -> enrol/scheme":                       "what an app has claimed",
	"enrol/sitting -> enrol/sweep":                        "what is overdue",
	"enrol/sitting -> enrol/binding":                      "whose keys a sitting has",
	"enrol/sitting -> enrol/container":                    "written in one commit with it",
	"enrol/sitting -> account":                            "written in one commit with it",
	"enrol/container -> account":                          "part of the flow: whose application it is",
	"login/rpapi -> problem":                              "the one place that renders an error",
	"app -> app/life":                                     "what it does beside log-ins",
	"app -> app/line":                                     "how it speaks",
	"app -> app/vault":                                    "what it remembers",
	"app/server -> app/server/holding":                    "a room of its own: what holders do beside log-ins",
	"app/server/holding -> problem":                       "how bodies are read",
	"account/notme -> problem":                            "the one place that renders an error",
	"app/server -> problem":                               "the one place that renders an error",
	"trust/publish -> problem":                            "the one place that renders an error",
	"remote -> problem":                                   "the one place that renders an error",

	"enrol/incident -> enrol/lock":   "what is spared are ledgers",
	"enrol/appointment -> enrol/otp": "part of the flow: letters of one outbox",
	"enrol/review -> enrol/otp":      "part of the flow: letters of one outbox",
	"enrol/desk -> enrol/lock":       "a locked document is locked at a desk too",
	"staff/api -> problem":           "the one place that renders an error",
	"enrol/desk -> enrol/otp":        "whose sealer it uses",

	"key/keyshare -> key/keyshare/gate":    "a part of it: what each request passes first",
	"key/keyshare -> key/keyshare/closing": "a part of it: blocking and ending",
	"key/keyshare -> key/keyshare/moduli":  "a part of it: pool and audit",
	"key/keyshare -> key/keyshare/restore": "a part of it: after a restore",
	"key/keyshare/door -> key/keyshare":    "which message is served by which method of it",
	"key/keyshare/remote -> remote":        "how one process calls another, for this subject",
	"trust/issue/remote -> remote":         "how one process calls another, for this subject",
}

func TestEveryPackageHasItsPlace(t *testing.T) {
	for _, p := range packages(t) {
		if !slices.ContainsFunc(rooms, func(r struct{ pkg, layer string }) bool { return r.pkg == p }) {
			t.Errorf("package %q is not in the table of layers", p)
		}
	}
	for _, r := range rooms {
		if !slices.Contains(packages(t), r.pkg) {
			t.Errorf("the table of layers has a package %q that does not exist", r.pkg)
		}
	}
}

func TestArrowsRunDownwards(t *testing.T) {
	at := func(pkg string) int {
		return slices.IndexFunc(rooms, func(r struct{ pkg, layer string }) bool { return r.pkg == pkg })
	}
	used := map[string]bool{}
	for i, r := range rooms {
		for _, imp := range imports(t, r.pkg) {
			own, ours := insideModule(imp)
			if !ours {
				continue // TestWhatComesFromOutside
			}
			j := at(own)
			switch {
			case j < 0:
				t.Errorf("%s imports %s, which is not in the table of layers", r.pkg, own)
			case j >= i:
				t.Errorf("%s imports %s, which stands above it", r.pkg, own)
			case !slices.Contains(reach[r.layer], rooms[j].layer):
				arrow := r.pkg + " -> " + own
				if used[arrow] = true; exceptions[arrow] == "" {
					t.Errorf("%s (%s) must not import %s (%s)", r.pkg, r.layer, own, rooms[j].layer)
				}
			}
		}
	}
	noneUnused(t, "exceptions", exceptions, used)
}

// noneUnused fails for each row of a table of exceptions that nothing needs, or
// that does not say why.
func noneUnused(t *testing.T, name string, table map[string]string, used map[string]bool) {
	t.Helper()
	for k, why := range table {
		if !used[k] {
			t.Errorf("%s: %q is needed by nothing", name, k)
		}
		if why == "" {
			t.Errorf("%s: %q has no reason", name, k)
		}
	}
}

// insideModule tells a package of ours from one of others.
func insideModule(imp string) (own string, ours bool) {
	if imp == module {
		return "", true
	}
	return strings.CutPrefix(imp, module+"/")
}

// packages lists the folders of the module that hold Go code of the program.
func packages(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			top := []string{"tools", "bin", "data"} // their own module, and what a build or a run leaves
			if path != "." && strings.HasPrefix(d.Name(), ".") || slices.Contains(top, path) || slices.Contains([]string{"testdata", "node_modules"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if dir == "." {
			dir = ""
		}
		if strings.HasSuffix(path, ".go") && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// goFiles lists the Go files of a package that are not tests.
func goFiles(t *testing.T, pkg string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(".", pkg))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".go") && !strings.HasSuffix(n, "_test.go") {
			out = append(out, filepath.Join(pkg, n))
		}
	}
	return out
}

func imports(t *testing.T, pkg string) []string {
	t.Helper()
	var out []string
	for _, f := range goFiles(t, pkg) {
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}
