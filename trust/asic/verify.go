package asic

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/trust/asic/archive"
	"github.com/tunnus-id/tunnus/trust/asic/tree"
)

// Trust is what a container is judged by.
type Trust struct {
	Roots []*x509.Certificate // for signers, time-stamps and answers alike
	Now   time.Time
	Least Level // what is demanded; [LT] if empty
}

// A Report says what was found in a container, all of it proved. Only [Verify] makes one.
type Report struct {
	Files      []File // with the media types that were signed
	Signatures []Signed
	Checked    []string // what was checked, in plain words, in order
}

// A Signed is one signature. It covers every file.
type Signed struct {
	Level   Level
	Signer  *x509.Certificate
	Method  Method
	Claimed time.Time // when the signer says that it was
	Stamped time.Time // when it existed for certain; zero at level B
	Payload []byte    // what the signer's key signed
}

// A Refusal says why a container was not accepted, and what had been checked by then.
type Refusal struct {
	Checked []string
	Why     error
}

// Error implements error.
func (r *Refusal) Error() string { return r.Why.Error() }

// Unwrap returns why.
func (r *Refusal) Unwrap() error { return r.Why }

// ErrIndeterminate is in a refusal if nothing is wrong, but it cannot be known any
// more whether it was right (EN 319 102-1: INDETERMINATE, NO_POE): every time-stamp
// is of an authority whose certificate has ended since. Archival time-stamps,
// which would protect it, are not understood here.
var ErrIndeterminate = errors.New("asic: it cannot be known any more whether this signature is good")

// skew is how much clocks may differ.
const skew = 2 * time.Minute

// Verify judges a container, byte for byte as it came. All of it must hold: the
// archive, the list of files, every signature over every file, each signer's
// certificate at the time of the time-stamp (at Now, if there is none), the time-stamps,
// one of whose authorities' certificates is valid at Now, and the answers about
// certificates. Any failure is a [*Refusal].
func Verify(container []byte, t Trust) (Report, error) {
	if t.Least == "" {
		t.Least = LT
	}
	v := &verifier{trust: t}
	if err := v.open(container); err != nil {
		return Report{}, &Refusal{v.Checked, err}
	}
	for _, f := range v.signatures {
		if err := v.signature(f); err != nil {
			return Report{}, &Refusal{v.Checked, fmt.Errorf("%w (in %s)", err, f.Name)}
		}
	}
	return v.Report, nil
}

// A verifier is one judgement.
type verifier struct {
	Report
	trust      Trust
	signatures []archive.File
}

// note adds a line to what was checked.
func (v *verifier) note(format string, args ...any) {
	v.Checked = append(v.Checked, fmt.Sprintf(format, args...))
}

// open sorts what is in the archive.
func (v *verifier) open(container []byte) error {
	all, err := archive.Unpack(container, limits())
	if err != nil {
		return err
	}
	if all[0].Name != mimetypeName || string(all[0].Content) != MediaType {
		return fmt.Errorf("asic: the first file is not %q with %q", mimetypeName, MediaType)
	}
	listed := map[string]string(nil)
	for _, f := range all[1:] {
		switch rest, meta := strings.CutPrefix(f.Name, metaFolder); {
		case f.Name == manifestName:
			if listed, err = readManifest(f.Content); err != nil {
				return err
			}
		case meta && strings.HasPrefix(rest, "signatures") && strings.HasSuffix(rest, ".xml"):
			v.signatures = append(v.signatures, f)
		case reserved(f.Name):
			return fmt.Errorf("asic: %q is nothing that is known of a container with XAdES signatures", f.Name)
		default:
			v.Files = append(v.Files, File{Name: f.Name, Content: f.Content})
		}
	}
	if len(v.signatures) == 0 || len(v.signatures) > maxSignatures || len(v.Files) == 0 || len(v.Files) > maxFiles {
		return fmt.Errorf("asic: %d files and %d signatures in the container", len(v.Files), len(v.signatures))
	}
	v.note("container: ASiC-E, %s, signed by %d; nothing else is inside", v.names(), len(v.signatures))
	if listed == nil {
		return nil // the list need not be there
	}
	for i, f := range v.Files {
		kind, ok := listed[f.Name]
		if delete(listed, f.Name); !ok {
			return fmt.Errorf("asic: %q is not in the container's list of files", f.Name)
		}
		v.Files[i].Type = kind
	}
	if len(listed) > 0 {
		return fmt.Errorf("asic: the container's list names %d files that are not there", len(listed))
	}
	return nil
}

func (v *verifier) names() string {
	var names []string
	for _, f := range v.Files {
		names = append(names, fmt.Sprintf("%s (%d bytes)", f.Name, len(f.Content)))
	}
	return strings.Join(names, ", ")
}

// signature judges one.
func (v *verifier) signature(f archive.File) error {
	r, err := readSignature(f.Content)
	if err != nil {
		return err
	}
	if err := v.covers(r); err != nil {
		return err
	}
	cert, err := r.signerCertificate()
	if err != nil {
		return err
	}
	if err := r.method.check(cert, r.info, r.value); err != nil {
		return err
	}
	v.note("signature: by %s, over the digest of each file; %s, key of %d bits; claims %s",
		cert.Subject.CommonName, r.method.Words(), keyBits(cert), show(r.claimed))
	s := Signed{Level: B, Signer: cert, Method: r.method, Claimed: r.claimed, Payload: r.info}
	at, stamp, err := v.time(r)
	if err != nil {
		return err
	}
	if stamp != nil {
		s.Stamped, s.Level = at, T
	}
	issuer, err := v.chain(r, cert, at)
	if err != nil {
		return err
	}
	if stamp != nil && len(r.ocsp) > 0 {
		if err := v.statuses(r, cert, issuer, *stamp); err != nil {
			return err
		}
		s.Level = LT
	}
	if s.Level.rank() < v.trust.Least.rank() {
		return fmt.Errorf("asic: the signature has level %s, and %s is demanded: what would show that it still holds is missing", s.Level, v.trust.Least)
	}
	v.Signatures = append(v.Signatures, s)
	return nil
}

// covers demands that the references are exactly the files and the signed
// properties, each with the right digest, and that each file has a media type.
func (v *verifier) covers(r *raw) error {
	open := map[string]int{}
	for i, f := range v.Files {
		open[f.Name] = i
	}
	properties := false
	for _, ref := range r.refs {
		if ref.kind == typeProperties {
			if properties || r.propsID == "" || ref.uri != "#"+r.propsID {
				return errors.New("asic: the signature names signed properties that are not its own")
			}
			properties = true
			if err := ref.coversElement(r); err != nil {
				return err
			}
			continue
		}
		name, err := ref.fileOf()
		if err != nil {
			return err
		}
		i, ok := open[name]
		if delete(open, name); !ok || ref.transform != "" || ref.kind != "" {
			return fmt.Errorf("asic: the signature refers to %q twice, transformed, or though it is not there", name)
		}
		if ok, err := ref.of(v.Files[i].Content); err != nil || !ok {
			return errors.Join(err, fmt.Errorf("asic: %q is not as it was signed", name))
		}
		kind, ok := r.formats[ref.id]
		if delete(r.formats, ref.id); !ok || v.Files[i].Type != "" && v.Files[i].Type != kind {
			return fmt.Errorf("asic: the media type of %q is not signed, or another one than listed", name)
		}
		v.Files[i].Type = kind
	}
	for name := range open {
		return fmt.Errorf("asic: %q is in the container, but not signed", name)
	}
	if !properties || len(r.formats) > 0 {
		return errors.New("asic: the signature does not cover its properties, or they are of other files")
	}
	return nil
}

// coversElement compares the digest of the signed properties.
func (ref *reference) coversElement(r *raw) error {
	canon := ref.transform
	if canon == "" {
		canon = tree.Inclusive10
	}
	b, err := tree.Canonical(r.props, canon)
	if err != nil {
		return err
	}
	if ok, err := ref.of(b); err != nil || !ok {
		return errors.Join(err, errors.New("asic: the signed properties are not as they were signed"))
	}
	return nil
}

// signerCertificate finds the certificate that the signature itself names.
func (r *raw) signerCertificate() (*x509.Certificate, error) {
	for _, c := range r.certs {
		if ok, err := r.signer.of(c.Raw); err != nil || ok {
			return c, err
		}
	}
	return nil, errors.New("asic: the signer's certificate is not the one that was signed")
}

// all are the certificates that come with a signature.
func (r *raw) all() []*x509.Certificate { return slices.Concat(r.certs, r.more) }

// chain leads the signer's certificate to a root, at a time, and returns who issued it.
func (v *verifier) chain(r *raw, cert *x509.Certificate, at time.Time) (issuer *x509.Certificate, err error) {
	anchors, middle := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range v.trust.Roots {
		anchors.AddCert(c)
	}
	for _, c := range r.all() {
		middle.AddCert(c)
	}
	chains, err := cert.Verify(x509.VerifyOptions{
		Roots: anchors, Intermediates: middle, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, fmt.Errorf("asic: the signer's certificate does not lead to a root that is trusted, at %s: %w", show(at), err)
	}
	if cert.KeyUsage&x509.KeyUsageContentCommitment == 0 || cert.IsCA || len(chains[0]) < 2 {
		return nil, errors.New("asic: the signer's certificate is not one for signatures (key usage nonRepudiation)")
	}
	top := chains[0][len(chains[0])-1]
	v.note("certificate: for signatures (nonRepudiation), valid at %s; issued by %s, under %s, which is trusted",
		show(at), chains[0][1].Subject.CommonName, top.Subject.CommonName)
	return chains[0][1], nil
}

func keyBits(cert *x509.Certificate) int {
	key, _ := cert.PublicKey.(*rsa.PublicKey) // the method has seen that it is one
	return key.N.BitLen()
}

func show(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }
