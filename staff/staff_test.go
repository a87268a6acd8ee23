package staff

import (
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
)

func TestRoles(t *testing.T) {
	want := map[Role]string{ // one letter a right, in the order of Rights, or a dot
		Agent:      "LCF.......",
		Officer:    "..FT.SEA..",
		Reviewer:   "....R.....",
		Supervisor: "LCFTR.EAIN",
		Operator:   "........IN",
	}
	letters := "LCFTRSEAIN"
	for _, r := range Roles() {
		got := ""
		for i, x := range Rights() {
			if r.May(x) {
				got += letters[i : i+1]
			} else {
				got += "."
			}
		}
		if got != want[r] {
			t.Errorf("%s may %s; want %s", r, got, want[r])
		}
	}
	if Role("janitor").Valid() || Role("").Valid() {
		t.Error("a role that no table knows")
	}
}

// The table has no right to lift a lock, to see a secret, or to make an account.
func TestStaffCannotLiftPermanentLock(t *testing.T) {
	for _, role := range Roles() {
		for _, x := range append(rights[role], Rights()...) {
			for _, word := range []string{"lock", "lift", "unblock", "reset", "pin", "secret", "create", "image"} {
				if strings.Contains(string(x), word) {
					t.Errorf("%s has a right %q", role, x)
				}
			}
			if !slices.Contains(Rights(), x) {
				t.Errorf("%s has a right %q that is not listed", role, x)
			}
		}
	}
}

func actor(t *testing.T, roles ...Role) Actor {
	t.Helper()
	key, err := device.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := device.Sign(key, device.Request{Method: "GET", Path: "/"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Prove(Member{ID: "reg-1", Roles: roles, Key: s.Key, Mark: "own"}, s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestNobodyMayAnything(t *testing.T) {
	var nobody Actor
	for _, x := range Rights() {
		if tunnus.CodeOf(nobody.May(x)) != tunnus.CodeStaffNoRight {
			t.Errorf("nobody may %s", x)
		}
	}
	if nobody.Other("somebody") == nil || nobody.Second() == nil {
		t.Error("nobody acts on others")
	}
}

func TestR8NeverForOneself(t *testing.T) {
	a := actor(t, Officer)
	for mark, ok := range map[string]bool{"own": false, "": false, "another": true} {
		if err := a.Other(mark); (err == nil) != ok || err != nil && tunnus.CodeOf(err) != tunnus.CodeStaffOneself {
			t.Errorf("Other(%q) = %v", mark, err)
		}
	}
}

func TestFourEyesAreTwo(t *testing.T) {
	a := actor(t, Officer)
	if err := a.Second("reg-2", "reg-1"); tunnus.CodeOf(err) != tunnus.CodeStaffFourEyes {
		t.Errorf("a member seconded himself: %v", err)
	}
	if err := a.Second("reg-2"); err != nil {
		t.Error(err)
	}
}

func TestOnlyTheOwnKeyProves(t *testing.T) {
	one, other := actor(t, Agent), actor(t, Agent)
	if _, err := Prove(one.member, other.signed); tunnus.CodeOf(err) != tunnus.CodeBadSignature {
		t.Errorf("another key proved a member: %v", err)
	}
	forged := one.signed
	forged.Request.Path = "/other"
	if _, err := Prove(one.member, forged); tunnus.CodeOf(err) != tunnus.CodeBadSignature {
		t.Errorf("another request was taken: %v", err)
	}
	if _, err := Prove(Member{}, device.Signed{}); err == nil {
		t.Error("a member without a key was proved")
	}
}

func TestMarksDiffer(t *testing.T) {
	a, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	one, two := NewMarker(tunnus.NewSecret([]byte("1"))), NewMarker(tunnus.NewSecret([]byte("2")))
	if one.Mark(a) == two.Mark(a) || len(one.Mark(a)) != 64 || strings.Contains(one.Mark(a), "1990") {
		t.Errorf("marks %s %s", one.Mark(a), two.Mark(a))
	}
}

func TestMembersAreChecked(t *testing.T) {
	good := actor(t, Agent).member
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Member){
		"capital": func(m *Member) { m.ID = "Reg" },
		"blank":   func(m *Member) { m.ID = "a b" },
		"long":    func(m *Member) { m.ID = strings.Repeat("a", 33) },
		"none":    func(m *Member) { m.Roles = nil },
		"unknown": func(m *Member) { m.Roles = []Role{Agent, "king"} },
		"no mark": func(m *Member) { m.Mark = "" },
		"no key":  func(m *Member) { m.Key = nil },
	} {
		m := good
		if change(&m); m.Check() == nil {
			t.Errorf("%s: let through", name)
		}
	}
}

func FuzzTidy(f *testing.F) {
	for _, s := range []string{"7k3qz-m2xwa", "O0 IL-1", "\x00", "İ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Tidy(s)
		if Tidy(once) != once {
			t.Errorf("Tidy is not settled: %q, %q", once, Tidy(once))
		}
		if c := Clip(s); len(c) > 32 || Clip(c) != c || strings.ContainsAny(c, " \n\r\"'<;") {
			t.Errorf("Clip(%q) = %q", s, c)
		}
		if n := Number(s); Number(n) != n || Tidy(n) != once && n != "" || len(n) != 0 && len(n) != 11 && len(n) != 14 {
			t.Errorf("Number(%q) = %q", s, n)
		}
	})
}

func TestReferences(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		r := Reference()
		if seen[r] || len(r) != 11 || r[5] != '-' || Clip(r) != r || Number(r) != r || Tidy(r) != r[:5]+r[6:] {
			t.Fatalf("reference %q", r)
		}
		seen[r] = true
	}
}
