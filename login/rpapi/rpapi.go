// Package rpapi speaks the Relying Party API v3 (Smart-ID compatible), as far as
// log-ins by notification go:
//
//	POST /v3/authentication/notification/etsi/{semanticsId}
//	POST /v3/authentication/notification/document/{documentNumber}
//	GET  /v3/session/{sessionID}?timeoutMs=
//
// It reads and writes the API's words and leaves each decision to package login.
// Requests may have members that are not known here; paths may have doubled
// slashes, since widespread clients write both.
//
// Relying parties are known by the address at the other end of the connection
// and their UUID; outside the sandbox also by a TLS client certificate. Forwarded
// addresses are never looked at. Device links, signatures and API v2 are not
// there yet.
package rpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/problem"
)

// Limits. The times are those of RP API v3, "session status".
const (
	maxBody     = 64 << 10 // the longest legal request has about 20 kB
	minWait     = time.Second
	maxWait     = 120 * time.Second
	defaultWait = 60500 * time.Millisecond
	replyTime   = 10 * time.Second // to write the answer after the wait
)

var (
	semanticsForm = regexp.MustCompile(`^(PNO|PAS|IDC)[A-Z]{2}-[A-Za-z0-9-]{1,32}$`)
	numberForm    = regexp.MustCompile(`^(PNO|PAS|IDC)[A-Z]{2}-[A-Za-z0-9-]{1,48}$`)
	sessionForm   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// A Config is what a [Server] is made of. All of it is needed.
type Config struct {
	Flow    *login.Flow
	Parties *login.Parties
	Log     *slog.Logger
}

// A Server answers relying parties.
type Server struct {
	flow    *login.Flow
	parties *login.Parties
	log     *slog.Logger
}

// New returns a server, or says what is missing.
func New(c Config) (*Server, error) {
	if c.Flow == nil || c.Parties == nil || c.Log == nil {
		return nil, errors.New("rpapi: flow, parties or log is missing")
	}
	return &Server{c.Flow, c.Parties, c.Log}, nil
}

// Handler serves everything under /v3/. An outer [http.ServeMux] would answer
// doubled slashes with a redirect before this sees them: wrap it in [Slashes].
//
// For parties with pins the TLS listener has to ask for client certificates
// ([crypto/tls.RequestClientCert]: the handshake proves the key, the pin says
// whose it is).
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]problem.Handler{
		"POST /v3/authentication/notification/etsi/{semanticsId}":        s.byPerson,
		"POST /v3/authentication/notification/document/{documentNumber}": s.byNumber,
		"GET /v3/session/{sessionID}":                                    s.session,
		"/":                                                              problem.Absent,
	} {
		mux.Handle(pattern, problem.HandleRP(h, s.log))
	}
	return Slashes(mux)
}

// Slashes makes one slash of several in a request's path, without a redirect.
func Slashes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "//") {
			next.ServeHTTP(w, r)
			return
		}
		clean := r.Clone(r.Context())
		clean.URL.Path = single(r.URL.Path)
		clean.URL.RawPath = single(r.URL.RawPath)
		next.ServeHTTP(w, clean)
	})
}

func single(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// A request is the body of an authentication by notification.
type request struct {
	UUID       string         `json:"relyingPartyUUID"`
	Name       string         `json:"relyingPartyName"`
	Level      tunnus.Level   `json:"certificateLevel"`
	Protocol   string         `json:"signatureProtocol"`
	Parameters acspParameters `json:"signatureProtocolParameters"`
	Screens    string         `json:"interactions"`
	VCType     string         `json:"vcType"`

	Properties map[string]json.RawMessage `json:"requestProperties"`
}

type acspParameters struct {
	Challenge string `json:"rpChallenge"`
	Algorithm string `json:"signatureAlgorithm"`
	Further   struct {
		Hash acsp.Hash `json:"hashAlgorithm"`
	} `json:"signatureAlgorithmParameters"`
}

func (s *Server) byPerson(w http.ResponseWriter, r *http.Request) error {
	return s.start(w, r, "semanticsId", semanticsForm, func(id string) login.Subject { return login.Subject{SemanticsID: id} })
}

func (s *Server) byNumber(w http.ResponseWriter, r *http.Request) error {
	return s.start(w, r, "documentNumber", numberForm, func(id string) login.Subject { return login.Subject{Number: id} })
}

// start opens a session. Who asks is settled before what is asked, so that a
// stranger learns nothing about either people or rules.
func (s *Server) start(w http.ResponseWriter, r *http.Request, name string, form *regexp.Regexp, subject func(string) login.Subject) error {
	q, err := problem.DecodeLenient[request](w, r, maxBody)
	if err != nil {
		return err
	}
	party, err := s.parties.Identify(q.UUID, q.Name, caller(r))
	if err != nil {
		return err
	}
	id := r.PathValue(name)
	if !form.MatchString(id) {
		return tunnus.BadRequest(name, errors.New("rpapi: identifier in the path"))
	}
	if err := q.check(); err != nil {
		return err
	}
	session, err := s.flow.Start(r.Context(), party, subject(id), login.Ask{
		Name: q.Name, Level: q.Level, Challenge: q.Parameters.Challenge, Hash: q.Parameters.Further.Hash,
		Interactions: q.Screens, Ignored: q.ignored(),
	})
	if err != nil {
		return err
	}
	return problem.Reply(w, http.StatusOK, map[string]string{"sessionID": session})
}

// check refuses what is not a log-in by notification. Fields that enter the
// signature are judged by package login.
func (q request) check() error {
	for _, v := range []struct {
		bad   bool
		field string
	}{
		{q.Protocol != acsp.Protocol, "signatureProtocol"},
		{q.Parameters.Algorithm != acsp.PSS, "signatureProtocolParameters/signatureAlgorithm"},
		{q.VCType != "numeric4", "vcType"},
	} {
		if v.bad {
			return tunnus.BadRequest(v.field, errors.New("rpapi: not a value of this endpoint"))
		}
	}
	share, asked := q.Properties[shareAddress]
	if !asked || string(share) == "false" {
		return nil
	}
	if string(share) != "true" {
		return tunnus.BadRequest("requestProperties/"+shareAddress, errors.New("rpapi: a truth value expected"))
	}
	// Nobody has this right: the address of a holder's device is not kept.
	return login.Forbidden("requestProperties/"+shareAddress, errors.New("rpapi: device addresses are not shared"))
}

const shareAddress = "shareMdClientIpAddress"

// ignored names the request properties that are not known, in order, as far as
// an answer should repeat them.
func (q request) ignored() []string {
	const most, longest = 16, 64
	var names []string
	for name := range q.Properties {
		if name != shareAddress && len(name) <= longest {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names[:min(len(names), most)]
}

// session answers how a session stands. A session of another party is
// not-found: nobody must learn that it exists.
func (s *Server) session(w http.ResponseWriter, r *http.Request) error {
	wait, err := timeout(r)
	if err != nil {
		return err
	}
	id := strings.ToLower(r.PathValue("sessionID"))
	if !sessionForm.MatchString(id) {
		return tunnus.NotFound(errors.New("rpapi: no session identifier"))
	}
	// A poll may outlast the server's general limit. Where it cannot be
	// moved, as on a test's recorder, that limit stands.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(wait + replyTime))
	st, err := s.flow.Status(r.Context(), s.parties.Reachable(caller(r)), id, wait)
	if errors.Is(err, context.Canceled) {
		// The caller left, or the server is closing: who is still there asks again.
		return problem.Reply(w, http.StatusOK, statusBody{State: login.Running})
	}
	if err != nil {
		return err
	}
	body, err := bodyOf(st)
	if err != nil {
		return err
	}
	return problem.Reply(w, http.StatusOK, body)
}

// timeout reads timeoutMs. What is out of range is moved into it.
func timeout(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("timeoutMs")
	if text == "" {
		return defaultWait, nil
	}
	ms, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, tunnus.BadRequest("timeoutMs", errors.New("rpapi: milliseconds expected"))
	}
	return min(max(time.Duration(ms)*time.Millisecond, minWait), maxWait), nil
}

// caller reads off the connection who is at the other end.
func caller(r *http.Request) login.Caller {
	var c login.Caller
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.Addr = at.Addr().Unmap()
	}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		pin := login.FingerprintOf(r.TLS.PeerCertificates[0].Raw)
		c.Pin = &pin
	}
	return c
}
