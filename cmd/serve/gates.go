package serve

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"

	keyshareremote "github.com/tunnus-id/tunnus/key/keyshare/remote"
	"github.com/tunnus-id/tunnus/problem"
	issueremote "github.com/tunnus-id/tunnus/trust/issue/remote"
)

// A gate is an address with what is served on it.
type gate struct {
	name     string // for the log
	listener net.Listener
	handler  http.Handler
	server   *http.Server
}

// gates opens all addresses of the process, or none.
func (p *parts) gates() (all []*gate, err error) {
	for _, open := range []func() (*gate, error){p.frontGate, p.publicGate, p.remoteGate} {
		d, err := open()
		if err != nil {
			for _, d := range all {
				err = errors.Join(err, d.listener.Close())
			}
			return nil, err
		}
		if d != nil {
			all = append(all, d)
		}
	}
	return all, nil
}

// frontGate is for apps and relying parties: TLS, unless the configuration says that
// it is plain on loopback. TLS 1.2 stays: clients of relying parties need it.
func (p *parts) frontGate() (*gate, error) {
	if p.front == nil {
		return nil, nil
	}
	h, err := p.front.handler()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", p.cfg.Listen)
	if err != nil {
		return nil, err
	}
	if !p.cfg.PlainHTTP {
		l = tls.NewListener(l, &tls.Config{
			Certificates: p.in.TLS, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
			// Relying parties are pinned by certificate; the handshake proves the key.
			ClientAuth: tls.RequestClientCert,
		})
	}
	return &gate{name: "front", listener: l, handler: h}, nil
}

// publicGate is for whoever checks a certificate: plain, since what is published is signed.
func (p *parts) publicGate() (*gate, error) {
	if p.authority == nil || p.cfg.PublicListen == "" {
		return nil, nil
	}
	mux := http.NewServeMux()
	p.publish(mux)
	p.book.Mount(mux)
	mux.HandleFunc("GET /health", healthy)
	mux.Handle("/", problem.Handle(problem.Absent, p.log))
	l, err := net.Listen("tcp", p.cfg.PublicListen)
	if err != nil {
		return nil, err
	}
	return &gate{name: "public", listener: l, handler: p.exact(http.MaxBytesHandler(mux, maxRequest))}, nil
}

// publish mounts what the role issue shows to the world.
func (p *parts) publish(mux *http.ServeMux) {
	for _, path := range []string{"/ocsp", "/ocsp/", "/crl/", "/ca/", "/tsa"} {
		mux.Handle(path, p.authority.Pages)
	}
}

// exact lets questions by GET through as they came, before anything tidies
// slashes in their paths away: there they are base64 (RFC 6960 appendix A.1).
func (p *parts) exact(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/ocsp/") {
			p.authority.Pages.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// remoteGate is for the other processes of the service, and for nobody else.
func (p *parts) remoteGate() (*gate, error) {
	if p.cfg.Remote.Listen == "" {
		return nil, nil
	}
	config, err := p.in.Remote.Identity.ServerTLS(p.in.Remote.Callers...)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	if p.keyshare != nil {
		mux.Handle("/remote/v1/"+keyshareremote.Service+"/", keyshareremote.Handler(p.keyshare, p.log))
	}
	if p.authority != nil {
		mux.Handle("/remote/v1/"+issueremote.Service+"/", issueremote.Handler(p.authority.CA, p.book, p.log))
	}
	mux.Handle("/", problem.Handle(problem.Absent, p.log))
	l, err := net.Listen("tcp", p.cfg.Remote.Listen)
	if err != nil {
		return nil, err
	}
	return &gate{name: "remote", listener: tls.NewListener(l, config), handler: mux}, nil
}
