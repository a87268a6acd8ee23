package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// files are what an invented country publishes.
var files = sync.OnceValue(func() map[string][]byte {
	party := func(cn string) issuer.Party {
		return issuer.Party{Name: issuer.Name(ber.PrintableString, "C=XX", "CN="+cn), Key: must(issuer.NewEC("brainpoolP256r1")), From: now.AddDate(-1, 0, 0), Until: now.AddDate(5, 0, 0)}
	}
	first, second, lists := party("CSCA"), party("CSCA"), party("Lists")
	csca := must(issuer.Certify(issuer.CountrySigner(first), first.Key))
	link := must(issuer.Certify(issuer.LinkTo(second, first), first.Key))
	orphan := must(issuer.Certify(issuer.LinkTo(first, second), lists.Key))
	signer := must(issuer.Certify(issuer.ListSigner(lists, first), first.Key))
	revoked := issuer.CRL{Issuer: first.Name, This: now, Next: now.AddDate(0, 1, 0), KeyID: first.Key.ID(), Revoked: []issuer.Revocation{{Serial: 5, At: now}}}
	return map[string][]byte{
		"csca.der": csca, "xx.ml": must(issuer.PublishList(now, lists.Key, signer, [][]byte{csca}, csca, link, orphan)),
		"older.ml": must(issuer.PublishList(now.AddDate(0, 0, -1), lists.Key, signer, [][]byte{csca}, csca)),
		"xx.crl":   pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: must(issuer.Revoke(revoked, first.Key))}),
		"rules":    []byte(`{"exceptions": [{"country": "XX", "until": "2027-01-01T00:00:00Z", "reason": "an old one"}]}`),
		"text":     []byte("hello"),
	}
})

// folder has the files in it.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files() {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run imports files of the folder into its list.
func run(dir string, c Import, names ...string) (string, error) {
	for _, n := range names {
		c.Files = append(c.Files, filepath.Join(dir, n))
	}
	c.List = filepath.Join(dir, "trust.list")
	var out bytes.Buffer
	err := c.run(&out, now)
	return out.String(), err
}

func pin() Import {
	sum := sha256.Sum256(files()["csca.der"])
	text := strings.ToUpper(fmt.Sprintf("%x", sum))
	return Import{Pin: []string{text[:2] + ":" + text[2:]}} // as other programs write them
}

func TestImportThenShow(t *testing.T) {
	dir := folder(t)
	out, err := run(dir, pin(), "xx.ml", "xx.crl")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"xx.ml: master list\n", "xx.crl: revocation list\n", "left out: C=XX, CN=CSCA", "no anchor signed", "+ XX anchor C=XX, CN=CSCA, brainpoolP256r1, 2025-11-22 to 2031-11-22", "+ XX link", "5 come, 0 go, 0 change; 2 country signers of 1 countries", "trust.list: version 1\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if out, err = run(dir, Import{}, "xx.ml"); err != nil || !strings.Contains(out, "nothing changes") {
		t.Errorf("again: %v\n%s", err, out)
	}
	if out, err = run(dir, Import{DryRun: true}, "rules"); err != nil || !strings.Contains(out, "+ XX exception") {
		t.Errorf("dry: %v\n%s", err, out)
	}
	l := must(open(filepath.Join(dir, "trust.list")))
	if l.Version != 1 || len(l.Exceptions) != 0 || len(l.Anchors) != 2 {
		t.Errorf("version %d, %d exceptions", l.Version, len(l.Exceptions))
	}
	if out, err = run(dir, Import{}, "rules"); err != nil || !strings.Contains(out, "version 2") {
		t.Errorf("rules: %v\n%s", err, out)
	}
	if out, err = run(dir, Import{DryRun: true, Drop: []string{"masterlist:XX"}}); err != nil || !strings.Contains(out, "- XX anchor") || !strings.Contains(out, "0 country signers") {
		t.Errorf("dropped: %v\n%s", err, out)
	}
	l = must(open(filepath.Join(dir, "trust.list")))
	var shown bytes.Buffer
	if err := (Show{Country: "xx"}).show(&shown, l, now.AddDate(6, 0, 0)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"version 2, made 2026-11-22T12:00:00Z: 2 country signers of 1 countries, 1 revocation lists, 1 exceptions", "masterlist:XX, signed 2026-11-22", "pin ", "ended", "stale", "exception for SHA-1"} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("%q is missing in\n%s", want, shown.String())
		}
	}
}

// A file that is not believed ends the import, and nothing is written.
func TestNothingIsWrittenHalf(t *testing.T) {
	dir := folder(t)
	if _, err := run(dir, pin(), "xx.ml"); err != nil {
		t.Fatal(err)
	}
	before := must(os.ReadFile(filepath.Join(dir, "trust.list")))
	for name, tt := range map[string]struct {
		c     Import
		files []string
		want  string
	}{
		"text":             {Import{}, []string{"xx.crl", "text"}, "neither a master list"},
		"an older list":    {Import{}, []string{"xx.crl", "older.ml"}, "older than what is on the list"},
		"a missing file":   {Import{}, []string{"xx.crl", "none"}, "no such file"},
		"a pin of nothing": {Import{Pin: []string{strings.Repeat("00", 32)}}, []string{"xx.crl"}, "no file needed"},
		"no pin":           {Import{Pin: []string{"00"}}, []string{"xx.crl"}, "no SHA-256"},
		"nothing to drop":  {Import{Drop: []string{strings.Repeat("00", 32)}}, nil, "neither a pin"},
		"no such source":   {Import{Drop: []string{"masterlist:YY"}}, nil, "neither a pin"},
		"no file":          {Import{}, nil, "no file to import"},
	} {
		if out, err := run(dir, tt.c, tt.files...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q\n%s", name, err, tt.want, out)
		}
		if after := must(os.ReadFile(filepath.Join(dir, "trust.list"))); !bytes.Equal(after, before) {
			t.Errorf("%s: the list was changed", name)
		}
	}
	entries := must(os.ReadDir(dir))
	if len(entries) != len(files())+2 { // the list and its lock
		t.Errorf("%d files are left", len(entries))
	}
}

// A list that was changed by hand is not built upon.
func TestDamagedListIsNotReplaced(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "trust.list")
	if err := os.WriteFile(file, []byte("tunnus trust list 1\nversion 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(dir, pin(), "xx.ml"); err == nil || !strings.Contains(err.Error(), trustlist.ErrDigest.Error()) {
		t.Errorf("got %v", err)
	}
	if err := (Show{List: file}).Run(); err == nil {
		t.Error("it is shown")
	}
}

func TestUnpinnedMasterList(t *testing.T) {
	dir := folder(t)
	if _, err := run(dir, Import{}, "xx.ml"); err == nil || !strings.Contains(err.Error(), "pinned root") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "trust.list")); err == nil {
		t.Error("a list was written")
	}
}

// A revocation list that says that it is good for years is told to be stale once the
// next one is overdue; and a key that is out of hand is shown.
func TestShowTellsWhatIsJudged(t *testing.T) {
	dir := folder(t)
	name := issuer.Name(ber.PrintableString, "C=XX", "CN=CSCA")
	key := must(issuer.NewEC("brainpoolP256r1"))
	csca := must(issuer.Certify(issuer.CountrySigner(issuer.Party{Name: name, Key: key, From: now.AddDate(-1, 0, 0), Until: now.AddDate(5, 0, 0)}), key))
	long := must(issuer.Revoke(issuer.CRL{Issuer: name, This: now, Next: now.AddDate(70, 0, 0), KeyID: key.ID()}, key))
	var digests bytes.Buffer
	if err := (Digest{}).show(&digests, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: csca})); err != nil {
		t.Fatal(err)
	}
	said := strings.Fields(digests.String())
	stolen := said[len(said)-1]
	for file, b := range map[string][]byte{"own.der": csca, "long.crl": long, "stolen": fmt.Appendf(nil, `{"defects": [{"key": "%s", "reason": "stolen"}]}`, stolen)} {
		if err := os.WriteFile(filepath.Join(dir, file), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	own := fmt.Sprintf("%x", sha256.Sum256(csca))
	if out, err := run(dir, Import{Pin: []string{own}}, "own.der", "long.crl", "stolen"); err != nil || !strings.Contains(digests.String(), "pin     "+own) {
		t.Fatalf("%v\n%s", err, out)
	}
	l := must(open(filepath.Join(dir, "trust.list")))
	if _, ok := l.Distrusted(l.Anchors[0].Certificate); !ok {
		t.Error("the digest that was printed is another")
	}
	for days, stale := range map[int]bool{89: false, 91: true} {
		var shown bytes.Buffer
		if err := (Show{}).show(&shown, l, now.AddDate(0, 0, days)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(shown.String(), "stale") != stale || !strings.Contains(shown.String(), "key "+stolen+" is out of hand") {
			t.Errorf("after %d days:\n%s", days, shown.String())
		}
	}
	if err := (Digest{File: "text"}).show(&digests, files()["text"]); err == nil {
		t.Error("a text has digests")
	}
}

// Two imports at once: one comes after the other, and neither is lost.
func TestImportsAtOnce(t *testing.T) {
	dir := folder(t)
	if _, err := run(dir, pin(), "xx.ml"); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for _, name := range []string{"rules", "xx.crl"} {
		both.Go(func() {
			if _, err := run(dir, Import{}, name); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if l := must(open(filepath.Join(dir, "trust.list"))); l.Version != 3 || len(l.CRLs) != 1 || len(l.Exceptions) != 1 {
		t.Errorf("version %d, %d revocation lists, %d exceptions", l.Version, len(l.CRLs), len(l.Exceptions))
	}
}
