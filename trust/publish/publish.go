package publish

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/stamp"
	"github.com/tunnus-id/tunnus/trust/status"
)

// Media types (RFC 6960 appendix C, RFC 3161 §3.4, RFC 2585 §4).
const (
	typeOCSPRequest  = "application/ocsp-request"
	typeOCSPResponse = "application/ocsp-response"
	typeStampQuery   = "application/timestamp-query"
	typeStampReply   = "application/timestamp-reply"
	typeList         = "application/pkix-crl"
	typeCertificate  = "application/pkix-cert"
)

// How long a question waits, for its turn above all, if many ask at once.
const (
	answerWait = 2 * time.Second
	stampWait  = time.Second
)

// listKept is how long a list is served without asking the store again.
const listKept = 5 * time.Second

// A Responder answers OCSP questions; a [status.Responder] is one.
type Responder interface {
	Answer(ctx context.Context, question []byte) (status.Reply, error)
}

// Lists finds the newest revocation list of an issuer, number 0 if there is
// none; a [status.Shelf] is one.
type Lists interface {
	Latest(ctx context.Context, issuer string) (status.List, error)
}

// Config is what a [Server] is made of.
type Config struct {
	Responder   Responder
	Lists       Lists
	Authorities []*x509.Certificate // issuing CAs and roots
	Root        *x509.Certificate   // whose list RootList is; only with that
	RootList    []byte              // revocation list of the root, DER; nil if there is none
	Stamps      *stamp.Authority    // nil: no time-stamps for outsiders
	Clock       tunnus.Clock
	Log         *slog.Logger
}

// A Server is the pages of the package comment, an [http.Handler].
type Server struct {
	cfg  Config
	mux  *http.ServeMux
	get  http.Handler      // of questions in the path
	cas  map[string][]byte // DER by key identifier
	root *x509.RevocationList
	mu   sync.Mutex
	kept map[string]keptList
	told time.Time // when a failure was last logged
	// stamping holds the time-stamps that are being made for outsiders. Each costs
	// a signature that cannot be kept for the next one who asks, so that they get
	// half of the processors: anybody may ask, and others have work here too.
	stamping chan struct{}
}

type keptList struct {
	status.List
	read time.Time
}

// New makes the pages.
func New(c Config) (*Server, error) {
	if c.Responder == nil || c.Lists == nil || len(c.Authorities) == 0 || c.Clock == nil || c.Log == nil {
		return nil, errors.New("publish: responder, lists, authorities, clock and log are needed")
	}
	s := &Server{cfg: c, mux: http.NewServeMux(), cas: map[string][]byte{}, kept: map[string]keptList{}}
	s.stamping = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
	for _, ca := range c.Authorities {
		s.cas[status.IssuerID(ca)] = ca.Raw
	}
	if err := s.ownList(); err != nil {
		return nil, err
	}
	for pattern, h := range map[string]problem.Handler{
		"POST /ocsp":      s.postOCSP,
		"GET /crl/{name}": s.list,
		"GET /ca/{name}":  s.authority,
	} {
		s.mux.Handle(pattern, problem.Handle(h, c.Log))
	}
	s.get = problem.Handle(s.getOCSP, c.Log)
	s.mux.Handle("GET "+ocspPath, s.get)
	if c.Stamps != nil {
		s.mux.Handle("POST /tsa", problem.Handle(s.stamp, c.Log))
	}
	return s, nil
}

// ownList reads the list that is handed in; one of another authority is not served.
func (s *Server) ownList() (err error) {
	if s.cfg.RootList == nil {
		return nil
	}
	if s.cfg.Root == nil {
		return errors.New("publish: a root's list without the root")
	}
	if s.root, err = x509.ParseRevocationList(s.cfg.RootList); err == nil {
		err = s.root.CheckSignatureFrom(s.cfg.Root)
	}
	if err != nil {
		return fmt.Errorf("publish: the root's list: %w", err)
	}
	return nil
}

// ocspPath is what a question by GET begins with.
const ocspPath = "/ocsp/"

// ServeHTTP implements [http.Handler]. Questions by GET do not pass the mux: two
// slashes side by side are base64 there, and it would redirect to one.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, ocspPath) && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		s.get.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Addresses are those that stand in the certificates of a CA. A root has no OCSP.
type Addresses struct{ Issuer, OCSP, CRL string }

// URLs returns the addresses for a base such as "http://pki.example.com".
func URLs(base string, ca *x509.Certificate) Addresses {
	base, id := strings.TrimRight(base, "/"), status.IssuerID(ca)
	return Addresses{Issuer: base + "/ca/" + id + ".cer", OCSP: base + "/ocsp", CRL: base + "/crl/" + id + ".crl"}
}

// postOCSP answers POST /ocsp. What cannot be read is answered as OCSP does,
// with 200 and malformedRequest.
func (s *Server) postOCSP(w http.ResponseWriter, r *http.Request) error {
	question, err := body(w, r, typeOCSPRequest, ocsp.MaxRequest)
	if err != nil {
		return err
	}
	reply := s.answer(r, question)
	w.Header().Set("Cache-Control", "no-store")
	return send(w, typeOCSPResponse, reply.DER)
}

// getOCSP answers GET /ocsp/{question}. Answers that are the same for all may
// be kept by others, as long as we keep them ourselves (RFC 5019 §6.2).
func (s *Server) getOCSP(w http.ResponseWriter, r *http.Request) error {
	text := strings.TrimPrefix(r.URL.Path, ocspPath)
	question, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(text) > 2*ocsp.MaxRequest {
		question = nil // answered as malformed
	}
	reply := s.answer(r, question)
	w.Header().Set("Cache-Control", "no-store")
	if reply.Keep > 0 {
		w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d, no-transform, must-revalidate", int(reply.Keep/time.Second)))
	}
	return send(w, typeOCSPResponse, reply.DER)
}

func (s *Server) answer(r *http.Request, question []byte) status.Reply {
	ctx, cancel := context.WithTimeout(r.Context(), answerWait)
	defer cancel()
	reply, err := s.cfg.Responder.Answer(ctx, question)
	if err != nil {
		s.complain(r.Context(), "ocsp: no fresh answer", err)
	}
	return reply
}

// complain logs a failure of ours, once a second at most: while a key or the
// database is away every question would fill the log.
func (s *Server) complain(ctx context.Context, what string, why error) {
	now := s.cfg.Clock.Now()
	s.mu.Lock()
	age := now.Sub(s.told)
	quiet := age >= 0 && age < time.Second
	if !quiet {
		s.told = now
	}
	s.mu.Unlock()
	if !quiet {
		s.cfg.Log.ErrorContext(ctx, what, "err", why)
	}
}

// list answers GET /crl/{key id}.crl.
func (s *Server) list(w http.ResponseWriter, r *http.Request) error {
	id, err := s.known(r, ".crl")
	if err != nil {
		return err
	}
	if s.root != nil && id == status.IssuerID(s.cfg.Root) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Header().Set("Last-Modified", s.root.ThisUpdate.UTC().Format(http.TimeFormat))
		return send(w, typeList, s.root.Raw)
	}
	l, err := s.latest(r.Context(), id)
	if err != nil {
		return err
	}
	if l.Number == 0 {
		return tunnus.NotFound(errors.New("publish: no list was made yet"))
	}
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(listKept/time.Second))+", must-revalidate")
	w.Header().Set("Last-Modified", l.Made.UTC().Format(http.TimeFormat))
	return send(w, typeList, l.DER)
}

// latest keeps the newest list for a moment.
func (s *Server) latest(ctx context.Context, id string) (status.List, error) {
	now := s.cfg.Clock.Now()
	s.mu.Lock()
	have, ok := s.kept[id]
	s.mu.Unlock()
	if age := now.Sub(have.read); ok && age >= 0 && age < listKept {
		return have.List, nil
	}
	l, err := s.cfg.Lists.Latest(ctx, id)
	if err != nil {
		return status.List{}, fmt.Errorf("publish: list: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[id] = keptList{l, now} // one for each authority
	return l, nil
}

// authority answers GET /ca/{key id}.cer.
func (s *Server) authority(w http.ResponseWriter, r *http.Request) error {
	id, err := s.known(r, ".cer")
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=3600")
	return send(w, typeCertificate, s.cas[id])
}

// known reads the key identifier of one of our CAs from a path.
func (s *Server) known(r *http.Request, suffix string) (string, error) {
	id, ok := strings.CutSuffix(r.PathValue("name"), suffix)
	if _, hexErr := hex.DecodeString(id); !ok || hexErr != nil || s.cas[id] == nil {
		return "", tunnus.NotFound(errors.New("publish: no such CA"))
	}
	return id, nil
}

// stamp answers POST /tsa; refusals are answers too, with 200 (RFC 3161 §3.4). If
// too many ask at once, the answer is 503, without a body.
func (s *Server) stamp(w http.ResponseWriter, r *http.Request) error {
	query, err := body(w, r, typeStampQuery, stamp.MaxRequest)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), stampWait)
	defer cancel()
	select {
	case s.stamping <- struct{}{}:
		defer func() { <-s.stamping }()
	case <-ctx.Done():
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	answer, err := s.cfg.Stamps.Answer(query)
	if f, ok := errors.AsType[stamp.Failure](err); ok && (f == stamp.SystemFailure || f == stamp.TimeNotAvailable) {
		s.complain(r.Context(), "tsa: no time-stamp", err) // ours; the other refusals are the caller's
	}
	w.Header().Set("Cache-Control", "no-store")
	return send(w, typeStampReply, answer)
}

// body reads a request of a media type. One byte over the limit is enough for
// the reader behind it to refuse: the answer is in its own language.
func body(w http.ResponseWriter, r *http.Request, media string, limit int64) ([]byte, error) {
	if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != media {
		return nil, tunnus.BadRequest("Content-Type", fmt.Errorf("publish: %s expected", media))
	}
	b, err := io.ReadAll(io.LimitReader(http.MaxBytesReader(w, r.Body, 4*limit), limit+1))
	if err != nil {
		return nil, tunnus.BadRequest("body", errors.New("publish: the body broke off"))
	}
	return b, nil
}

func send(w http.ResponseWriter, media string, body []byte) error {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, err := io.Copy(w, bytes.NewReader(body))
	return err
}
