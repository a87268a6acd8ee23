package demo

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/app/tries"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/sandbox"
)

// PIN1 of somebody else's making is not typed, nor where it may lead to a lock.
func TestHold(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	soon := now.Add(time.Hour)
	for name, tt := range map[string]struct {
		pin   tries.PIN
		want  string // in the reason, "" for none
		other bool
	}{
		"ours":           {tries.PIN{Kind: pin.PIN1, Tries: splitkey.Tries{Left: 3}}, "", false},
		"changed":        {tries.PIN{Kind: pin.PIN1, Changed: true, Tries: splitkey.Tries{Left: 3}}, "was changed", true},
		"one was wrong":  {tries.PIN{Kind: pin.PIN1, Tries: splitkey.Tries{Left: 2}}, "more would lock it", false},
		"locked":         {tries.PIN{Kind: pin.PIN1, Tries: splitkey.Tries{LockedUntil: &soon}}, "is locked for 1 h 0 min", false},
		"worn":           {tries.PIN{Kind: pin.PIN1, Tries: splitkey.Tries{Left: 3, Unconfirmed: 30}}, "worn out", false},
		"ended":          {tries.PIN{Kind: pin.PIN1, Tries: splitkey.Tries{Permanent: true}}, "this account ends", false},
		"the other's":    {tries.PIN{Kind: pin.PIN2, Changed: true, Tries: splitkey.Tries{LockedUntil: &soon}}, "", false},
		"lock that went": {tries.PIN{Kind: pin.PIN1, Tries: splitkey.Tries{Left: 3, LockedUntil: &now}}, "", false},
	} {
		why, other := hold([]tries.PIN{tt.pin}, now)
		if (why == "") != (tt.want == "") || !strings.Contains(why, tt.want) || other != tt.other {
			t.Errorf("%s: %q, %v", name, why, other)
		}
	}
}

// stage is a program whose phone finds every PIN wrong and writes down what is typed.
const stage = `#!/bin/sh
dir=$(dirname "$0")
case "$1 $2" in
"app accounts") echo '{"accounts":[{"state":"active"}],"pins":[{"pin":"PIN1","tries":{"left":3}}]}' ;;
"app wait")
	echo "ask answer"; read -r a; echo "$a" >>"$dir/typed"
	while [ "$a" = confirm ]; do echo "ask pin1"; read -r p || exit 1; echo "$p" >>"$dir/typed"; done ;;
"rp login")
	until grep -qs refuse "$dir/typed"; do sleep 0.05; done
	echo '{"end_result":"USER_REFUSED","verified":false}'; exit 1 ;;
esac
`

// A PIN1 that turns out wrong is typed once; the request is refused, and only an
// account that was made in this run makes it a failure.
func TestWrongPINIsTypedOnce(t *testing.T) {
	for name, kept := range map[string]bool{"kept": true, "new": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			program := filepath.Join(dir, "program")
			if err := os.WriteFile(program, []byte(stage), 0o700); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			s := &show{opt: Options{Program: program, Out: &out, Data: dir}, hand: handset{"ada", "ada"}, world: &sandbox.World{}, kept: kept, report: Report{Account: &Account{}}}
			if err := s.tryLogin(t.Context()); (err == nil) != kept {
				t.Errorf("error = %v", err)
			}
			typed, err := os.ReadFile(filepath.Join(dir, "typed"))
			if want := "confirm\n" + demoPIN1 + "\nrefuse\n"; err != nil || string(typed) != want {
				t.Errorf("typed %q, %v; want %q", typed, err, want)
			}
			if said := out.String(); kept != strings.Contains(said, "Log in yourself") {
				t.Errorf("said %q", said)
			}
		})
	}
}
