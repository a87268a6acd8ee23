package client

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// complete is the state of a session that has ended.
const complete = "COMPLETE"

// A Request is what was asked: the answer is held against it. It is made by
// [Client.Prepare], serves one log-in, and has to stay on the service's side.
type Request struct {
	fields   acsp.Fields // ServerRandom comes with the answer
	offered  []acsp.Interaction
	person   tunnus.PersonCode
	number   string
	level    tunnus.Level
	code     string
	made     time.Time
	answered atomic.Bool
}

// Code is the verification code to show to the person.
func (q *Request) Code() string { return q.code }

// Prepare makes a request with a fresh challenge. Nothing is sent.
func (c *Client) Prepare(ask Ask) (*Request, error) {
	if ask.Hash == "" {
		ask.Hash = acsp.SHA3512
	}
	if ask.Level == "" {
		ask.Level = c.config.Level
	}
	switch {
	case ask.Subject.Person.IsZero() == (ask.Subject.Number == ""):
		return nil, errors.New("client: a person or a document number expected")
	case !ask.Hash.Known():
		return nil, errors.New("client: unknown hash algorithm")
	case !ask.Level.AtLeast(c.config.Level):
		return nil, errors.New("client: level is below what is configured")
	}
	encoded, err := acsp.EncodeInteractions(ask.Interactions...)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	q := &Request{
		fields: acsp.Fields{
			Scheme: c.config.Scheme, RPChallenge: acsp.NewChallenge(), RPName: c.config.Name,
			Interactions: encoded, Flow: acsp.Notification, Hash: ask.Hash,
		},
		offered: ask.Interactions, person: ask.Subject.Person, number: ask.Subject.Number,
		level: ask.Level, made: c.config.Clock.Now(),
	}
	if q.code, err = acsp.VerificationCode(q.fields.RPChallenge); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return q, nil
}

// A Status is a session as the server tells it (RP API v3, "session status").
// Nothing of it is to be believed before [Client.Verify] has returned.
type Status struct {
	State       string      `json:"state"`
	Result      Result      `json:"result"`
	Protocol    string      `json:"signatureProtocol"`
	Signature   Signature   `json:"signature"`
	Certificate Certificate `json:"cert"`
	Interaction acsp.Type   `json:"interactionTypeUsed"`
}

// A Result says how a session ended.
type Result struct {
	End     string `json:"endResult"` // "OK", "USER_REFUSED", "TIMEOUT" …
	Number  string `json:"documentNumber"`
	Details struct {
		Interaction string `json:"interaction"` // with "USER_REFUSED_INTERACTION"
	} `json:"details"`
}

// A Signature is the signature of an answer and what went into it.
type Signature struct {
	Value         []byte          `json:"value"`
	ServerRandom  string          `json:"serverRandom"`
	UserChallenge string          `json:"userChallenge"`
	Flow          acsp.Flow       `json:"flowType"`
	Algorithm     string          `json:"signatureAlgorithm"`
	Parameters    acsp.Parameters `json:"signatureAlgorithmParameters"`
}

// A Certificate is the one that belongs to a signature.
type Certificate struct {
	DER   []byte       `json:"value"`
	Level tunnus.Level `json:"certificateLevel"` // what the server says
}
