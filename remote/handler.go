package remote

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/problem"
)

// prefix stands before service and method in a path.
const prefix = "/remote/v1/"

// Limits of what is sent, in bytes: a device's whole request travels in base64
// within a request that is itself in base64.
const (
	maxRequest = 512 << 10
	maxAnswer  = 2 << 20
)

// servedWithin ends what nobody waits for any more: a database that hangs must not
// gather calls for ever. It is longer than any caller waits.
const servedWithin = 2 * callWithin

// A Method serves one kind of call: it reads the body and gives what is answered
// as JSON. It is made by [Serve].
type Method func(ctx context.Context, body []byte) (any, error)

// None is what a call without arguments or without a result carries.
type None struct{}

// Serve makes a method of a function. What the body has and In has not is refused.
func Serve[In, Out any](do func(context.Context, In) (Out, error)) Method {
	return func(ctx context.Context, body []byte) (any, error) {
		in, err := problem.Parse[In](body)
		if err != nil {
			return nil, err
		}
		return do(ctx, in)
	}
}

// Do is [Serve] of a function that only succeeds or fails.
func Do[In any](do func(context.Context, In) error) Method {
	return Serve(func(ctx context.Context, in In) (None, error) { return None{}, do(ctx, in) })
}

// Handler serves a table of methods. It is mounted at "/", behind
// [Identity.ServerTLS] and nothing else: elsewhere it refuses everything. A call
// goes on when its caller has gone, for a charge must not be followed by nothing,
// and ends some time later.
func Handler(service string, methods map[string]Method, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	for name, m := range methods {
		mux.Handle("POST "+prefix+service+"/"+name, problem.Handle(func(w http.ResponseWriter, r *http.Request) error {
			if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
				return tunnus.NotFound(errors.New("remote: called over a connection on which nobody proves himself"))
			}
			body, err := problem.Body(w, r, maxRequest)
			if err != nil {
				return err
			}
			ctx, stop := context.WithTimeout(context.WithoutCancel(r.Context()), servedWithin)
			defer stop()
			out, err := m(ctx, body)
			if err != nil {
				return err
			}
			return problem.Reply(w, http.StatusOK, out)
		}, log))
	}
	mux.Handle("/", problem.Handle(problem.Absent, log))
	return mux
}
