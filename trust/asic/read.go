package asic

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/tunnus-id/tunnus/trust/asic/archive"
	"github.com/tunnus-id/tunnus/trust/asic/tree"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A reference is one thing that a signature names with its digest.
type reference struct {
	id, kind, uri string
	transform     string // canonicalisation; "" for a file
	algorithm     string // digest
	digest        []byte
}

// A stamped is a time-stamp token with the bytes that it must be over.
type stamped struct{ token, message []byte }

// A raw is a signature as it stands in XML, understood but not yet believed.
type raw struct {
	id      string
	info    []byte // SignedInfo in canonical form
	method  Method
	refs    []reference
	value   []byte
	certs   []*x509.Certificate // of KeyInfo
	props   *etree.Element      // SignedProperties
	propsID string
	claimed time.Time // SigningTime
	signer  reference // digest of the signer's certificate
	formats map[string]string

	stamps []stamped
	more   []*x509.Certificate // of CertificateValues
	ocsp   [][]byte
	crls   [][]byte
}

// readSignature understands META-INF/signatures*.xml: one signature, each element in its place.
// Everything is reached from the root downwards, nothing by its Id, so that what
// is checked is what is signed.
func readSignature(b []byte) (*raw, error) {
	root, err := tree.Parse(b)
	if err != nil {
		return nil, err
	}
	top := tree.Into(root, nsASiC, "XAdESSignatures")
	e := top.Take(nsDS, "Signature")
	if err := top.End(); err != nil {
		return nil, err
	}
	a, err := tree.Attributes(e, "Id")
	if err != nil || a["Id"] == "" {
		return nil, errors.Join(errors.New("asic: a signature without an Id"), err)
	}
	r := &raw{id: a["Id"]}
	c := tree.Into(e, nsDS, "Signature")
	info, value, key, object := c.Take(nsDS, "SignedInfo"), c.Take(nsDS, "SignatureValue"), c.Take(nsDS, "KeyInfo"), c.Take(nsDS, "Object")
	if err := c.End(); err != nil {
		return nil, err
	}
	if err := r.readInfo(info); err != nil {
		return nil, err
	}
	if r.value, err = tree.Binary(value); err != nil {
		return nil, err
	}
	if err := r.readKey(key); err != nil {
		return nil, err
	}
	return r, r.readObject(object, value)
}

func (r *raw) readInfo(e *etree.Element) error {
	c := tree.Into(e, nsDS, "SignedInfo")
	canon, err1 := tree.Algorithm(c.Take(nsDS, "CanonicalizationMethod"))
	method, err2 := tree.Algorithm(c.Take(nsDS, "SignatureMethod"))
	refs := c.All(nsDS, "Reference")
	if err := errors.Join(c.End(), err1, err2); err != nil {
		return err
	}
	if len(refs) < 2 || len(refs) > maxFiles+1 {
		return fmt.Errorf("asic: %d references in a signature", len(refs))
	}
	for _, e := range refs {
		ref, err := readReference(e)
		if err != nil {
			return err
		}
		r.refs = append(r.refs, ref)
	}
	r.method = Method(method)
	if _, _, ok := r.method.parts(); !ok {
		return fmt.Errorf("asic: signature algorithm %q is weak or not known", method)
	}
	var err error
	r.info, err = tree.Canonical(e, canon)
	return err
}

func readReference(e *etree.Element) (reference, error) {
	a, err := tree.Attributes(e, "Id", "Type", "URI")
	if err != nil {
		return reference{}, err
	}
	ref := reference{id: a["Id"], kind: a["Type"], uri: a["URI"]}
	c := tree.Into(e, nsDS, "Reference")
	if c.Is(nsDS, "Transforms") {
		t := tree.Into(c.Take(nsDS, "Transforms"), nsDS, "Transforms")
		if ref.transform, err = tree.Algorithm(t.Take(nsDS, "Transform")); err != nil {
			return ref, err
		}
		if err := t.End(); err != nil { // a second transform, too, is not understood
			return ref, err
		}
	}
	if err := ref.readDigest(c); err != nil {
		return ref, err
	}
	return ref, c.End()
}

// readDigest takes DigestMethod and DigestValue.
func (ref *reference) readDigest(c *tree.Cursor) (err error) {
	method, value := c.Take(nsDS, "DigestMethod"), c.Take(nsDS, "DigestValue")
	if c.Err != nil {
		return c.Err
	}
	if ref.algorithm, err = tree.Algorithm(method); err == nil {
		ref.digest, err = tree.Binary(value)
	}
	return err
}

// of reports whether the digest is that of b; it fails for algorithms that are not known.
func (ref *reference) of(b []byte) (bool, error) {
	h, err := digestOf(ref.algorithm)
	return err == nil && bytes.Equal(ref.digest, sum(h, b)), err
}

func (r *raw) readKey(e *etree.Element) error {
	c := tree.Into(e, nsDS, "KeyInfo")
	data := tree.Into(c.Take(nsDS, "X509Data"), nsDS, "X509Data")
	all := data.All(nsDS, "X509Certificate")
	if err := errors.Join(c.End(), data.End()); err != nil {
		return err
	}
	var err error
	if r.certs, err = certificates(all); err == nil && len(r.certs) == 0 {
		err = errors.New("asic: a signature without its certificate")
	}
	return err
}

func certificates(all []*etree.Element) (out []*x509.Certificate, err error) {
	if len(all) > maxCertificates {
		return nil, fmt.Errorf("asic: %d certificates in a signature", len(all))
	}
	for _, e := range all {
		der, err := tree.Binary(e)
		if err != nil {
			return nil, err
		}
		cert, err := pki.ParseForeign(der)
		if err != nil {
			return nil, fmt.Errorf("asic: %w", err)
		}
		out = append(out, cert)
	}
	return out, nil
}

func (r *raw) readObject(e, value *etree.Element) error {
	if _, err := tree.Attributes(e, "Id"); err != nil {
		return err
	}
	object := tree.Into(e, nsDS, "Object")
	q := object.Take(nsXAdES, "QualifyingProperties")
	a, err := tree.Attributes(q, "Target", "Id")
	if err := errors.Join(object.End(), err); err != nil {
		return err
	}
	if a["Target"] != "#"+r.id {
		return errors.New("asic: properties of another signature")
	}
	c := tree.Into(q, nsXAdES, "QualifyingProperties")
	r.props = c.Take(nsXAdES, "SignedProperties")
	unsigned := c.All(nsXAdES, "UnsignedProperties")
	if err := c.End(); err != nil {
		return err
	}
	if err := r.readSigned(r.props); err != nil {
		return err
	}
	switch len(unsigned) {
	case 0:
		return nil
	case 1:
		return r.readUnsigned(unsigned[0], value)
	}
	return errors.New("asic: unsigned properties stand twice")
}

func (r *raw) readSigned(e *etree.Element) error {
	a, err := tree.Attributes(e, "Id")
	if err != nil {
		return err
	}
	r.propsID = a["Id"]
	c := tree.Into(e, nsXAdES, "SignedProperties")
	sign := tree.Into(c.Take(nsXAdES, "SignedSignatureProperties"), nsXAdES, "SignedSignatureProperties")
	when, err := tree.Text(sign.Take(nsXAdES, "SigningTime"))
	if err != nil {
		return err
	}
	v2 := tree.Into(sign.Take(nsXAdES, "SigningCertificateV2"), nsXAdES, "SigningCertificateV2")
	cert := tree.Into(v2.Take(nsXAdES, "Cert"), nsXAdES, "Cert")
	digest := tree.Into(cert.Take(nsXAdES, "CertDigest"), nsXAdES, "CertDigest")
	if err := errors.Join(sign.End(), v2.Err, cert.Err, r.signer.readDigest(digest), digest.End()); err != nil {
		return err
	}
	// Further certificates of the chain and hints about the issuer may follow, and say nothing.
	if r.claimed, err = time.Parse(time.RFC3339, when); err != nil {
		return errors.New("asic: the signing time is no time with a zone")
	}
	data := tree.Into(c.Take(nsXAdES, "SignedDataObjectProperties"), nsXAdES, "SignedDataObjectProperties")
	formats := data.All(nsXAdES, "DataObjectFormat")
	if err := errors.Join(c.End(), data.End()); err != nil {
		return err
	}
	return r.readFormats(formats)
}

// readFormats takes the media type of each reference.
func (r *raw) readFormats(all []*etree.Element) error {
	r.formats = map[string]string{}
	for _, e := range all {
		a, err := tree.Attributes(e, "ObjectReference")
		if err != nil {
			return err
		}
		c := tree.Into(e, nsXAdES, "DataObjectFormat")
		kind, err := tree.Text(c.Take(nsXAdES, "MimeType"))
		if err := errors.Join(c.End(), err); err != nil {
			return err
		}
		id, ok := strings.CutPrefix(a["ObjectReference"], "#")
		if _, twice := r.formats[id]; twice || !ok || kind == "" {
			return errors.New("asic: the media type of a file stands twice, or is of nothing")
		}
		r.formats[id] = kind
	}
	return nil
}

func (r *raw) readUnsigned(e, value *etree.Element) error {
	c := tree.Into(e, nsXAdES, "UnsignedProperties")
	u := tree.Into(c.Take(nsXAdES, "UnsignedSignatureProperties"), nsXAdES, "UnsignedSignatureProperties")
	stamps := u.All(nsXAdES, "SignatureTimeStamp")
	if len(stamps) > maxAnswers {
		return fmt.Errorf("asic: %d time-stamps in a signature", len(stamps))
	}
	for _, e := range stamps {
		s, err := readStamp(e, value)
		if err != nil {
			return err
		}
		r.stamps = append(r.stamps, s)
	}
	if u.Is(nsXAdES, "CertificateValues") {
		v := tree.Into(u.Take(nsXAdES, "CertificateValues"), nsXAdES, "CertificateValues")
		all := v.All(nsXAdES, "EncapsulatedX509Certificate")
		if err := v.End(); err != nil {
			return err
		}
		var err error
		if r.more, err = certificates(all); err != nil {
			return err
		}
	}
	if u.Is(nsXAdES, "RevocationValues") {
		v := tree.Into(u.Take(nsXAdES, "RevocationValues"), nsXAdES, "RevocationValues")
		var err1, err2 error
		r.crls, err1 = values(v, "CRLValues", "EncapsulatedCRLValue")
		r.ocsp, err2 = values(v, "OCSPValues", "EncapsulatedOCSPValue")
		if err := errors.Join(v.End(), err1, err2); err != nil {
			return err
		}
	}
	return errors.Join(c.End(), u.End())
}

// readStamp takes a time-stamp and works out the bytes that it must be over: the
// element of the signature's value, in canonical form (EN 319 132-1 §5.3).
func readStamp(e, value *etree.Element) (s stamped, err error) {
	if _, err := tree.Attributes(e, "Id"); err != nil {
		return s, err
	}
	c := tree.Into(e, nsXAdES, "SignatureTimeStamp")
	canon := tree.Inclusive10 // what XMLDSig falls back to
	if c.Is(nsDS, "CanonicalizationMethod") {
		if canon, err = tree.Algorithm(c.Take(nsDS, "CanonicalizationMethod")); err != nil {
			return s, err
		}
	}
	token := c.Take(nsXAdES, "EncapsulatedTimeStamp")
	if err := c.End(); err != nil {
		return s, err
	}
	if s.token, err = tree.Binary(token); err != nil {
		return s, err
	}
	s.message, err = tree.Canonical(value, canon)
	return s, err
}

// values takes a list of binary values, if it is there.
func values(c *tree.Cursor, list, each string) (out [][]byte, err error) {
	if !c.Is(nsXAdES, list) {
		return nil, nil
	}
	v := tree.Into(c.Take(nsXAdES, list), nsXAdES, list)
	all := v.All(nsXAdES, each)
	if err := v.End(); err != nil {
		return nil, err
	}
	if len(all) > maxAnswers {
		return nil, fmt.Errorf("asic: %d answers in a signature", len(all))
	}
	for _, e := range all {
		b, err := tree.Binary(e)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// readManifest reads META-INF/manifest.xml: the media type of each file by its name.
func readManifest(b []byte) (map[string]string, error) {
	root, err := tree.Parse(b, nsManifest)
	if err != nil {
		return nil, err
	}
	c := tree.Into(root, nsManifest, "manifest")
	entries := c.All(nsManifest, "file-entry")
	if err := c.End(); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range entries {
		name, kind := "", ""
		for _, a := range e.Attr {
			if a.NamespaceURI() != nsManifest {
				continue
			}
			switch a.Key {
			case "full-path":
				name = a.Value
			case "media-type":
				kind = a.Value
			}
		}
		if _, twice := out[name]; twice || name == "" {
			return nil, errors.New("asic: the list of files names one twice, or none")
		}
		out[name] = kind
	}
	if out["/"] != MediaType {
		return nil, errors.New("asic: the list of files is not of a container")
	}
	delete(out, "/")
	return out, nil
}

// fileOf turns the URI of a reference into a file's name.
func (ref *reference) fileOf() (string, error) {
	name, err := url.PathUnescape(ref.uri)
	if err != nil || strings.ContainsAny(ref.uri, "#?:") || archive.CheckName(name) != nil || reserved(name) {
		return "", fmt.Errorf("asic: a signature refers to %q, which is no file of the container", ref.uri)
	}
	return name, nil
}
