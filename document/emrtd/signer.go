package emrtd

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/cms"
	"github.com/tunnus-id/tunnus/document/signature"
)

// A signer is a certificate with its key.
type signer struct {
	*certificate.Certificate
	key signature.Key
}

// signer finds the certificate that the security object's signer names, and
// checks that it is one of a document signer.
func (in *inspection) signer() error {
	if in.sod == nil {
		return ReasonBefore
	}
	ds, err := signerOf(in.sod.Signed)
	if err != nil {
		return err
	}
	in.ds = ds
	return fit(ds.Certificate)
}

// signerOf finds the certificate that signed data name as the signer's. Data that bring
// none at all may be good: a state may publish its signers' certificates instead.
func signerOf(s cms.Signed) (*signer, error) {
	var ds *certificate.Certificate
	for _, der := range s.Certificates {
		c, err := certificate.Parse(der)
		if err != nil || !c.Named(s.Signer.KeyID, s.Signer.Issuer, s.Signer.Serial) {
			continue
		}
		if ds != nil {
			return nil, ReasonTwoSigners
		}
		ds = c
	}
	switch {
	case len(s.Certificates) == 0:
		return nil, ReasonNoCertificate
	case ds == nil:
		return nil, ReasonNoSigner
	}
	key, err := ds.Key()
	if err != nil {
		return nil, weak(err)
	}
	return &signer{ds, key}, nil
}

// weak tells a key that is refused from one that is none.
func weak(err error) error {
	if errors.Is(err, signature.ErrKeySize) {
		return ReasonWeakKey
	}
	return fmt.Errorf("%w: public key", ReasonUnreadable)
}

// fit checks the profile of a document signer (Doc 9303-12 §7.1), which has no
// extended key usage: those are for what else a country signer certifies, such as
// signers of master lists and visible digital seals, and servers.
func fit(c *certificate.Certificate) error {
	switch {
	case c.CA:
		return ReasonAuthority
	case c.KeyUsage&certificate.DigitalSignature == 0, c.KeyUsage&certificate.CertSign != 0:
		return ReasonKeyUsage
	case len(c.UnknownCritical) != 0:
		return ReasonExtension
	case len(c.ExtKeyUsage) != 0:
		return ReasonOtherSigner
	}
	return nil
}

// signature checks that the signer signed this security object (RFC 5652 §5.4).
func (in *inspection) signature() error {
	if in.ds == nil {
		return ReasonBefore
	}
	switch err := in.sod.Verify(in.ds.key); {
	case errors.Is(err, cms.ErrContent):
		return ReasonDigest
	case err != nil:
		return ReasonSignature
	}
	return nil
}

// documentType checks that the signer may sign documents of this kind: its
// certificate may list document codes (Doc 9303-12 §7.1.1.6).
func (in *inspection) documentType() error {
	switch {
	case in.ds == nil:
		return ReasonBefore
	case !in.ds.HasDocumentTypes:
		return ReasonNotOffered
	case !in.read:
		return ReasonBefore
	}
	code := in.zone.Document
	if !slices.Contains(in.ds.DocumentTypes, code) && !slices.Contains(in.ds.DocumentTypes, code[:1]) {
		return ReasonDocumentType
	}
	return nil
}
