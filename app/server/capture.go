package server

import (
	"bytes"
	"io"
	"net/http"

	"github.com/tunnus-id/tunnus/app/server/studio"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/problem"
)

// capture films a face: the signature of the device first, then a seat, then the counter,
// which the opening uses up, then the sitting.
func (s *Server) capture(w http.ResponseWriter, r *http.Request) error {
	session, counter, err := s.session(r)
	if err != nil {
		return err
	}
	refer := func() string { return s.reference(r.Context(), session) }
	problem.Refer(r.Context(), refer)
	way := r.Header.Get(wire.HeaderCapture)
	r.Body = io.NopCloser(bytes.NewReader([]byte(way))) // what was signed in its place
	c, err := s.identify(w, r, session, counter, maxClaim)
	if err != nil {
		return err
	}
	return s.studio.Serve(w, r, studio.Guest{
		Ref: ref(c), Way: way, Once: func() error { return s.once(r.Context(), c) }, Refer: refer,
	})
}
