package vault

import (
	"slices"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

// State is what the app remembers: the device key, its halves of keys, its
// accounts, and the request whose answer it does not have yet.
type State struct {
	Device   []byte    `json:"device,omitempty"` // hk, SEC 1
	Keys     []*Key    `json:"keys,omitempty"`
	Accounts []Account `json:"accounts,omitempty"`
	Pending  *Pending  `json:"pending,omitempty"`

	// Making names the keys of the registration that goes on.
	Making map[splitkey.Purpose]string `json:"making,omitempty"`
	// MakingFor is the session with the server in which they were made. What another
	// one was made for has PINs that may be forgotten.
	MakingFor string `json:"making_for,omitempty"`
}

// A Key is the phone's side of one key.
type Key struct {
	Blob    splitkey.Blob `json:"blob"`
	OneTime []byte        `json:"one_time"`          // the server's newest one-time value
	Modulus []byte        `json:"modulus,omitempty"` // n, once it is known and was checked

	// Next is the half sealed under a new PIN, from before the server is asked to
	// let it live until it is known which of the two does (security.md K8).
	Next *Next `json:"next,omitempty"`
}

// A Next is a blob of the generation to come.
type Next struct {
	Blob    splitkey.Blob `json:"blob"`
	Change  string        `json:"change"`  // transaction of the PIN change that made it
	Confirm []byte        `json:"confirm"` // the message that lets it live, as it is sent
}

// An Account is one account of this phone.
type Account struct {
	Document string `json:"document"`
	Scheme   string `json:"scheme"` // under which it was made; nothing of another is signed
	Login    string `json:"login"`  // key ids
	Sign     string `json:"sign"`

	// Logs are the transparency logs that the certificates stand in, by key, each
	// with the newest checkpoint that was seen of it.
	Logs map[string][]byte `json:"logs,omitempty"`
}

// A Pending is a request that was stored before it was sent. If the app ends
// before the answer, it is sent again before anything else: the server gives
// the stored answer, and no try is counted twice (security.md K3).
type Pending struct {
	Key  string `json:"key"`
	Body []byte `json:"body"`
}

func (s *State) Key(id string) (*Key, bool) {
	i := slices.IndexFunc(s.Keys, func(k *Key) bool { return k.Blob.Key == id })
	if i < 0 {
		return nil, false
	}
	return s.Keys[i], true
}

// DropKeys forgets keys that belong to no account: what is left of a
// registration that did not end well.
func (s *State) DropKeys() {
	s.Keys = slices.DeleteFunc(s.Keys, func(k *Key) bool {
		return !slices.ContainsFunc(s.Accounts, func(a Account) bool { return a.Login == k.Blob.Key || a.Sign == k.Blob.Key })
	})
	s.Making, s.MakingFor = nil, ""
}
