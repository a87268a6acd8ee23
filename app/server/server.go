// Package server is the server's side of the app: the HTTP interface that only
// devices may call, each request signed by the device's key.
//
// It identifies the caller, keeps answers for repeats, and hands each request
// to the flow that decides: registrations to enrol, keys to keyshare, requests
// of relying parties to login. It decides nothing itself.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/server/flight"
	"github.com/tunnus-id/tunnus/app/server/hall"
	"github.com/tunnus-id/tunnus/app/server/holding"
	"github.com/tunnus-id/tunnus/app/server/studio"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/door"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/problem"
)

// Limits on what an app may send, in bytes.
const (
	maxSmall     = 64 << 10
	maxClaim     = 64
	maxSignature = 80
)

// maxWait bounds how long a poll stays open.
const maxWait = 60 * time.Second

// Accounts is what is asked of the accounts.
type Accounts interface {
	// Get returns an account by its ID, or fails with [tunnus.CodeNotFound].
	Get(ctx context.Context, id string) (account.Account, error)
	// ByDevice returns the accounts of a device key, newest first.
	ByDevice(ctx context.Context, thumbprint string) ([]account.Account, error)
}

// Keys is keyshare, in this process or in another.
type Keys interface {
	// Message serves one message of package splitkey. Whether the device signed
	// it is seen there. After a failure that is not [tunnus.Code.Decided] the
	// same message may be handed on again.
	Message(ctx context.Context, r device.Signed) (door.Reply, error)
}

// Config is what a [Server] is put together from. All of it is needed.
type Config struct {
	Scheme   string // enters what a log-in signs
	Issuing  []byte // DER of the issuing CA, sent along with each certificate
	Sessions Sessions
	Replies  Replies
	Enrol    *enrol.Flow
	Keys     Keys
	Login    *login.Flow
	// Confirm is what other devices are asked to confirm; nil if none is.
	Confirm  *confirm.Service
	Accounts Accounts
	// Containers are the signed applications.
	Containers Containers
	Proofs     Proofs
	// Life is what holders do with accounts, contacts and their history.
	Life  *holding.Server
	Clock tunnus.Clock
	Log   *slog.Logger
}

// A Server answers apps.
type Server struct {
	cfg      Config
	flights  flight.Flights
	hall     hall.Hall // for large bodies
	sittings sittings  // cfg.Enrol
	studio   *studio.Studio
	relays   hall.Hall   // for runs of chip authentication
	shares   *hall.Halls // of them, by address
	sites    *hall.Halls // of them, by site
	openings *hall.Meter // of them, by site
	runs     *hall.Meter // new runs, by session
	sessions *hall.Meter // new sessions, by address
	begins   *hall.Meter // new keys, by session
	locks    locks       // tries that may have locked a key
}

// New makes a server.
func New(c Config) *Server {
	return &Server{
		cfg: c, hall: hall.New(largeAtOnce, largeQueue),
		sittings: c.Enrol, relays: hall.New(relaysAtOnce, relaysQueue), shares: hall.Each(relaysOfOne, relaysQueue), runs: hall.NewMeter(runsEvery, runsBurst),
		studio: studio.New(c.Enrol, c.Clock, c.Log),
		sites:  hall.Each(relaysOfSite, relaysQueue), openings: hall.NewMeter(openingsOf, openingsMost),
		sessions: hall.NewMeter(sessionsEvery, sessionsBurst), begins: hall.NewMeter(beginsEvery, beginsBurst),
	}
}

// Routes returns the handler of everything under /app/v1.
func (s *Server) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+wire.PathSessions, problem.Handle(s.start, s.cfg.Log))
	for name, do := range s.registration() {
		to := route{limit: maxSmall, do: steady(do), sitting: true}
		if name == "/"+wire.StepChip || name == "/"+wire.StepFace || name == "/"+wire.StepPictures {
			to.limit, to.waits = wire.MaxBody, name[1:]
		}
		mux.Handle("POST "+wire.PathRegistration+name, s.signed(to))
	}
	mux.Handle("GET "+wire.PathRelay, problem.Handle(s.relay, s.cfg.Log))
	mux.Handle("GET "+wire.PathCapture, problem.Handle(s.capture, s.cfg.Log))
	mux.Handle("POST "+wire.PathKeys, s.signed(route{limit: maxSmall, do: steady(s.key), sitting: true}))
	mux.Handle("POST "+wire.PathConfirm, s.signed(route{limit: maxSmall, do: steady(s.confirm)}))
	mux.Handle("POST "+wire.PathAccounts, s.signed(route{limit: maxSmall, do: s.accounts}))
	mux.Handle("POST "+wire.PathContainer, s.signed(route{limit: maxSmall, do: s.container}))
	mux.Handle("POST "+wire.PathLogged, s.signed(route{limit: maxSmall, do: s.logged}))
	mux.Handle("POST "+wire.PathRequests, s.signed(route{limit: maxSmall, do: s.requests}))
	mux.Handle("POST "+wire.PathRequests+"/{id}/refuse", s.signed(route{limit: maxSmall, do: steady(s.refuse)}))
	for path, do := range s.life() {
		mux.Handle("POST "+path, s.signed(route{limit: maxSmall, do: steady(do)}))
	}
	mux.Handle("/", problem.Handle(problem.Absent, s.cfg.Log))
	return mux
}

// key hands a message of the split key to keyshare, which checks the device's
// signature itself (security.md K7).
func (s *Server) key(ctx context.Context, c caller) (any, error) {
	m, err := problem.ParseLenient[struct {
		Type string `json:"type"`
	}](c.signed.Request.Body)
	if err != nil {
		return nil, err
	}
	if m.Type == splitkey.TypeBegin {
		if err := s.beginning(ctx, c); err != nil {
			return nil, err
		}
	}
	reply, err := s.cfg.Keys.Message(ctx, c.signed)
	if err != nil {
		return nil, err
	}
	if m.Type == splitkey.TypeEvaluate {
		s.tried(ctx, c, reply.Body)
	}
	if reply.Kind == acsp.Kind {
		s.finished(ctx, c, reply.Signed)
	}
	if m.Type == splitkey.TypeChangeConfirm {
		s.pinChanged(ctx, c)
	}
	return reply.Body, nil
}

// finished wakes whoever waits for a signature, which is out, whatever happens
// now. The row of the transaction is the truth; a log-in that is not told now is
// found by its poll.
func (s *Server) finished(ctx context.Context, c caller, transaction string) {
	a, err := s.own(ctx, c)
	if err == nil {
		err = s.cfg.Login.Finish(context.WithoutCancel(ctx), a.ID, transaction)
	}
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "a log-in could not be told that it is signed", "code", tunnus.CodeOf(err))
	}
}

// own returns the account of the calling device that can be used.
func (s *Server) own(ctx context.Context, c caller) (account.Account, error) {
	return Own(ctx, s.cfg.Accounts, c.device)
}

// accounts lists the accounts of the calling device.
func (s *Server) accounts(ctx context.Context, c caller) (any, error) {
	if _, err := problem.Parse[wire.None](c.signed.Request.Body); err != nil {
		return nil, err
	}
	list, err := s.cfg.Accounts.ByDevice(ctx, c.device)
	if err != nil {
		return nil, err
	}
	out := wire.Accounts{Accounts: []wire.Account{}}
	for _, a := range list {
		out.Accounts = append(out.Accounts, s.describe(a))
	}
	return out, nil
}

// describe is an account as its holder sees it.
func (s *Server) describe(a account.Account) wire.Account {
	w := wire.Account{
		Keys:     []wire.Key{},
		Document: a.Document, Name: a.GivenNames + " " + a.Surname, Level: string(a.Level), State: string(a.State), Expires: a.ExpiresAt,
	}
	keys := map[string]string{string(splitkey.Login): a.LoginKey, string(splitkey.Signature): a.SignKey}
	for _, c := range a.Certificates {
		w.Keys = append(w.Keys, wire.Key{ID: keys[c.Purpose], Purpose: c.Purpose, Certificate: [][]byte{c.DER, s.cfg.Issuing}})
	}
	return w
}

// requests waits for questions of relying parties.
func (s *Server) requests(ctx context.Context, c caller) (any, error) {
	in, err := problem.Parse[wire.Poll](c.signed.Request.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.own(ctx, c)
	if err != nil {
		return nil, err
	}
	wait := min(max(time.Duration(in.WaitMS)*time.Millisecond, 0), maxWait)
	list, err := s.cfg.Login.Pending(ctx, a.ID, wait)
	if err != nil {
		return nil, err
	}
	out := wire.Requests{Requests: []wire.Request{}}
	for _, r := range list {
		screen := r.Interactions[0]
		out.Requests = append(out.Requests, wire.Request{
			ID: r.Session, Transaction: r.Transaction, Service: r.Service, Brokered: r.Brokered,
			Screen: string(screen.Type), Text: screen.Text, Code: r.Code, Choices: r.Choices, Expires: r.Until,
		})
	}
	return out, nil
}

// refuse ends a request by the holder's word.
func (s *Server) refuse(ctx context.Context, c caller) (any, error) {
	in, err := problem.Parse[wire.Refuse](c.signed.Request.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.own(ctx, c)
	if err != nil {
		return nil, err
	}
	how, ok := map[string]login.Happening{
		wire.ReasonCancel: login.WasCancelled, wire.ReasonWrongCode: login.CodeMispicked, wire.ReasonNotMe: login.WasNotMe,
	}[in.Reason]
	if !ok {
		return nil, tunnus.BadRequest("reason", errors.New("server: no such reason"))
	}
	return wire.None{}, s.cfg.Login.Refuse(ctx, a.ID, c.path("id"), how, acsp.Type(in.Screen))
}

func draw(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
