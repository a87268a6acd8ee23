package sandbox

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	register "github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/population"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	face "github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/trust/pki"
)

func newWorld(t *testing.T) *World {
	t.Helper()
	w, err := Open(filepath.Join(t.TempDir(), "world"), tunnus.SystemClock{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Each person has a right personal code that tells their birth, and a face of the cast:
// an own one, but for children.
func TestPeople(t *testing.T) {
	all, err := People()
	if err != nil || len(all) != len(people) {
		t.Fatalf("%d of %d people, %v", len(all), len(people), err)
	}
	codes, numbers, faces := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range all {
		again, err := tunnus.ParsePersonCode("XX", p.Code.Value())
		birth, told := again.BirthDate()
		if err != nil || !told || !birth.Equal(p.Birth) {
			t.Errorf("%s: code %v tells %v, born %v", p.Name, err, birth, p.Birth)
		}
		if f, ok := face.Find(p.Face); !ok || f.Sex != p.Sex {
			t.Errorf("%s: no face, or another sex", p.Name)
		}
		if child := guardians[p.Name] != nil; faces[p.Face] != child {
			t.Errorf("%s: a child %v, with somebody else's face %v", p.Name, child, faces[p.Face])
		}
		faces[p.Face] = true
		if codes[p.Code.Value()] || numbers[p.Number] {
			t.Errorf("%s: code or passport is another's too", p.Name)
		}
		codes[p.Code.Value()], numbers[p.Number] = true, true
	}
}

func TestNobodyElseLivesHere(t *testing.T) {
	if p, err := Find("mallory"); err == nil {
		t.Errorf("found %v", p)
	}
}

// contents reads every file of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A world is made once and kept: with other keys nobody's passport would be good.
func TestWorldIsMadeOnce(t *testing.T) {
	w := newWorld(t)
	before := contents(t, w.Path())
	if _, err := Open(w.Path(), tunnus.SystemClock{}); err != nil {
		t.Fatal(err)
	}
	after := contents(t, w.Path())
	if len(before) != len(after) {
		t.Errorf("%d files became %d", len(before), len(after))
	}
	for path, b := range before {
		if after[path] != b {
			t.Errorf("%s was made anew", path)
		}
	}
}

// Two processes may open a new world at a time; they find one and the same.
func TestWorldOpenedTwiceAtATime(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, err := Open(dir, tunnus.SystemClock{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if _, err := tls.X509KeyPair(read("tls/server.pem"), read("tls/server.key")); err != nil {
		t.Errorf("TLS certificate and key do not belong together: %v", err)
	}
	certs, err := pki.DecodeCertificates(read("authority/issuing.pem"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := pki.DecodeKey(tunnus.NewSecret(read("authority/issuing.key")))
	if err != nil {
		t.Fatal(err)
	}
	if !equalKeys(certs[0], key.Public()) {
		t.Error("issuing certificate and key do not belong together")
	}
}

func equalKeys(c *x509.Certificate, pub any) bool {
	a, err1 := x509.MarshalPKIXPublicKey(c.PublicKey)
	b, err2 := x509.MarshalPKIXPublicKey(pub)
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}

// What a crash has left undone is done at the next opening.
func TestWorldIsMended(t *testing.T) {
	w := newWorld(t)
	for _, gone := range []string{"country.json", "tls/server.key", "register.json"} {
		if err := os.Remove(w.Path(gone)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(w.Path("country.json.new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := Open(w.Path(), tunnus.SystemClock{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Country(); err != nil {
		t.Error(err)
	}
	if _, err := tls.LoadX509KeyPair(w.Path("tls", "server.pem"), w.Path("tls", "server.key")); err != nil {
		t.Error(err)
	}
}

func TestWorldIsItsOwnersOnly(t *testing.T) {
	w := newWorld(t)
	for path := range contents(t, w.Path()) {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// The register knows everybody, as it is read by the server.
func TestRegisterIsReadable(t *testing.T) {
	w := newWorld(t)
	b, err := os.ReadFile(w.Path("register.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := population.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	all, err := People()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if got, err := r.ByCode(t.Context(), p.Code); err != nil || got.Surname != p.Surname || !got.Birth.Equal(p.Birth) {
			t.Errorf("%s: %+v, %v", p.Name, got, err)
		}
	}
}

// A passport is issued once, says who its holder is, and is signed by the state
// that the trust list knows.
func TestPassport(t *testing.T) {
	w := newWorld(t)
	first, err := w.Passport("ada")
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Passport("ada")
	if err != nil || first.Zone() != again.Zone() {
		t.Errorf("issued again: %v", err)
	}
	who, err := Find("ada")
	if err != nil {
		t.Fatal(err)
	}
	if z := first.Zone(); z.Number != who.Number || z.Surname != who.Surname || z.Optional1 != who.Code.Value() {
		t.Errorf("zone %+v", z)
	}
	cert, err := os.ReadFile(w.Path("trust", "utopia.der"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trustlist.Of(cert); err != nil {
		t.Error(err)
	}
}

// A name is a name of the cast, and not a path.
func TestPassportOfAPath(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"../country", "", "ada/../ada", "mallory"} {
		if _, err := w.Passport(name); err == nil || !strings.Contains(err.Error(), "nobody") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestBodyNeedsAWorld(t *testing.T) {
	if _, err := NewBody("", "ada", tunnus.SystemClock{}); err == nil {
		t.Error("a body without a world")
	}
	if _, err := NewBody(newWorld(t).Path(), "mallory", tunnus.SystemClock{}); err == nil {
		t.Error("a body of nobody")
	}
}

// What is printed is what the chip says, so that it can be typed off.
func TestPageSaysWhatTheChipSays(t *testing.T) {
	dir := t.TempDir()
	b, err := NewBody(dir, "ben", tunnus.SystemClock{})
	if err != nil {
		t.Fatal(err)
	}
	ben, err := Find("ben")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(b.Page(), "\n")
	for _, printed := range []string{ben.Number, ben.Surname, ben.GivenNames, ben.Code.Value()} {
		if !strings.Contains(page, printed) {
			t.Errorf("the page does not hold %q", printed)
		}
	}
}

// Who answers for a child is in the register, and nobody else is.
func TestGuardiansAreInTheRegister(t *testing.T) {
	w := newWorld(t)
	b, err := os.ReadFile(w.Path("register.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := population.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	ida, err := Find("ida")
	if err != nil {
		t.Fatal(err)
	}
	list, err := register.Consenting(t.Context(), r, ida.Code, time.Now())
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v; want two guardians", list, err)
	}
	for name, want := range map[string]bool{"ada": true, "dov": true, "ben": false} {
		p, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if may, err := register.MayConsent(t.Context(), r, scheme.Nordic().FullAge, p.Code, ida.Code, time.Now()); err != nil || may != want {
			t.Errorf("%s may consent: %v, %v", name, may, err)
		}
	}
}

// Passports prove themselves as the cast says, and most by active authentication.
func TestProofsOfPassports(t *testing.T) {
	w := newWorld(t)
	for name, want := range map[string]Proof{"ada": Active, "cleo": Chip, "gus": Both} {
		p, err := w.Passport(name)
		if err != nil {
			t.Fatal(err)
		}
		active, own, pace := p.Group(15) != nil, emrtd.OffersChipAuth(p.Group(14)), p.CardAccess() != nil
		if active != (want != Chip) || own != (want != Active) || pace != own {
			t.Errorf("%s: active %v, own key %v, PACE %v; want %q", name, active, own, pace, want)
		}
	}
}
