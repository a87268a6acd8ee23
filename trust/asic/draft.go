package asic

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/trust/asic/archive"
	"github.com/tunnus-id/tunnus/trust/asic/tree"
)

// A Level says how long a signature can be checked (EN 319 132-1 §6).
type Level string

// The levels, lowest first.
const (
	B  Level = "B"  // signature and certificate: good for as long as the certificate
	T  Level = "T"  // with a time-stamp: it existed at that time
	LT Level = "LT" // with all that is needed to check it off line
)

// rank orders levels; 0 is none of them.
func (l Level) rank() int { return 1 + slices.Index([]Level{B, T, LT}, l) }

// A Draft is a container that waits for its signature.
type Draft struct {
	files  []File
	cert   *x509.Certificate
	method Method
	info   string // canonical SignedInfo
	props  string // SignedProperties
}

// plainName are the characters of names and types that need no escape, neither in
// XML nor in a URI (RFC 3986 §3.3).
const plainName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"

// Prepare makes a draft: the files, to be signed by the certificate's key, which
// claims that it does so at the time given (to the second). What it returns
// depends on nothing else. It fails if a name or a type cannot be written, or if
// the key is not RSA.
func Prepare(files []File, certificate *x509.Certificate, at time.Time, m Method) (Draft, error) {
	if _, _, ok := m.parts(); !ok || certificate == nil || certificate.PublicKeyAlgorithm != x509.RSA {
		return Draft{}, fmt.Errorf("asic: nothing can be signed by this key with %q", string(m))
	}
	if len(files) == 0 || len(files) > maxFiles {
		return Draft{}, fmt.Errorf("asic: %d files cannot be signed", len(files))
	}
	seen := map[string]bool{}
	var refs, formats strings.Builder
	for i, f := range files {
		if err := archive.CheckName(f.Name); err != nil {
			return Draft{}, err
		}
		if folded := strings.ToLower(f.Name); seen[folded] {
			return Draft{}, fmt.Errorf("asic: two files are called %q", f.Name)
		} else {
			seen[folded] = true
		}
		if strings.Trim(f.Name, plainName) != "" || strings.Trim(f.Type, plainName+"+") != "" || !strings.Contains(f.Type, "/") || reserved(f.Name) {
			return Draft{}, fmt.Errorf("asic: a file cannot be called %q, of type %q", f.Name, f.Type)
		}
		fmt.Fprintf(&refs, `<ds:Reference Id="S0-r%d" URI="%s">%s</ds:Reference>`, i, f.Name, digested(f.Content, ""))
		fmt.Fprintf(&formats, `<xades:DataObjectFormat ObjectReference="#S0-r%d"><xades:MimeType>%s</xades:MimeType></xades:DataObjectFormat>`, i, f.Type)
	}
	// What is written here is in canonical form already: exclusive, so that it
	// stays the same wherever it stands. A namespace is declared where it is first
	// used, an empty element has an end tag, attributes stand in order.
	d := Draft{files: slices.Clone(files), cert: certificate, method: m}
	d.props = fmt.Sprintf(`<xades:SignedProperties xmlns:xades="`+nsXAdES+`" Id="S0-p"><xades:SignedSignatureProperties>`+
		`<xades:SigningTime>%s</xades:SigningTime><xades:SigningCertificateV2><xades:Cert><xades:CertDigest>%s</xades:CertDigest></xades:Cert></xades:SigningCertificateV2>`+
		`</xades:SignedSignatureProperties><xades:SignedDataObjectProperties>%s</xades:SignedDataObjectProperties></xades:SignedProperties>`,
		at.UTC().Format(timeLayout), digested(certificate.Raw, ` xmlns:ds="`+nsDS+`"`), formats.String())
	d.info = fmt.Sprintf(`<ds:SignedInfo xmlns:ds="`+nsDS+`"><ds:CanonicalizationMethod Algorithm="`+tree.Exclusive+`"></ds:CanonicalizationMethod>`+
		`<ds:SignatureMethod Algorithm="%s"></ds:SignatureMethod>%s<ds:Reference Type="`+typeProperties+`" URI="#S0-p">`+
		`<ds:Transforms><ds:Transform Algorithm="`+tree.Exclusive+`"></ds:Transform></ds:Transforms>%s</ds:Reference></ds:SignedInfo>`,
		m, refs.String(), digested([]byte(d.props), ""))
	return d, nil
}

// digested writes digest method and value; declared names the namespace where
// nothing above has.
func digested(b []byte, declared string) string {
	return fmt.Sprintf(`<ds:DigestMethod%[1]s Algorithm="`+sha512URI+`"></ds:DigestMethod><ds:DigestValue%[1]s>%[2]s</ds:DigestValue>`,
		declared, encode(sum(crypto.SHA512, b)))
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// Payload returns the bytes that are signed: SignedInfo in canonical form.
func (d Draft) Payload() []byte { return []byte(d.info) }

// Sign takes the signature over [Draft.Payload], and refuses one that is wrong. The
// chain are the authorities above the signer, but the root, if they are known yet.
func (d Draft) Sign(signature []byte, chain ...*x509.Certificate) (*Signature, error) {
	if d.cert == nil {
		return nil, errors.New("asic: there is no draft")
	}
	if err := d.method.check(d.cert, d.Payload(), signature); err != nil {
		return nil, err
	}
	return &Signature{draft: d, value: slices.Clone(signature), chain: slices.Clone(chain)}, nil
}

// A Signature is a draft that is signed.
type Signature struct {
	draft Draft
	value []byte
	chain []*x509.Certificate
	stamp []byte   // token of RFC 3161
	certs [][]byte // DER
	ocsp  [][]byte
	crls  [][]byte
}

// Level tells how far the signature has come.
func (s *Signature) Level() Level {
	switch {
	case s.stamp == nil:
		return B
	case s.ocsp == nil:
		return T
	}
	return LT
}

// Signer returns the signer's certificate.
func (s *Signature) Signer() *x509.Certificate { return s.draft.cert }

// Stamped returns the bytes that a time-stamp is about: the signature's value
// as it stands in the container (EN 319 132-1 §5.3). Hash them to ask for one.
func (s *Signature) Stamped() []byte {
	return []byte(`<ds:SignatureValue xmlns:ds="` + nsDS + `" Id="S0-v">` + encode(s.value) + `</ds:SignatureValue>`)
}

// AddTimestamp adds a time-stamp token (DER of ContentInfo, RFC 3161 §2.4.2) over
// [Signature.Stamped]. Nothing of it is judged here; [Verify] does.
func (s *Signature) AddTimestamp(token []byte) error {
	if s.stamp != nil || len(token) == 0 {
		return errors.New("asic: there is a time-stamp already, or none is given")
	}
	s.stamp = slices.Clone(token)
	return nil
}

// Evidence is what makes a signature checkable off line.
type Evidence struct {
	Certificates []*x509.Certificate // all of the chains but the signer's own
	OCSP         [][]byte            // answers (DER of OCSPResponse, RFC 6960 §4.2.1), the signer's first
	CRLs         [][]byte            // of authorities that answer no questions
}

// AddValidation adds the evidence to a signature that has a time-stamp. Answers must be
// younger than the time-stamp; that, too, [Verify] judges.
func (s *Signature) AddValidation(e Evidence) error {
	if s.Level() != T || len(e.OCSP) == 0 {
		return errors.New("asic: a time-stamp comes first, and then at least one answer about a certificate")
	}
	for _, c := range e.Certificates {
		if !slices.ContainsFunc(s.certs, func(have []byte) bool { return bytes.Equal(have, c.Raw) }) {
			s.certs = append(s.certs, c.Raw)
		}
	}
	s.ocsp, s.crls = slices.Clone(e.OCSP), slices.Clone(e.CRLs)
	return nil
}

// Container returns the whole container as a zip archive. The same signature
// gives the same bytes.
func (s *Signature) Container() ([]byte, error) {
	all := []archive.File{{Name: mimetypeName, Content: []byte(MediaType)}}
	for _, f := range s.draft.files {
		all = append(all, archive.File{Name: f.Name, Content: f.Content})
	}
	return archive.Pack(append(all,
		archive.File{Name: manifestName, Content: manifest(s.draft.files)},
		archive.File{Name: signaturesName, Content: s.XML()}))
}

// XML returns the signature as it stands in META-INF/signatures0.xml.
func (s *Signature) XML() []byte {
	var b strings.Builder
	b.WriteString(xmlHead + `<asic:XAdESSignatures xmlns:asic="` + nsASiC + `"><ds:Signature xmlns:ds="` + nsDS + `" Id="S0">`)
	b.WriteString(s.draft.info)
	b.Write(s.Stamped())
	b.WriteString(`<ds:KeyInfo><ds:X509Data>`)
	for _, c := range append([]*x509.Certificate{s.draft.cert}, s.chain...) {
		b.WriteString(`<ds:X509Certificate>` + encode(c.Raw) + `</ds:X509Certificate>`)
	}
	b.WriteString(`</ds:X509Data></ds:KeyInfo>`)
	b.WriteString(`<ds:Object><xades:QualifyingProperties xmlns:xades="` + nsXAdES + `" Target="#S0">` + s.draft.props)
	if s.stamp != nil {
		b.WriteString(`<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp Id="S0-t">` +
			`<ds:CanonicalizationMethod Algorithm="` + tree.Exclusive + `"></ds:CanonicalizationMethod>` +
			`<xades:EncapsulatedTimeStamp>` + encode(s.stamp) + `</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>`)
		group(&b, "CertificateValues", "EncapsulatedX509Certificate", s.certs)
		if s.ocsp != nil {
			b.WriteString(`<xades:RevocationValues>`)
			group(&b, "CRLValues", "EncapsulatedCRLValue", s.crls)
			group(&b, "OCSPValues", "EncapsulatedOCSPValue", s.ocsp)
			b.WriteString(`</xades:RevocationValues>`)
		}
		b.WriteString(`</xades:UnsignedSignatureProperties></xades:UnsignedProperties>`)
	}
	b.WriteString(`</xades:QualifyingProperties></ds:Object></ds:Signature></asic:XAdESSignatures>`)
	return []byte(b.String())
}

// group writes a list of binary values, if there are any.
func group(b *strings.Builder, list, each string, values [][]byte) {
	if len(values) == 0 {
		return
	}
	fmt.Fprintf(b, "<xades:%s>", list)
	for _, v := range values {
		fmt.Fprintf(b, "<xades:%[1]s>%[2]s</xades:%[1]s>", each, encode(v))
	}
	fmt.Fprintf(b, "</xades:%s>", list)
}
