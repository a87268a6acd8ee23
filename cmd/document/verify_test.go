package document

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// folder writes the files of a new document, and the trust list for it.
func folder(t *testing.T) (dir, trust string) {
	t.Helper()
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		t.Fatal(err)
	}
	c, err := virtual.NewCountry(now)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Issue(virtual.Holder{
		Surname: "LOVE", Number: "X1", Portrait: portrait.Bytes(),
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2032, 1, 31, 0, 0, 0, 0, time.UTC),
		Groups: map[int][]byte{3: {0x63, 1, 1}, 8: {0x68, 1, 2}}, // a chip has more than is asked for
	})
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	store(t, dir, "EF_SOD.bin", p.SOD())
	for n, g := range p.Groups() {
		store(t, dir, fmt.Sprintf("DG%d.bin", n), g)
	}
	d := trustlist.NewDraft(new(trustlist.List), now, sha256.Sum256(c.CSCA()))
	if _, err := d.Add(c.CSCA()); err != nil {
		t.Fatal(err)
	}
	list, err := d.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return dir, store(t, t.TempDir(), "trust.list", list.Format())
}

func store(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// report judges a folder as the command does, and prints it both ways.
func report(t *testing.T, dir, trust string) (r emrtd.Report, text string, data judged) {
	t.Helper()
	list, err := openTrust(trust)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := readFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	r = emrtd.Inspect(ev, list, now)
	var plain, coded bytes.Buffer
	if err := printReport(&plain, r, false); err != nil {
		t.Fatal(err)
	}
	if err := printReport(&coded, r, true); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(coded.Bytes(), &data); err != nil {
		t.Fatal(err)
	}
	return r, plain.String(), data
}

// The files of a genuine document are well, what was not performed is told, and
// one byte is enough for the check that finds it to be named.
func TestVerify(t *testing.T) {
	dir, trust := folder(t)
	r, text, data := report(t, dir, trust)
	if !r.Good() || !data.Good || len(data.Checks) != len(r.Checks) || strings.Count(text, "\n") != len(r.Checks) {
		t.Errorf("%s%+v", text, data)
	}
	if data.Zone == nil || data.Zone.Surname != "LOVE" {
		t.Errorf("zone %+v", data.Zone)
	}
	if !strings.Contains(text, "active-authentication  not-performed  there are files only, no chip\n") {
		t.Errorf("no word of the chip:\n%s", text)
	}
	if err := (Verify{Folder: dir, Trust: trust, At: now}).Run(); err != nil {
		t.Errorf("exit: %v", err)
	}
	if err := (Verify{Folder: dir, Trust: trust, At: now.AddDate(10, 0, 0), JSON: true}).Run(); err != ErrNotWell {
		t.Errorf("expired: %v", err)
	}
	store(t, dir, "EF_CardSecurity.bin", []byte("none"))
	if r, text, _ := report(t, dir, trust); r.Good() || !strings.Contains(text, "card-security          failed         cannot be read: EF.CardSecurity\n") {
		t.Errorf("EF.CardSecurity: %s", text)
	}
	if err := os.Remove(filepath.Join(dir, "EF_CardSecurity.bin")); err != nil {
		t.Fatal(err)
	}
	dg1, err := os.ReadFile(filepath.Join(dir, "DG1.bin"))
	if err != nil {
		t.Fatal(err)
	}
	dg1[20] ^= 1
	store(t, dir, "DG1.bin", dg1)
	r, text, data = report(t, dir, trust)
	if r.Good() || data.Good || data.Zone != nil || !strings.Contains(text, "hashes                 failed         a data group is not the one that was signed: 1\n") {
		t.Errorf("%s%+v", text, data)
	}
	if err := (Verify{Folder: dir, Trust: trust, At: now}).Run(); err != ErrNotWell {
		t.Errorf("changed: %v", err)
	}
}

// What is no folder of a document, and what is no trust list, is told.
func TestVerifyRefuses(t *testing.T) {
	dir, trust := folder(t)
	for name, c := range map[string]Verify{
		"no such folder":   {Folder: filepath.Join(dir, "none"), Trust: trust},
		"an empty folder":  {Folder: t.TempDir(), Trust: trust},
		"no such list":     {Folder: dir, Trust: trust + "x"},
		"a list of others": {Folder: dir, Trust: filepath.Join(dir, "DG1.bin")},
	} {
		if err := c.Run(); err == nil || err == ErrNotWell {
			t.Errorf("%s: %v", name, err)
		}
	}
	store(t, dir, "DG2.bin", make([]byte, maxChipFile+1))
	if err := (Verify{Folder: dir, Trust: trust}).Run(); err == nil || err == ErrNotWell {
		t.Errorf("a huge file: %v", err)
	}
}
