package bridge

import (
	"context"

	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/door"
	keyshareremote "github.com/tunnus-id/tunnus/key/keyshare/remote"
	"github.com/tunnus-id/tunnus/remote"
	"github.com/tunnus-id/tunnus/trust/issue"
	issueremote "github.com/tunnus-id/tunnus/trust/issue/remote"
)

// Keyshare is the server's half of the keys: the service itself ([Local]), or a
// client of the process that has it, of which the contracts are the same. A
// failure that is not [tunnus.Code.Decided] says nothing of what was done.
type Keyshare struct {
	server.Keys // messages of phones
	Halves
	Transactions
	Blocks
	Notices
}

// Halves are the keys; see [keyshare.Service].
type Halves interface {
	Key(ctx context.Context, keyID string) (keyshare.View, error)
	Bind(ctx context.Context, keyID, account string) error
	AssignModulus(ctx context.Context, keyID string) ([]byte, error)
}

// Transactions are what keys are asked to sign; see [keyshare.Service]. Of what
// Offer returns only the ID is to be used.
type Transactions interface {
	Offer(ctx context.Context, o keyshare.OfferRequest) (keyshare.Transaction, error)
	Outcome(ctx context.Context, id string) (keyshare.Outcome, error)
	Cancel(ctx context.Context, id string) error
}

// Blocks end keys, or stop them for a time; see [keyshare.Service].
type Blocks interface {
	Suspend(ctx context.Context, keyID, reason string) error
	Resume(ctx context.Context, keyID string) error
	Revoke(ctx context.Context, keyID, reason string) error
}

// Notices tell of keys whose accounts need something done; see [keyshare.Service].
type Notices interface {
	Settle(ctx context.Context) ([]keyshare.Notice, error)
	Done(ctx context.Context, n keyshare.Notice) error
}

// Local is keyshare in this process.
func Local(s *keyshare.Service) Keyshare { return Keyshare{door.Door{Keys: s}, s, s, s, s} }

// Authority is the certificate authority: the service itself, or a client of the
// process that has it; see [issue.Service].
type Authority interface {
	Issue(ctx context.Context, r issue.Request) (issue.Certificate, error)
	SuspendAccount(ctx context.Context, account string) error
	ResumeAccount(ctx context.Context, account string) error
	RevokeAccount(ctx context.Context, account string, why issue.Reason) error
}

// RemoteKeyshare is keyshare in another process.
func RemoteKeyshare(self remote.Identity, at string, p remote.Peer) (Keyshare, error) {
	peer, err := self.Dial(at, keyshareremote.Service, p)
	if err != nil {
		return Keyshare{}, err
	}
	c := keyshareremote.New(peer)
	return Keyshare{c, c, c, c, c}, nil
}

// RemoteAuthority is the certificate authority in another process.
func RemoteAuthority(self remote.Identity, at string, p remote.Peer) (*issueremote.Client, error) {
	peer, err := self.Dial(at, issueremote.Service, p)
	if err != nil {
		return nil, err
	}
	return issueremote.New(peer), nil
}
