package config

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/tunnus-id/tunnus/remote"
)

// RemoteConfig says how the processes of a service that is split find and know
// each other. A process that has all roles needs none of it.
type RemoteConfig struct {
	// CertificateFile and KeyFile prove this process to the others, PEM. The
	// certificate is for both sides of TLS.
	CertificateFile string `json:"certificate_file"`
	KeyFile         string `json:"key_file"`
	// Listen is where other processes call the roles keyshare and issue of this one.
	Listen string `json:"listen"`
	// Callers are the processes that may call.
	Callers []Peer `json:"callers"`
	// Keyshare and Issue are the processes with those roles, if this one has not.
	Keyshare *Peer `json:"keyshare"`
	Issue    *Peer `json:"issue"`
}

// A Peer is another process: pinned by its certificate, or known by a name under
// a CA. Just one of the two.
type Peer struct {
	// URL is where it listens, such as "https://keyshare.internal:9443". Not for callers.
	URL string `json:"url"`
	// CertificateSHA256 pins its certificate (hex).
	CertificateSHA256 string `json:"certificate_sha256"`
	// CAFile and Name: the certificate is of this CA and for this DNS name.
	CAFile string `json:"ca_file"`
	Name   string `json:"name"`
}

// complete takes relative paths from the folder of the configuration.
func (r *RemoteConfig) paths() []*string {
	list := []*string{&r.CertificateFile, &r.KeyFile}
	for i := range r.Callers {
		list = append(list, &r.Callers[i].CAFile)
	}
	for _, p := range []*Peer{r.Keyshare, r.Issue} {
		if p != nil {
			list = append(list, &p.CAFile)
		}
	}
	return list
}

// validate reports what is wrong for a process with these roles.
func (r *RemoteConfig) validate(roles Roles) []error {
	var errs []error
	asks := roles.Has(Front) && len(roles) < len(All())
	serves := r.Listen != ""
	for _, v := range []struct {
		bad bool
		why string
	}{
		{serves && !port(r.Listen), `remote.listen: an address with a port, such as "10.0.0.2:9443"`},
		{!serves && !roles.Has(Front), "remote.listen: missing; nobody could call this process"},
		{serves && !roles.some(Keyshare, Issue), "remote.listen: this process has no role that others call"},
		{serves && len(r.Callers) == 0, "remote.callers: missing; nobody may call this process"},
		{!serves && len(r.Callers) > 0, "remote.callers: without remote.listen nobody calls"},
		{(serves || asks) && (r.CertificateFile == "" || r.KeyFile == ""), "remote: certificate_file and key_file are needed"},
		{!serves && !asks && (r.CertificateFile != "" || r.KeyFile != ""), "remote: certificate_file and key_file are for nothing here"},
	} {
		if v.bad {
			errs = append(errs, errors.New(v.why))
		}
	}
	for i, p := range r.Callers {
		errs = append(errs, p.validate(fmt.Sprintf("remote.callers[%d]", i), false)...)
	}
	for _, o := range []struct {
		role Role
		peer *Peer
	}{{Keyshare, r.Keyshare}, {Issue, r.Issue}} {
		needed := roles.Has(Front) && !roles.Has(o.role)
		switch {
		case needed && o.peer == nil:
			errs = append(errs, fmt.Errorf("remote.%s: missing; this process has not that role and has to know who has", o.role))
		case !needed && o.peer != nil:
			errs = append(errs, fmt.Errorf("remote.%s: this process does not call it", o.role))
		case needed:
			errs = append(errs, o.peer.validate("remote."+string(o.role), true)...)
		}
	}
	return errs
}

func (p Peer) validate(at string, called bool) (errs []error) {
	pin, badPin := hex.DecodeString(p.CertificateSHA256)
	for _, v := range []struct {
		bad bool
		why string
	}{
		{called != (p.URL != ""), "url: for the processes that are called, and only for them"},
		{(p.CertificateSHA256 == "") == (p.CAFile == ""), "certificate_sha256, or ca_file with name: one of the two"},
		{(p.CAFile == "") != (p.Name == ""), "ca_file and name go together"},
		{p.CertificateSHA256 != "" && (badPin != nil || len(pin) != 32), "certificate_sha256: 64 hex digits"},
	} {
		if v.bad {
			errs = append(errs, errors.New(at+": "+v.why))
		}
	}
	return errs
}

// Remote reads what a peer is known by.
func (p Peer) Remote() (remote.Peer, error) {
	if p.CAFile == "" {
		pin, err := hex.DecodeString(p.CertificateSHA256)
		return remote.Peer{SHA256: pin}, err
	}
	pem, err := os.ReadFile(p.CAFile)
	if err != nil {
		return remote.Peer{}, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return remote.Peer{}, fmt.Errorf("%s: no certificates in it", p.CAFile)
	}
	return remote.Peer{CA: roots, Name: p.Name}, nil
}
