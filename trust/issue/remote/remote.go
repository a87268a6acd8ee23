// Package remote is the certificate authority in a process of its own: [Handler]
// serves what other processes may ask of it, and [Client] asks, with the methods
// of [issue.Service].
//
// Whether a person may have a certificate is for the flow that asks; what a
// certificate may say is judged where the CA's key is, whoever asks.
package remote

import (
	"context"
	"crypto/rsa"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/remote"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// Service is the name under which the authority is called.
const Service = "issue"

// request is [issue.Request] on the wire.
type request struct {
	ID         string       `json:"id"`
	Account    string       `json:"account"`
	Document   string       `json:"document"`
	Person     string       `json:"person"` // semantics identifier
	Surname    string       `json:"surname"`
	GivenNames string       `json:"given_names"`
	Birth      time.Time    `json:"birth"`
	Level      tunnus.Level `json:"level"`
	Purpose    pki.Purpose  `json:"purpose"`
	Modulus    []byte       `json:"modulus"`
	Exponent   int          `json:"exponent"`
	Device     string       `json:"device"`
}

func write(r issue.Request) (request, error) {
	if r.PublicKey == nil || r.PublicKey.N == nil {
		return request{}, tunnus.BadRequest("publicKey", errors.New("issue: no key"))
	}
	return request{
		ID: r.ID, Account: r.Account, Document: r.Document, Person: r.Subject.Code.SemanticsID(),
		Surname: r.Subject.Surname, GivenNames: r.Subject.GivenNames, Birth: r.Subject.Birth,
		Level: r.Level, Purpose: r.Purpose, Modulus: r.PublicKey.N.Bytes(), Exponent: r.PublicKey.E, Device: r.Device,
	}, nil
}

func (r request) read() (issue.Request, error) {
	code, err := tunnus.ParseSemanticsID(r.Person)
	if err != nil {
		return issue.Request{}, err
	}
	return issue.Request{
		ID: r.ID, Account: r.Account, Document: r.Document, Level: r.Level, Purpose: r.Purpose, Device: r.Device,
		Subject:   pki.Subject{Code: code, Surname: r.Surname, GivenNames: r.GivenNames, Birth: r.Birth},
		PublicKey: &rsa.PublicKey{N: new(big.Int).SetBytes(r.Modulus), E: r.Exponent},
	}, nil
}

// account names an account, and why something is done to its certificates.
type account struct {
	Account string       `json:"account"`
	Reason  issue.Reason `json:"reason,omitempty"`
}

// Authority is what is served: an [issue.Service], or what adds to it that nothing
// leaves before it is logged.
type Authority interface {
	Issue(ctx context.Context, r issue.Request) (issue.Certificate, error)
	Certificates(ctx context.Context, account string) ([]issue.Certificate, error)
	SuspendAccount(ctx context.Context, account string) error
	ResumeAccount(ctx context.Context, account string) error
	RevokeAccount(ctx context.Context, account string, why issue.Reason) error
}

// Proofs shows that certificates are in the transparency log.
type Proofs interface {
	// Certificate proves it, with the log's public key; it fails with
	// [tunnus.CodeNotFound] if the certificate is not logged.
	Certificate(ctx context.Context, account string, der []byte) (p proof.Inclusion, key string, err error)
}

// certificate names one of an account.
type certificate struct {
	Account string `json:"account"`
	DER     []byte `json:"der"`
}

// logged is the proof of one.
type logged struct {
	Proof proof.Inclusion `json:"proof"`
	Key   string          `json:"key"`
}

// Handler serves the authority's methods; see [remote.Handler] for where to mount it.
func Handler(s Authority, proofs Proofs, log *slog.Logger) http.Handler {
	return remote.Handler(Service, map[string]remote.Method{
		"issue": remote.Serve(func(ctx context.Context, in request) (issue.Certificate, error) {
			r, err := in.read()
			if err != nil {
				return issue.Certificate{}, err
			}
			return s.Issue(ctx, r)
		}),
		"certificates": remote.Serve(func(ctx context.Context, in account) ([]issue.Certificate, error) {
			return s.Certificates(ctx, in.Account)
		}),
		"logged": remote.Serve(func(ctx context.Context, in certificate) (out logged, err error) {
			out.Proof, out.Key, err = proofs.Certificate(ctx, in.Account, in.DER)
			return out, err
		}),
		"suspend": remote.Do(func(ctx context.Context, in account) error { return s.SuspendAccount(ctx, in.Account) }),
		"resume":  remote.Do(func(ctx context.Context, in account) error { return s.ResumeAccount(ctx, in.Account) }),
		"revoke":  remote.Do(func(ctx context.Context, in account) error { return s.RevokeAccount(ctx, in.Account, in.Reason) }),
	}, log)
}

// A Client is the authority as another process has it. Its methods are those of
// [issue.Service], with their contracts, and may be repeated; besides, each fails
// with [tunnus.CodeServiceDown] if the authority gives no answer.
type Client struct{ peer *remote.Client }

// New makes a client of a connection that was dialled for [Service].
func New(peer *remote.Client) *Client { return &Client{peer} }

// Issue returns the certificate for a request.
func (c *Client) Issue(ctx context.Context, r issue.Request) (out issue.Certificate, err error) {
	in, err := write(r)
	if err != nil {
		return out, err
	}
	err = c.peer.Call(ctx, "issue", in, &out)
	return out, err
}

// Certificates returns an account's certificates, oldest first.
func (c *Client) Certificates(ctx context.Context, id string) (out []issue.Certificate, err error) {
	err = c.peer.Call(ctx, "certificates", account{Account: id}, &out)
	return out, err
}

// RevokeAccount revokes whatever an account has.
func (c *Client) RevokeAccount(ctx context.Context, id string, why issue.Reason) error {
	return c.peer.Call(ctx, "revoke", account{id, why}, &remote.None{})
}

// SuspendAccount suspends whatever an account has that is not revoked.
func (c *Client) SuspendAccount(ctx context.Context, id string) error {
	return c.peer.Call(ctx, "suspend", account{Account: id}, &remote.None{})
}

// ResumeAccount resumes whatever an account has that is not revoked.
func (c *Client) ResumeAccount(ctx context.Context, id string) error {
	return c.peer.Call(ctx, "resume", account{Account: id}, &remote.None{})
}

// Certificate proves that a certificate of an account is logged.
func (c *Client) Certificate(ctx context.Context, id string, der []byte) (p proof.Inclusion, key string, err error) {
	var out logged
	err = c.peer.Call(ctx, "logged", certificate{id, der}, &out)
	return out.Proof, out.Key, err
}
