package emrtd

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/lds"
)

var (
	oidSecurityObject = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
	// oidDocumentTypes is documentTypeList (Doc 9303-12 §7.1.1.5).
	oidDocumentTypes = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 6, 2}
	// oidICAO starts the extended key usages that Doc 9303 gives to signers of
	// other things: master lists, deviation lists, visible digital seals.
	oidICAO = asn1.ObjectIdentifier{2, 23, 136, 1, 1}
)

// documentSigner finds the certificate that the security object's signer names,
// and checks that it is one of a document signer (Doc 9303-12 §7.1).
func documentSigner(sod lds.Signed) (*x509.Certificate, error) {
	var ds *x509.Certificate
	for _, der := range sod.Certificates {
		if len(der) > maxCertSize {
			return nil, errors.New("certificate too large")
		}
		c, err := x509.ParseCertificate(der)
		if err != nil || !named(sod.Signer, c) {
			continue
		}
		if ds != nil {
			return nil, errors.New("two certificates of the signer named")
		}
		ds = c
	}
	if ds == nil {
		return nil, errors.New("no readable certificate of the signer named")
	}
	return ds, fit(ds)
}

// named reports whether the security object means this certificate.
func named(s lds.Signer, c *x509.Certificate) bool {
	if s.KeyID != nil {
		return bytes.Equal(s.KeyID, c.SubjectKeyId)
	}
	return bytes.Equal(s.Issuer, c.RawIssuer) && s.Serial.Cmp(c.SerialNumber) == 0
}

// fit checks the profile of a document signer.
func fit(c *x509.Certificate) error {
	switch {
	case c.IsCA:
		return errors.New("certificate authority instead of a document signer")
	case c.KeyUsage&x509.KeyUsageDigitalSignature == 0, c.KeyUsage&x509.KeyUsageCertSign != 0:
		return errors.New("key usage is not that of a document signer")
	case len(c.UnhandledCriticalExtensions) != 0:
		return errors.New("unknown critical extension")
	}
	for _, use := range c.UnknownExtKeyUsage {
		if len(use) > len(oidICAO) && use[:len(oidICAO)].Equal(oidICAO) {
			return errors.New("signer of something else than documents")
		}
	}
	return strong(c.PublicKey)
}

// signs checks that the document signer may sign documents of this kind: its
// certificate may list document codes.
func signs(c *x509.Certificate, document string) error {
	for _, e := range c.Extensions {
		if !e.Id.Equal(oidDocumentTypes) {
			continue
		}
		types, err := documentTypes(e.Value)
		if err != nil {
			return err
		}
		if !slices.Contains(types, document) && !slices.Contains(types, document[:1]) {
			return errors.New("signer of other kinds of documents")
		}
	}
	return nil
}

// documentTypes reads DocumentTypeListSyntax.
func documentTypes(der []byte) ([]string, error) {
	bad := errors.New("list of document types cannot be read")
	s := cryptobyte.String(der)
	var seq, set cryptobyte.String
	var version int
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(&version) || version != 0 ||
		!seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		return nil, bad
	}
	var types []string
	for !set.Empty() {
		var one cryptobyte.String
		if !set.ReadASN1(&one, cbasn1.PrintableString) {
			return nil, bad
		}
		types = append(types, string(one))
	}
	return types, nil
}

// checkSignature checks that the security object is what was signed (RFC 5652 §5.4).
func checkSignature(sod lds.Signed, ds *x509.Certificate) error {
	if !sod.ContentType.Equal(oidSecurityObject) {
		return errors.New("signed attributes name another content")
	}
	if subtle.ConstantTimeCompare(digest(sod.Signer.Hash, sod.Content), sod.MessageDigest) != 1 {
		return errors.New("signed attributes have another digest")
	}
	hash := digest(sod.Algorithm.Hash, sod.Attributes)
	bad := errors.New("signature of the security object is wrong")
	switch key := ds.PublicKey.(type) {
	case *rsa.PublicKey:
		switch sod.Algorithm.Scheme {
		case lds.PKCS1:
			if rsa.VerifyPKCS1v15(key, sod.Algorithm.Hash, hash, sod.Signature) == nil {
				return nil
			}
		case lds.PSS:
			o := &rsa.PSSOptions{SaltLength: sod.Algorithm.Salt}
			if sod.Algorithm.Salt == 0 {
				return errors.New("signature without salt")
			}
			if rsa.VerifyPSS(key, sod.Algorithm.Hash, hash, sod.Signature, o) == nil {
				return nil
			}
		}
	case *ecdsa.PublicKey:
		if sod.Algorithm.Scheme == lds.ECDSA && ecdsa.VerifyASN1(key, hash, sod.Signature) {
			return nil
		}
	}
	return bad
}

// checkValidity checks that the certificates are valid by now, at least until the
// time given, and were when the document was signed; a zero time of signing was
// not told.
func checkValidity(signed, now, until time.Time, certs ...*x509.Certificate) error {
	for _, c := range certs {
		if now.Before(c.NotBefore) || until.After(c.NotAfter) {
			return errors.New("certificate is not valid")
		}
		if !signed.IsZero() && (signed.Before(c.NotBefore) || signed.After(c.NotAfter)) {
			return errors.New("signed while the certificate was not valid")
		}
	}
	return nil
}

func digest(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}
