package app

import (
	"slices"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

// State is what the app remembers: the device key, its halves of keys, its
// accounts, and the request whose answer it does not have yet.
type State struct {
	Device   []byte     `json:"device,omitempty"` // hk, SEC 1
	Keys     []*HeldKey `json:"keys,omitempty"`
	Accounts []Held     `json:"accounts,omitempty"`
	Pending  *Pending   `json:"pending,omitempty"`

	// Making names the keys of the registration that goes on.
	Making map[splitkey.Purpose]string `json:"making,omitempty"`
}

// A HeldKey is the phone's side of one key.
type HeldKey struct {
	Blob    splitkey.Blob `json:"blob"`
	OneTime []byte        `json:"one_time"`          // the server's newest one-time value
	Modulus []byte        `json:"modulus,omitempty"` // n, once it is known and was checked
}

// A Held is one account of this phone.
type Held struct {
	Document string `json:"document"`
	Scheme   string `json:"scheme"` // under which it was made; nothing of another is signed
	Login    string `json:"login"`  // key ids
	Sign     string `json:"sign"`
}

// A Pending is a request that was stored before it was sent. If the app ends
// before the answer, it is sent again before anything else: the server gives
// the stored answer, and no try is counted twice (security.md K3).
type Pending struct {
	Key  string `json:"key"`
	Body []byte `json:"body"`
}

func (s *State) key(id string) (*HeldKey, bool) {
	i := slices.IndexFunc(s.Keys, func(k *HeldKey) bool { return k.Blob.Key == id })
	if i < 0 {
		return nil, false
	}
	return s.Keys[i], true
}

// dropKeys forgets keys that belong to no account: what is left of a
// registration that did not end well.
func (s *State) dropKeys() {
	s.Keys = slices.DeleteFunc(s.Keys, func(k *HeldKey) bool {
		return !slices.ContainsFunc(s.Accounts, func(a Held) bool { return a.Login == k.Blob.Key || a.Sign == k.Blob.Key })
	})
	s.Making = nil
}
