package ceremony

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"time"

	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// An Item is what a ceremony made.
type Item struct {
	Name        string
	Public      crypto.PublicKey
	KeptIn      string            // where its key is, in words
	Certificate *x509.Certificate // nil for log and list
	List        *x509.RevocationList
	Verifier    string // of the log: the text of its public key
}

// A sitting is a ceremony under way.
type sitting struct {
	script *Script
	now    time.Time
	certs  map[string]*x509.Certificate
	keys   map[string]*hsm.Signer
	items  []Item
}

// Run makes what the script says, and returns its transcript. After a failure it
// says what has been made; nothing of that is taken back.
func (s *Script) Run(now time.Time) (Transcript, error) {
	x := &sitting{s, now, map[string]*x509.Certificate{}, map[string]*hsm.Signer{}, nil}
	err := x.run()
	for _, k := range x.keys {
		err = errors.Join(err, k.Close())
	}
	t := Transcript{Script: s, At: now, Items: x.items}
	if err != nil {
		return t, fmt.Errorf("%w%s", err, t.made())
	}
	return t, t.write()
}

func (x *sitting) run() error {
	for _, dir := range []string{x.script.Daily, x.script.Offline} {
		if dir != "" {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
		}
	}
	for _, what := range order {
		var err error
		switch {
		case what == List && x.script.makes(what):
			err = x.list()
		case x.script.makes(what):
			err = x.make(what)
		case x.script.signs(what):
			err = x.open(what)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// open opens a CA that is there already.
func (x *sitting) open(what string) error {
	b, err := os.ReadFile(x.script.certificate(what))
	if err != nil {
		return err
	}
	certs, err := pki.DecodeCertificates(b)
	if err != nil {
		return err
	}
	k, err := hsm.OpenSigner(x.script.ref(what))
	if err != nil {
		return err
	}
	x.keys[what], x.certs[what] = k, certs[0]
	if !equal(k.Public(), certs[0].PublicKey) {
		return errors.New("the key is not that of the certificate")
	}
	return nil
}

// make makes a key and what certifies it.
func (x *sitting) make(what string) error {
	public, err := x.key(what)
	if err != nil {
		return err
	}
	item := Item{Name: what, Public: public, KeptIn: x.script.keptIn(what)}
	if what == Log {
		return x.log(item)
	}
	cert, err := x.certify(what, public)
	if err != nil {
		return err
	}
	if err := x.chain(what, cert); err != nil {
		return err
	}
	x.certs[what], item.Certificate = cert, cert
	x.items = append(x.items, item)
	return writeNew(x.script.certificate(what), pki.EncodeCertificates(cert))
}

// key makes a key, and opens it again to see that it can be: a passphrase that
// was mistyped is noticed while the witnesses are there. Of a request, it takes
// the key.
func (x *sitting) key(what string) (crypto.PublicKey, error) {
	if r := x.script.keeping(what).Request; r != "" {
		return readRequest(r, what == Issuing)
	}
	made, err := hsm.CreateSigner(x.script.ref(what), algorithms[what])
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	again, err := hsm.OpenSigner(x.script.ref(what))
	if err != nil {
		return nil, fmt.Errorf("the key was made, and cannot be opened: %w", err)
	}
	x.keys[what] = again
	if !equal(again.Public(), made.Public()) {
		return nil, errors.New("the key that was made is not the one that is kept")
	}
	return made.Public(), nil
}

func (x *sitting) certify(what string, public crypto.PublicKey) (*x509.Certificate, error) {
	scheme := x.script.Scheme.naming(x.certs[Root], x.certs[Issuing])
	if what == Root {
		return pki.NewRoot(scheme, x.keys[Root], x.now, issue.Lint)
	}
	if what == Issuing {
		return pki.NewIssuing(scheme, x.certs[Root], x.keys[Root], public, x.now, issue.Lint)
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("the key is not RSA")
	}
	if what == Responder {
		return pki.NewResponder(scheme, x.certs[Issuing], x.keys[Issuing], key, x.now, issue.Lint)
	}
	return pki.NewStamper(scheme, x.certs[Issuing], x.keys[Issuing], key, x.now, issue.Lint)
}

// chain verifies what was made, as far up as it is known here.
func (x *sitting) chain(what string, cert *x509.Certificate) error {
	parent := cert
	switch what {
	case Issuing:
		parent = x.certs[Root]
	case Responder, Stamp:
		parent = x.certs[Issuing]
	}
	if err := cert.CheckSignatureFrom(parent); err != nil {
		return fmt.Errorf("the certificate that was made does not verify: %w", err)
	}
	return nil
}

// listLife is how long the root's list is good: it is made anew at a ceremony.
const listLife = 397 * 24 * time.Hour

// list makes the root's revocation list (RFC 5280 §5), in which nobody is: so
// that a verifier need not take the issuing CA's good standing for granted. Its
// number is the time, so that a later one has a higher one.
func (x *sitting) list() error {
	root := x.certs[Root]
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		SignatureAlgorithm: pki.Signing, Number: big.NewInt(x.now.Unix()), ThisUpdate: x.now.UTC(), NextUpdate: x.now.UTC().Add(listLife),
	}, root, x.keys[Root])
	if err != nil {
		return err
	}
	l, err := x509.ParseRevocationList(der)
	if err != nil {
		return err
	}
	if err := l.CheckSignatureFrom(root); err != nil {
		return err
	}
	x.items = append(x.items, Item{Name: List, List: l})
	return writeNew(x.script.rootList(), der)
}

// log writes the public key of the log as its verifiers read it.
func (x *sitting) log(item Item) error {
	_, text, err := folder.NewSigner(x.script.LogOrigin, x.keys[Log])
	if err != nil {
		return err
	}
	item.Verifier = text
	x.items = append(x.items, item)
	return writeNew(x.script.logPublic(), []byte(text+"\n"))
}

func equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// keptIn says in words where a key is.
func (s *Script) keptIn(what string) string {
	k := s.keeping(what)
	switch {
	case k.Request != "":
		return "elsewhere; certified on request"
	case k.Label != "":
		return fmt.Sprintf("key module, token %q, label %q", k.Token.Label, k.Label)
	case what == Root:
		return "encrypted file on the offline medium"
	}
	return "encrypted file in the daily folder"
}

// writeNew writes a public file, never over another.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}
