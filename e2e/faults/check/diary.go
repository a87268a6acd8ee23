package check

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// An Entry is one request of the app: when it was sent, and again when it was
// answered whole.
type Entry struct {
	Path    string
	Session string // of its header
	Counter string
	Type    string // of a key's message
	Status  int    // 0: sent, and nothing is known of an answer
	Sent    []byte // only the beginning of large ones
	Got     []byte
	At      time.Time // of the service
}

// step is the step of a registration that the request was.
func (e Entry) step() string {
	s, ok := strings.CutPrefix(e.Path, "/app/v1/registration/")
	if !ok {
		return ""
	}
	return s
}

// A Diary is what the app's side knows: each answer that reached it. Its zero value
// is ready. It is safe for use by many goroutines.
type Diary struct {
	// Now is the service's time; nil: the machine's.
	Now func() time.Time

	mu  sync.Mutex
	all []Entry
}

// All returns the entries so far.
func (d *Diary) All() []Entry {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clip(d.all)
}

// Keep returns a transport that writes down what comes back over another one.
func (d *Diary) Keep(over http.RoundTripper) http.RoundTripper { return keeper{d, over} }

type keeper struct {
	diary *Diary
	over  http.RoundTripper
}

// keptBody is how much of a request is kept: all but chip data and frames.
const keptBody = 64 << 10

// RoundTrip implements [http.RoundTripper]. An answer that breaks off is none.
func (k keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.GetBody != nil {
		if b, err := r.GetBody(); err == nil {
			sent, _ = io.ReadAll(io.LimitReader(b, keptBody))
		}
	}
	e := Entry{Path: r.URL.Path, Session: r.Header.Get("Tunnus-Session"), Counter: r.Header.Get("Tunnus-Counter"), Sent: sent}
	var m struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(sent, &m) == nil {
		e.Type = m.Type
	}
	k.diary.write(e)
	resp, err := k.over.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols { // a conversation; what it comes to stands in the database
		e.Status = resp.StatusCode
		k.diary.write(e)
		return resp, nil
	}
	got, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(got))
	e.Status, e.Got = resp.StatusCode, got
	k.diary.write(e)
	return resp, nil
}

func (d *Diary) write(e Entry) {
	e.At = time.Now()
	if d.Now != nil {
		e.At = d.Now()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, e)
}

// told is what an answer may say.
type told struct {
	Nonce   string   `json:"nonce"`
	Key     string   `json:"key"`
	Account *holding `json:"account"`
}

type holding struct {
	Document string `json:"document"`
	Keys     []struct {
		Certificate [][]byte `json:"certificate"`
	} `json:"keys"`
}

func (e Entry) told() (t told) {
	if e.Status == http.StatusOK {
		_ = json.Unmarshal(e.Got, &t) // what is not such an answer says none of it
	}
	return t
}

// certificates are those that answers have held.
func certificates(told []Entry) (all [][]byte) {
	for _, e := range told {
		if a := e.told().Account; a != nil {
			for _, k := range a.Keys {
				if len(k.Certificate) > 0 {
					all = append(all, k.Certificate[0])
				}
			}
		}
	}
	return all
}

// facts are those that an acknowledged step has made stand.
var facts = []string{
	"terms", "consent", "form", "chip", "contact", "register", "face", "pins", "code", "is-me", "activation", "keys", "replacement", "application",
}

// I13: what an answer has promised is in the database.
func promisesKept(s *Sight) error {
	sessions, err := s.sessions()
	if err != nil {
		return err
	}
	var words []string
	for _, query := range []string{
		"SELECT document FROM account", "SELECT id FROM keyshare_key", "SELECT session FROM otp_sheet",
	} {
		err := s.rows(query, func(scan func(...any) error) error {
			var w string
			err := scan(&w)
			words = append(words, w)
			return err
		})
		if err != nil {
			return err
		}
	}
	nonces := map[string]string{} // of sessions that are there: their ids
	err = s.rows("SELECT id, nonce FROM app_session", func(scan func(...any) error) error {
		var id string
		var b []byte
		err := scan(&id, &b)
		nonces[base64.RawURLEncoding.EncodeToString(b)] = id
		return err
	})
	for i, e := range s.told {
		if e.supersededBy(s.told[i+1:], nonces) || e.device() != "" && s.now().Sub(e.At) > sessionLife {
			continue
		}
		if what := e.broken(sessions, words, nonces); what != "" {
			s.fault("the app was told of %s, which is not there", what)
		}
	}
	return err
}

// sessionLife is how long the session of a device is kept.
const sessionLife = 24 * time.Hour

// device is the key of the device for which an answer has opened a session, "" for
// any other answer.
func (e Entry) device() string {
	var sent struct {
		DeviceKey string `json:"device_key"`
	}
	if e.Status == http.StatusOK && strings.HasSuffix(e.Path, "/sessions") {
		_ = json.Unmarshal(e.Sent, &sent) // what is not such a request opens none
	}
	return sent.DeviceKey
}

// supersededBy reports whether a session was opened whose device has opened another
// one later, which is there, and in which it has sent something: the first request of
// that one ends it, even if its answer was lost.
func (e Entry) supersededBy(later []Entry, nonces map[string]string) bool {
	key := e.device()
	for i, o := range later {
		if key == "" || o.device() != key {
			continue
		}
		id := nonces[o.told().Nonce]
		if id != "" && slices.ContainsFunc(later[i+1:], func(u Entry) bool { return u.Session == id }) {
			return true
		}
	}
	return false
}

// broken says what an answer has promised that is not kept.
func (e Entry) broken(sessions []session, words []string, nonces map[string]string) string {
	t := e.told()
	switch i := index(sessions, e.Session); {
	case e.Status != http.StatusOK:
		return ""
	case strings.HasSuffix(e.Path, "/sessions"):
		if nonces[t.Nonce] == "" {
			return "a session with its device"
		}
	case e.step() == "contact-send" && !slices.Contains(words, e.Session):
		return "a code that was sent"
	case slices.Contains(facts, e.step()):
		if i < 0 {
			return "a registration"
		}
		if _, ok := sessions[i].facts[e.step()]; !ok {
			return fmt.Sprintf("the fact %q of session %.8s", e.step(), e.Session)
		}
	case e.Type == "key-begin" && !slices.Contains(words, t.Key):
		return "a key"
	}
	if t.Account != nil && !slices.Contains(words, t.Account.Document) {
		return "an account"
	}
	return ""
}
