package serve

import (
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/bridge"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/key/keyshare"
)

// A registration judges a key by whose it is before anything is given to it, and
// ends none that another registration has.
func TestKeysOfAnotherRegistration(t *testing.T) {
	h, _, _ := withAda(t)
	a := sure(h.store.Accounts().ByPerson(t.Context(), ada(t).Code))(t)[0]
	v := sure(h.keys.Key(t.Context(), a.LoginKey))(t)
	keys := bridge.EnrolKeys{Keys: bridge.Local(h.keys)}
	for _, tt := range []struct {
		name, session, device, key string
		purpose                    binding.Purpose
		want                       tunnus.Code
	}{
		{"its own", v.Account, a.Device, a.LoginKey, binding.ForLogin, ""},
		{"another session", "other", a.Device, a.LoginKey, binding.ForLogin, tunnus.CodeStateConflict},
		{"another device", v.Account, "other", a.LoginKey, binding.ForLogin, tunnus.CodeNotFound},
		{"another purpose", v.Account, a.Device, a.LoginKey, binding.ForSignature, tunnus.CodeNotFound},
		{"no key", v.Account, a.Device, "other", binding.ForLogin, tunnus.CodeNotFound},
	} {
		if err := keys.Check(t.Context(), tt.session, tt.device, tt.key, tt.purpose); tunnus.CodeOf(err) != tt.want {
			t.Errorf("Check, %s: %v; want %q", tt.name, err, tt.want)
		}
		if _, err := keys.Assign(t.Context(), tt.session, tt.device, tt.key, tt.purpose); tunnus.CodeOf(err) != tt.want {
			t.Errorf("Assign, %s: %v; want %q", tt.name, err, tt.want)
		}
	}
	if err := keys.Revoke(t.Context(), "other", a.LoginKey); err != nil || sure(h.keys.Key(t.Context(), a.LoginKey))(t).State != keyshare.Ready {
		t.Errorf("another registration ended the key: %v", err)
	}
	if err := keys.Revoke(t.Context(), v.Account, a.LoginKey); err != nil {
		t.Fatal(err)
	}
	if err := keys.Check(t.Context(), v.Account, a.Device, a.LoginKey, binding.ForLogin); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("a key that has ended: %v", err)
	}
}

// R2: the line of each certificate's intent carries the device key's thumbprint.
func TestIntentsNameTheDevice(t *testing.T) {
	h, _, _ := withAda(t)
	a := sure(h.store.Accounts().ByPerson(t.Context(), ada(t).Code))(t)[0]
	n := 0
	for _, e := range sure(h.store.Audit().Events(t.Context(), a.ID))(t) {
		if e.Kind == "cert.intent" {
			if n++; e.Detail["device"] != a.Device || a.Device == "" {
				t.Errorf("the intent names device %q", e.Detail["device"])
			}
		}
	}
	if n != 2 {
		t.Errorf("%d intents; want 2", n)
	}
}
