package tunnus_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A ruling is a rule that settles a dispute or answers an attack, with the tests
// that would be red without it: a folder, and the tests there that keep it.
type ruling struct {
	id    string
	says  string
	tests map[string]string
}

// rulings are those of the registration: the ones of its rooms (R1 to R13), of the
// document's lock ledger (L1 to L9), and those of the description of the product,
// by its chapters.
var rulings = []ruling{
	{"2 issued", "certificates once all proofs stand; the signed application makes the account active, or they are revoked", map[string]string{
		"enrol":     "TestIssuedUntilSigned TestUnsignedApplicationIsUndone TestNobodyGetsAroundAFact",
		"cmd/serve": "TestRegistrationMakesAnAccount",
	}},
	{"2 level", "the level is the way's; a vouching account's own; an upgrade raises ADVANCED by a stronger way", map[string]string{
		"enrol/scheme": "TestLevel",
		"enrol":        "TestR3LevelIsThatOfTheAccountThatVouches TestUpgradeRaisesTheLevel",
	}},
	{"2 eligible", "a dated table says who may go which way, and where codes go; masks come after the proof", map[string]string{
		"enrol/scheme": "TestEligible TestRowsHoldFromTheirDayOn TestWhereCodesGo TestDocuments",
		"enrol":        "TestR5ContactsOnFileComeAfterProof TestRenewalOfNothingIsJudgedAsANewOne TestRenewalOfNothingWhereNewIsClosed",
	}},
	{"2 helper", "who helps or tricks somebody does not end with the account", map[string]string{
		"enrol":        "TestR1FarPortalHoldsTheAccountForADay TestKnownContactsAreTold",
		"enrol/card":   "TestR1TextNamesPhoneAndKeys TestR1DifferentCountriesHold",
		"app/steps":    "TestR1AppWarnsBesideTheCode",
		"web/portal":   "TestR1CheckPage",
		"account/life": "TestR1OneTapFreezesANewAccount",
	}},
	{"3 ladder", "3 failures 24 h, 2 more 72 h, 2 more for ever; a success ends the count; a year forgets; incidents within 14 days", map[string]string{
		"enrol/lock":   "TestFold TestL3IncidentVoidsItsReleaseAndTime TestL3NothingVoidsAfterPermanent",
		"enrol/scheme": "TestWhatIsShipped",
		"enrol":        "TestSevenFailuresAreForEver",
	}},
	{"3 permanent", "nobody and nothing lifts a permanent lock; the person's other documents and ways stay", map[string]string{
		"enrol/lock":     "TestNothingLiftsAPermanentLock TestNoIncidentLiftsForever",
		"store":          "TestLedger",
		"store/recovery": "TestRestoreDrill",
		"staff":          "TestStaffCannotLiftPermanentLock",
		"staff/api":      "TestNoRouteLiftsALock",
		"enrol/incident": "TestL3PermanentStaysThoughSeconded",
		"enrol":          "TestLockedDocumentLeavesOtherWays TestR13DocumentLockedForEverWhileWaiting",
	}},
	{"3 holder", "nobody locks a document that they do not hold", map[string]string{
		"enrol":      "TestForgeriesLookAlikeAndSpareTheDocument TestBadProofsSlowTheDeviceOnly TestCopyableDocuments",
		"enrol/lock": "TestCopyableDocumentsNeverClimb TestProofPhaseHasItsOwnCode",
	}},
	{"3 refund", "a crash refunds nothing; a fault of ours does, by a later entry", map[string]string{
		"enrol":      "TestChargeStandsAfterACrash TestFaceAttemptStandsAfterACrash TestFaultOfOursIsRefundedOnceADay",
		"enrol/lock": "TestChargeBeforeVerdict",
		"e2e":        "TestKillBetweenChargeAndVerdict",
		"store":      "TestKilledWriterRefundsNothing",
	}},
	{"5 composite", "n = n1·n2 of exactly 6144 bits; the hardening's key is pinned, so a server's fault is no wrong PIN", map[string]string{
		"key/splitkey": "TestJoinRefuses TestGenerateIsWide TestSignatureVerifies TestCombineRefusesFault TestBlobIsBound",
		"key/keyshare": "TestProtocol TestAssignModulus",
		"app":          "TestMeddlersKeyIsNotPinned TestMeddlersKeyIsNotFollowed",
	}},
	{"5 wrong PIN", "3 → 3 h, 3 → 24 h, 3 → the end; only by the device's signature; charged, then answered, again free of charge", map[string]string{
		"key/keyshare": "TestWrongPINLadder TestTryWithoutDeviceSignature TestSameRequestAgain TestCrashBetweenTheCommits TestSuccessClearsOnlyEarlierTries TestShareOfAnotherTry",
		"enrol/scheme": "TestWhatIsShipped",
		"cmd/serve":    "TestUnsignedTryIsNotCharged",
	}},
	{"5 shown", "what is signed is built from what was shown, and rebuilt by the server", map[string]string{
		"app":          "TestBuildLogin TestBuildLoginRefusesAnotherQuestion TestConfirmOfAnotherStatementThanShown",
		"key/keyshare": "TestCompleteRefusesShares TestCompleteRefusesOtherScreens",
	}},
	{"5 change", "a PIN is changed by who knows it, and never reset", map[string]string{
		"key/keyshare": "TestChangePIN TestChangeRefusesForgedProof",
		"app":          "TestChangePINProvesTheOldOneFirst",
		"staff/api":    "TestNoRouteLiftsALock",
	}},
	{"7 unattended", "a face is approved without a person's look only where the scheme says so, and the evidence tells", map[string]string{
		"enrol":        "TestDoubtfulFacesAreNoMatch TestWholeWay",
		"enrol/scheme": "TestWhatIsShipped TestEachFaultIsTold",
	}},
	{"L1", "presence is active or chip authentication in this session", map[string]string{
		"document/emrtd": "TestAAAnswerReplayedFromAnotherSession TestAAAnswerOfAnotherChip TestAAAnswerLeftOut TestShortChallenge TestCopyableDocumentSaysSo",
		"enrol":          "TestForgeriesLookAlikeAndSpareTheDocument TestR2ChipAnswersForOneSession",
		"enrol/desk":     "TestR8ChipProofIsTheServers",
	}},
	{"L2", "copyable documents: one lock of 24 h in 7 days, then review", map[string]string{
		"enrol/lock":   "TestCopyableDocumentsNeverClimb",
		"enrol":        "TestCopyableDocuments",
		"enrol/scheme": "TestEachFaultIsTold",
	}},
	{"L3", "the last step is pending for 14 days, voided by incidents only, then permanent", map[string]string{
		"enrol/lock":     "TestL3IncidentVoidsItsReleaseAndTime TestL3IncidentLeavesTheRest TestL3NothingVoidsAfterPermanent TestL3IncidentsAreForPendingLedgersOnly",
		"enrol/incident": "TestL3IncidentNeedsFourEyes TestL3IncidentIsAWindowWithinTheGrace TestL3IncidentComesTooLate TestL3PermanentStaysThoughSeconded",
	}},
	{"L4", "an attempt is open and charged before its first picture; three captures; left open, it has failed; one a document", map[string]string{
		"enrol":        "TestFramesThatCannotBeJudged TestAbandonedFaceAttemptFails TestFaceAttemptStandsAfterACrash TestRepeatedTimeoutsCount TestCarelessNames TestAttemptOpensWithTheFirstThingTold TestCapturesThatBreakOff",
		"face/capture": "TestServe TestServeFails TestCapture TestRevealedOneByOne",
		"face/judge":   "TestEveryReport",
		"app/server":   "TestCaptureNotCharged",
		"enrol/lock":   "TestRepeatedMishapsCountOnBoth TestConcurrentTriesNeverExceedLimit",
	}},
	{"L5", "a void needs that nothing has left the server, and is one a day and one an input", map[string]string{
		"enrol":          "TestNothingIsRefundedAfterAHint TestFaultOfOursIsRefundedOnceADay TestL5SameFramesFailAgain",
		"enrol/lock":     "TestOneVoidADay TestL5SameInputFailsAgain TestL5SameProofFailsAgain TestL5InputIsSealed TestL5InputsNameNothing",
		"store/recovery": "TestRestoreDrill",
	}},
	{"L6", "rows stand in a second place before the verdict; a restore is the union", map[string]string{
		"store/recovery":     "TestSecondPlaceIsAway TestCrashBeforeTheSecondCopy TestRestoreDrill TestForkedLedgerIsTold TestDismissedStayDismissed TestStoppedContactsStayStopped",
		"cmd/serve/database": "TestOldDatabaseIsRefused TestEmptySecondPlaceIsRefused TestOlderDatabaseGetsNoEmptyPlace TestNewSecondPlace",
		"e2e/faults":         "TestBackupAndRestore TestRestoreOfALostDataFolder",
	}},
	{"L7", "addresses are slowed, never locked; an account pays only where it was proved", map[string]string{
		"enrol/lock": "TestL7AddressesAreSlowedNeverLocked TestL7GoodProofsSlowNobody TestL7ConcurrentProofsOfOneAddress TestL7ProvenAccountPays",
	}},
	{"L8", "signals of fraud look alike from outside", map[string]string{
		"enrol":      "TestForgeriesLookAlikeAndSpareTheDocument TestRefusedFilmsLookAlike",
		"face/judge": "TestEveryReport TestWait",
		"problem":    "TestForgeriesLookAlike TestTriesAreNotToldToAttackers",
	}},
	{"L9", "a ledger's key names nothing; its rows are sealed", map[string]string{
		"enrol/lock": "TestKeysNameNothing TestChangedEntriesAreNotRead TestReleaseAndWindowAreSealed TestLedgersOfOthersDoNotFit",
	}},
}

// testsIn reads the names of the tests of a folder, as go test finds them there.
func testsIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && isTest(f) {
				found[f.Name.Name] = true
			}
		}
	}
	return found
}

// isTest reports whether go test runs a function, and it says something.
func isTest(f *ast.FuncDecl) bool {
	if f.Recv != nil || f.Type.Params.NumFields() != 1 || len(f.Body.List) == 0 || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Fuzz") {
		return false
	}
	star, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	of, ok := star.X.(*ast.SelectorExpr)
	return ok && (of.Sel.Name == "T" || of.Sel.Name == "F")
}

// allTests are the tests of every folder.
func allTests(t *testing.T) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{".": testsIn(t, ".")}
	for _, r := range rooms {
		all[r.pkg] = testsIn(t, r.pkg)
	}
	return all
}

// registrationRules is how many rules of the registration there are: R1 to R13.
const registrationRules = 13

// Each rule of the registration has tests that are named after it, and each other
// ruling those that the table names.
func TestEveryRuleHasItsTest(t *testing.T) {
	all, named := allTests(t), map[string]int{}
	for _, tests := range all {
		for name := range tests {
			if m := regexp.MustCompile(`^Test(R[0-9]+)[A-Z]`).FindStringSubmatch(name); m != nil {
				named[m[1]]++
			}
		}
	}
	for n := 1; n <= registrationRules; n++ {
		if named[fmt.Sprint("R", n)] == 0 {
			t.Errorf("no test is named TestR%d…", n)
		}
	}
	seen := map[string]bool{}
	for _, r := range rulings {
		if seen[r.id] || r.says == "" || len(r.tests) == 0 {
			t.Errorf("ruling %s stands there twice, or with nothing to it", r.id)
		}
		seen[r.id] = true
		for pkg, names := range r.tests {
			for name := range strings.FieldsSeq(names) {
				if !all[pkg][name] {
					t.Errorf("ruling %s (%s): there is no test %s in %s", r.id, r.says, name, pkg)
				}
			}
		}
	}
	for n := 1; n <= 9; n++ {
		if !seen[fmt.Sprint("L", n)] {
			t.Errorf("L%d is not in the table", n)
		}
	}
}

// Whoever reads a promise in SECURITY.md finds the test that it names, and so with
// each check and each attack of doc/documents.md.
func TestPromisesHaveTheirTests(t *testing.T) {
	namesTests(t, "SECURITY.md", "| Promise | Where |", 20)
}

func TestChecksOfDocumentsHaveTheirTests(t *testing.T) {
	namesTests(t, "doc/documents.md", "| What is checked | Where |", 28)
	namesTests(t, "doc/documents.md", "| What is tried | Where |", 19)
	namesTests(t, "doc/documents.md", "| Worked example | Where |", 9)
	namesTests(t, "doc/documents.md", "| Pictures | Where |", 6)
}

// namesTests checks that each row of a table of two columns names tests in the
// second, behind their package. A name that ends in … is the beginning of several.
func namesTests(t *testing.T, file, header string, least int) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(b), header)
	if !ok {
		t.Fatalf("%s has no table %q", file, header)
	}
	all, rows := allTests(t), 0
	word := regexp.MustCompile("`([^`]+)`")
	for row := range strings.Lines(table[1:]) {
		cells := strings.Split(row, " | ")
		if !strings.HasPrefix(row, "|") && rows > 0 {
			break
		}
		if len(cells) != 2 || !strings.HasPrefix(row, "| ") || strings.HasPrefix(row, "| ---") {
			continue
		}
		rows++
		pkg, tests := "", 0
		for _, m := range word.FindAllStringSubmatch(cells[1], -1) {
			switch name := m[1]; {
			case strings.HasPrefix(name, "Test"), strings.HasPrefix(name, "Fuzz"):
				if tests++; !hasTest(all[pkg], name) {
					t.Errorf("there is no test %s in %q:\n%s", name, pkg, row)
				}
			case all[name] != nil:
				pkg = name
			case strings.HasPrefix(name, "make "):
				tests++
			default:
				t.Errorf("%s is no package:\n%s", name, row)
			}
		}
		if tests == 0 {
			t.Errorf("no test is named:\n%s", row)
		}
	}
	if rows < least {
		t.Errorf("%s: %d rows under %q", file, rows, header)
	}
}

func hasTest(tests map[string]bool, name string) bool {
	begin, several := strings.CutSuffix(name, "…")
	if !several {
		return tests[name]
	}
	for test := range tests {
		if strings.HasPrefix(test, begin) {
			return true
		}
	}
	return false
}
