package app

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tlog/folder"
)

// A registry is a log of two lines, one for each certificate of a pocket.
type registry struct {
	*pocket
	signer note.Signer
	key    string
	certs  map[string][]byte // DER, by purpose
	proofs map[string]proof.Inclusion
}

func newRegistry(t *testing.T) (*registry, *App, context.Context) {
	t.Helper()
	r := &registry{pocket: newPocket(t), certs: map[string][]byte{}}
	a, ctx := r.phone()
	for _, k := range r.vault.State.Keys {
		if _, err := a.status(ctx, k); err != nil {
			t.Fatal(err)
		}
		r.certs[string(k.Blob.Purpose)] = certificate(t, k.Modulus)
	}
	r.newLog()
	r.pages = map[string]func([]byte) any{
		wire.PathAccounts: func([]byte) any {
			acc := wire.Account{Document: r.vault.State.Accounts[0].Document, State: "active"}
			for _, p := range []string{"login", "signature"} {
				acc.Keys = append(acc.Keys, wire.Key{Purpose: p, Certificate: [][]byte{r.certs[p]}})
			}
			return wire.Accounts{Accounts: []wire.Account{acc}}
		},
		wire.PathLogged: func(body []byte) any {
			var in wire.LoggedOf
			_ = json.Unmarshal(body, &in)
			return wire.Logged{Inclusion: r.proofs[in.Purpose], Key: r.key}
		},
	}
	return r, a, ctx
}

// certificate is one for a public key, by an authority that nobody looks at here.
func certificate(t *testing.T, modulus []byte) []byte {
	t.Helper()
	_, by, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotAfter: time.Now().Add(time.Hour)}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: splitkey.Exponent}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, by)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// newLog begins a log with a key of its own and one line for each certificate.
func (r *registry) newLog() {
	r.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		r.Fatal(err)
	}
	if r.signer, r.key, err = folder.NewSigner("tunnus-demo/log", private); err != nil {
		r.Fatal(err)
	}
	r.write(r.certs)
}

// write makes the log say that these certificates were issued.
func (r *registry) write(certs map[string][]byte) {
	r.Helper()
	var leaves [2][]byte
	r.proofs = map[string]proof.Inclusion{}
	for i, purpose := range []string{"login", "signature"} {
		salt := random(32)
		record := fmt.Appendf(nil, `{"at":"2026-11-22T12:00:0%dZ","kind":"cert.issued","subject":"acc-1","detail":{"serial":"07","sha256":"%x"}}`, i, sha256.Sum256(certs[purpose]))
		leaf := sha256.Sum256(append(append([]byte{}, salt...), record...))
		node := sha256.Sum256(append([]byte{0}, leaf[:]...))
		leaves[i] = node[:]
		r.proofs[purpose] = proof.Inclusion{Record: record, Salt: salt, Leaf: leaf[:], Index: uint64(i), Size: 2}
	}
	root := sha256.Sum256(append(append([]byte{1}, leaves[0]...), leaves[1]...))
	text := fmt.Sprintf("tunnus-demo/log\n2\n%s\n", base64.StdEncoding.EncodeToString(root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, r.signer)
	if err != nil {
		r.Fatal(err)
	}
	for i, purpose := range []string{"login", "signature"} {
		p := r.proofs[purpose]
		p.Hashes, p.Checkpoint = [][]byte{leaves[1-i]}, signed
		r.proofs[purpose] = p
	}
}

// The phone shows that both certificates are logged, and may be asked again.
func TestLogged(t *testing.T) {
	r, a, ctx := newRegistry(t)
	for range 2 {
		list, err := a.Logged(ctx)
		if err != nil || len(list) != 2 {
			t.Fatalf("Logged = %v, %v", list, err)
		}
		for i, l := range list {
			if l.Err != nil || l.Entry != uint64(i) || l.Shown.Serial != "07" || l.Shown.Checkpoint.Size != 2 {
				t.Errorf("%s: %+v", l.Purpose, l)
			}
		}
	}
	if len(r.vault.State.Accounts[0].Logs) != 1 {
		t.Error("the checkpoint was not kept")
	}
}

// Whatever is wrong with a proof, nothing is shown to be logged by it.
func TestLoggedRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		lie func(*registry)
		err error // nil if any will do
	}{
		"another certificate was logged": {func(r *registry) {
			r.write(map[string][]byte{"login": r.certs["signature"], "signature": r.certs["login"]})
		}, proof.ErrCertificate},
		"proof of the other one":      {func(r *registry) { r.proofs["login"], r.proofs["signature"] = r.proofs["signature"], r.proofs["login"] }, proof.ErrCertificate},
		"another log's key":           {func(r *registry) { was := r.proofs; r.newLog(); r.proofs = was }, proof.ErrCheckpoint},
		"log rewritten, of one size":  {func(r *registry) { r.write(r.certs) }, proof.ErrInconsistent},
		"a new log in its place":      {func(r *registry) { r.newLog() }, nil},
		"no proof":                    {func(r *registry) { r.proofs = nil }, nil},
		"no key":                      {func(r *registry) { r.key = "" }, proof.ErrKey},
		"certificate for another key": {func(r *registry) { r.certs["login"], r.certs["signature"] = r.certs["signature"], r.certs["login"] }, nil},
		"no certificate":              {func(r *registry) { r.certs = map[string][]byte{"login": {1}, "signature": {}} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, a, ctx := newRegistry(t)
			if _, err := a.Logged(ctx); err != nil {
				t.Fatal(err)
			}
			tt.lie(r)
			list, err := a.Logged(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range list {
				if l.Err == nil || tt.err != nil && !errors.Is(l.Err, tt.err) {
					t.Errorf("%s: %v; want %v", l.Purpose, l.Err, tt.err)
				}
			}
		})
	}
}

// A certificate that is well logged and is for a key of somebody else is none of ours.
func TestLoggedWantsOwnKeys(t *testing.T) {
	r, a, ctx := newRegistry(t)
	for purpose := range r.certs {
		other := random(splitkey.ProductSize)
		other[0] |= 0x80
		other[len(other)-1] |= 1
		r.certs[purpose] = certificate(t, other)
	}
	r.newLog()
	list, err := a.Logged(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		if l.Err == nil {
			t.Errorf("%s is taken for ours", l.Purpose)
		}
	}
}
