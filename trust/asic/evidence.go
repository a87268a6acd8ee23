package asic

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

// time works out at which time a signature is judged: now, if it has no time-stamp;
// else that of the earliest one that still proves something. All must be right.
func (v *verifier) time(r *raw) (at time.Time, first *stamp.Stamp, err error) {
	for _, s := range r.stamps {
		got, err := v.stamp(s)
		if errors.Is(err, stamp.ErrEnded) {
			v.note("time-stamp: of %s, right, but the certificate of %s has ended since, so that it proves nothing now", show(got.Time), got.Authority.Subject.CommonName)
			continue
		}
		if err != nil {
			return at, nil, err
		}
		if first == nil || got.Time.Before(first.Time) {
			first = &got
		}
	}
	if first == nil && len(r.stamps) > 0 {
		return at, nil, fmt.Errorf("%w: the certificate of its time-stamp's authority ended before %s, and no later time-stamp protects it", ErrIndeterminate, show(v.trust.Now))
	}
	if first == nil {
		v.note("time: no time-stamp, so only the signer says when this was; judged as of now, %s", show(v.trust.Now))
		return v.trust.Now, nil, nil
	}
	return first.Time, first, nil
}

// stamp judges one time-stamp: it must be over this signature's value, by an
// authority that leads to a root. With [stamp.ErrEnded] it is there all the same.
func (v *verifier) stamp(s stamped) (stamp.Stamp, error) {
	for _, h := range []crypto.Hash{crypto.SHA512, crypto.SHA384, crypto.SHA256} {
		got, err := stamp.VerifyAsOf(s.token, sum(h, s.message), v.trust.Roots, v.trust.Now)
		if errors.Is(err, stamp.ErrImprint) {
			continue // the token does not tell by which hash before it is verified
		}
		if errors.Is(err, stamp.ErrEnded) {
			return got, err
		}
		if err != nil {
			return stamp.Stamp{}, fmt.Errorf("asic: the time-stamp: %w", err)
		}
		if got.Time.After(v.trust.Now.Add(skew)) {
			return stamp.Stamp{}, errors.New("asic: the time-stamp is of the future")
		}
		v.note("time-stamp: this signature existed at %s, says %s", show(got.Time), got.Authority.Subject.CommonName)
		return got, nil
	}
	return stamp.Stamp{}, errors.New("asic: the time-stamp is over something else than this signature")
}

// statuses looks for what says that no certificate was revoked when the
// time-stamp was made: the signer's, the time-stamp authority's, and those of the
// authorities between them and a root.
func (v *verifier) statuses(r *raw, cert, issuer *x509.Certificate, s stamp.Stamp) error {
	if err := v.status(r, cert, issuer, s.Time, "signer"); err != nil {
		return err
	}
	if above := v.issuerOf(s.Authority, slices.Concat(s.Chain, r.all())); above == nil {
		return errors.New("asic: the issuer of the time-stamp authority's certificate is missing")
	} else if !above.Equal(s.Authority) {
		if err := v.status(r, s.Authority, above, s.Time, "time-stamp authority"); err != nil {
			return err
		}
	}
	return v.lists(r, issuer, s.Time)
}

// issuerOf finds who has signed a certificate.
func (v *verifier) issuerOf(cert *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, c := range slices.Concat(v.trust.Roots, among) {
		if cert.CheckSignatureFrom(c) == nil {
			return c
		}
	}
	return nil
}

// status finds the answer about a certificate. Every answer about it must be
// right, good, and not from before the time-stamp: between an older one and
// the signature the certificate could have been revoked.
func (v *verifier) status(r *raw, cert, issuer *x509.Certificate, since time.Time, whose string) error {
	found := false
	for _, b := range r.ocsp {
		told, err := ocsp.Told(b, cert, issuer)
		if errors.Is(err, ocsp.ErrOther) {
			continue
		}
		if err != nil {
			return fmt.Errorf("asic: an answer about a certificate: %w", err)
		}
		// An answer is judged by the time at which it was given, once it is seen
		// that this is after the time-stamp.
		got, err := ocsp.Verify(b, cert, issuer, v.trust.Roots, told)
		switch {
		case err != nil:
			return fmt.Errorf("asic: the answer about the certificate of the %s: %w", whose, err)
		case got.Status != ocsp.Good:
			return fmt.Errorf("asic: the certificate of the %s is %s", whose, got.Status)
		case got.ThisUpdate.Before(since.Truncate(time.Second)):
			return fmt.Errorf("asic: the answer about the certificate of the %s is older than the time-stamp", whose)
		case got.ThisUpdate.After(v.trust.Now.Add(skew)):
			return fmt.Errorf("asic: the answer about the certificate of the %s is of the future", whose)
		}
		if end := cert.NotAfter; got.ThisUpdate.After(end) && (got.ArchiveCutoff.IsZero() || got.ArchiveCutoff.After(end)) { // RFC 6960 §4.4.4
			return fmt.Errorf("asic: the answer about the certificate of the %s is from after its end, when the responder may have forgotten it", whose)
		}
		found = true
		v.note("status: the certificate of the %s was good at %s, says %s", whose, show(got.ThisUpdate), got.Responder.Subject.CommonName)
	}
	if !found {
		return fmt.Errorf("asic: no answer about the certificate of the %s is in the container", whose)
	}
	return nil
}

// lists looks whether a root has revoked the issuing authority.
func (v *verifier) lists(r *raw, issuer *x509.Certificate, at time.Time) error {
	if slices.ContainsFunc(v.trust.Roots, issuer.Equal) {
		return nil
	}
	above := v.issuerOf(issuer, r.all())
	for _, b := range r.crls {
		list, err := x509.ParseRevocationList(b)
		if err != nil {
			return errors.New("asic: a revocation list that cannot be read")
		}
		if above == nil || list.CheckSignatureFrom(above) != nil {
			continue // of another authority
		}
		if list.ThisUpdate.After(v.trust.Now.Add(skew)) || list.NextUpdate.Before(at) {
			return errors.New("asic: the revocation list of the root is not of this time")
		}
		for _, e := range list.RevokedCertificateEntries {
			if e.SerialNumber.Cmp(issuer.SerialNumber) == 0 {
				return fmt.Errorf("asic: the issuing authority was revoked at %s", show(e.RevocationTime))
			}
		}
		v.note("status: %s is not on the root's revocation list of %s", issuer.Subject.CommonName, show(list.ThisUpdate))
		return nil
	}
	v.note("status: nothing in the container tells whether %s was revoked by its root; that it is trusted rests on the root given", issuer.Subject.CommonName)
	return nil
}
