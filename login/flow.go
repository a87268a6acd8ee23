package login

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// Rules are the times and budgets of log-ins.
type Rules struct {
	Answer     time.Duration // how long the holder has to open a request
	PIN        time.Duration // how much longer, to type the PIN
	Readable   time.Duration // how long a relying party may read how a session ended
	Pending    int           // requests that may wait for one person at a time
	Unanswered int           // requests of the last Window that a person may leave unanswered or refuse
	Window     time.Duration
	Mute       time.Duration // how long "not me" stops a service's notifications; at most 24 h
	Reread     time.Duration // how often an idle poll reads its row again
}

// DefaultRules are those of product.md §6 and security.md P4.
func DefaultRules() Rules {
	return Rules{
		Answer: 90 * time.Second, PIN: 30 * time.Second, Readable: 5 * time.Minute,
		Pending: 2, Unanswered: 5, Window: time.Hour, Mute: 24 * time.Hour,
		Reread: 5 * time.Second,
	}
}

// Config is what a [Flow] is made of. All of it is needed.
type Config struct {
	Scheme   string // "tunnus", in the sandbox "tunnus-demo": it enters what is signed
	Rules    Rules
	Store    Store
	Accounts Accounts
	Signer   Signer
	Notifier Notifier
	Clock    tunnus.Clock
}

// A Flow leads log-ins from question to answer. It may be used by many at once,
// in several processes over one store.
type Flow struct {
	scheme   string
	rules    Rules
	store    Store
	accounts Accounts
	signer   Signer
	notifier Notifier
	clock    tunnus.Clock
}

// New returns a flow, or says what is missing.
func New(c Config) (*Flow, error) {
	r := c.Rules
	var errs []error
	for _, v := range []struct {
		bad bool
		why string
	}{
		{c.Scheme == "", "scheme: missing"},
		{c.Store == nil || c.Accounts == nil || c.Signer == nil || c.Notifier == nil || c.Clock == nil, "a port is missing"},
		{r.Answer <= 0 || r.PIN < 0 || r.Readable <= 0, "times of a session: missing"},
		{r.Pending < 1 || r.Unanswered < 1 || r.Window <= 0, "budgets of a person: missing"},
		{r.Window > memory || r.Mute > memory, "window and mute: at most 24 hours"},
		{r.Reread <= 0, "reread: missing"},
	} {
		if v.bad {
			errs = append(errs, errors.New("login: "+v.why))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Flow{c.Scheme, c.Rules, c.Store, c.Accounts, c.Signer, c.Notifier, c.Clock}, nil
}

// memory is how far back a person's sessions are read: what a [Store] keeps.
const memory = 24 * time.Hour

// A detail is what a session keeps in its Detail.
type detail struct {
	Fields  acsp.Fields `json:"fields"`
	Choices []string    `json:"choices"` // three verification codes in the order they are shown
	Offers  []offer     `json:"offers"`
	Ignored []string    `json:"ignored,omitempty"`
	Refused string      `json:"refused,omitempty"` // the screen on which it was cancelled
	Answer  *Answer     `json:"answer,omitempty"`
}

// An offer is one account that was asked.
type offer struct {
	Account     string `json:"account"`
	KeyID       string `json:"key"`
	Transaction string `json:"transaction"`
}

// A loaded session is one with its detail read.
type loaded struct {
	Session
	detail detail
}

func load(s Session) (loaded, error) {
	var d detail
	if err := json.Unmarshal(s.Detail, &d); err != nil {
		return loaded{}, fmt.Errorf("login: session %s: detail: %w", s.ID, err)
	}
	return loaded{s, d}, nil
}

// offerOf returns what an account was asked; ok is false if it was not.
func (l loaded) offerOf(account string) (o offer, ok bool) {
	for _, o := range l.detail.Offers {
		if o.Account == account {
			return o, true
		}
	}
	return offer{}, false
}

// An Answer is a log-in as the relying party gets it.
type Answer struct {
	Number        string       `json:"number"` // document number of the account
	Level         tunnus.Level `json:"level"`
	Certificate   []byte       `json:"certificate"` // DER
	Signature     []byte       `json:"signature"`
	ServerRandom  string       `json:"serverRandom"`
	UserChallenge string       `json:"userChallenge"`
	Interaction   acsp.Type    `json:"interaction"`
	Flow          acsp.Flow    `json:"flow"`
	Hash          acsp.Hash    `json:"hash"`
}

// A Status is what a relying party is told of its session.
type Status struct {
	State   State
	End     EndResult // "" while it runs
	Refused acsp.Type // the screen that was cancelled, with UserRefusedInteraction
	Answer  *Answer   // with OK
	Ignored []string  // names of request properties that were not understood
}

func (l loaded) status() Status {
	return Status{l.State, l.End, acsp.Type(l.detail.Refused), l.detail.Answer, l.detail.Ignored}
}

// sessionTopic and personTopic name what a [Notifier] is woken for.
func sessionTopic(id string) string    { return "login.session:" + id }
func personTopic(person string) string { return "login.person:" + person }

// newID returns a random UUID (RFC 9562 §5.4).
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
