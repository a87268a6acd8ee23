//go:build pkcs11

package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/miekg/pkcs11"
)

// Of PKCS #11 v3.0, which SoftHSM2 2.6 knows and the binding does not name.
const (
	ckkECEdwards           = 0x40
	ckmECEdwardsKeyPairGen = 0x1055
	ckmEdDSA               = 0x1057
)

// curves are the parameters of the elliptic curves, DER (RFC 5480 §2.1.1.1, RFC 8410 §3).
var curves = map[Algorithm]asn1.ObjectIdentifier{
	P256: {1, 2, 840, 10045, 3, 1, 7}, P384: {1, 3, 132, 0, 34}, Ed25519: {1, 3, 101, 112},
}

// A key is a signing key of the token. It implements [crypto.Signer].
type key struct {
	tok    *Token
	label  string
	public crypto.PublicKey
	ask    func(*pkcs11.Mechanism, []byte) ([]byte, error) // raw, or in a test a module that errs
}

func privateKey(label string) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{attribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), attribute(pkcs11.CKA_LABEL, label)}
}

// Signer returns the signing key with a label; its public key lies beside it.
func (t *Token) Signer(label string) (Signer, error) {
	k := &key{tok: t, label: label}
	k.ask = k.raw
	return k, t.with(func(s pkcs11.SessionHandle) error {
		if _, err := t.one(s, label, privateKey(label)...); err != nil {
			return err
		}
		pub, err := t.one(s, label+" (public)", attribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY), attribute(pkcs11.CKA_LABEL, label))
		if err != nil {
			return err
		}
		k.public, err = t.public(s, pub)
		return err
	})
}

// public reads a public key.
func (t *Token) public(s pkcs11.SessionHandle, h pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	kind, err := t.ctx.GetAttributeValue(s, h, []*pkcs11.Attribute{attribute(pkcs11.CKA_KEY_TYPE, nil)})
	if err != nil {
		return nil, err
	}
	if same(kind[0], pkcs11.CKK_RSA) {
		got, err := t.ctx.GetAttributeValue(s, h, []*pkcs11.Attribute{attribute(pkcs11.CKA_MODULUS, nil), attribute(pkcs11.CKA_PUBLIC_EXPONENT, nil)})
		if err != nil {
			return nil, err
		}
		e := new(big.Int).SetBytes(got[1].Value)
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil, errors.New("an RSA key with a large exponent")
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(got[0].Value), E: int(e.Int64())}, nil
	}
	got, err := t.ctx.GetAttributeValue(s, h, []*pkcs11.Attribute{attribute(pkcs11.CKA_EC_PARAMS, nil), attribute(pkcs11.CKA_EC_POINT, nil)})
	if err != nil {
		return nil, err
	}
	var curve asn1.ObjectIdentifier
	var point []byte // the standard wraps it into an OCTET STRING
	_, errC := asn1.Unmarshal(got[0].Value, &curve)
	_, errP := asn1.Unmarshal(got[1].Value, &point)
	if err := errors.Join(errC, errP); err != nil {
		return nil, err
	}
	switch {
	case curve.Equal(curves[P256]):
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	case curve.Equal(curves[P384]):
		return ecdsa.ParseUncompressedPublicKey(elliptic.P384(), point)
	case curve.Equal(curves[Ed25519]) && len(point) == ed25519.PublicKeySize:
		return ed25519.PublicKey(point), nil
	}
	return nil, errors.New("a key of a curve that is not known")
}

// same compares an attribute with a number, as wide as the module has it.
func same(a *pkcs11.Attribute, n uint) bool {
	return string(a.Value) == string(attribute(a.Type, n).Value)
}

// CreateSigner makes a signing key with a label, which never leaves the token.
// It fails with [ErrExists] if there is one.
func (t *Token) CreateSigner(label string, a Algorithm) (Signer, error) {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails (crypto/rand)
	shared := []*pkcs11.Attribute{attribute(pkcs11.CKA_TOKEN, true), attribute(pkcs11.CKA_LABEL, label), attribute(pkcs11.CKA_ID, id)}
	public := append([]*pkcs11.Attribute{attribute(pkcs11.CKA_VERIFY, true)}, shared...)
	private := append([]*pkcs11.Attribute{
		attribute(pkcs11.CKA_PRIVATE, true), attribute(pkcs11.CKA_SENSITIVE, true), attribute(pkcs11.CKA_EXTRACTABLE, false),
		attribute(pkcs11.CKA_SIGN, true), attribute(pkcs11.CKA_DECRYPT, false), attribute(pkcs11.CKA_UNWRAP, false),
	}, shared...)
	mechanism, more, err := making(a)
	if err != nil {
		return nil, err
	}
	err = t.with(func(s pkcs11.SessionHandle) error {
		found, err := t.objects(s, privateKey(label)...)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return ErrExists
		}
		_, _, err = t.ctx.GenerateKeyPair(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, append(public, more...), private)
		return err
	})
	if err != nil {
		return nil, err
	}
	return t.Signer(label)
}

// making says how a key pair of an algorithm is made.
func making(a Algorithm) (mechanism uint, public []*pkcs11.Attribute, err error) {
	bits := map[Algorithm]int{RSA2048: 2048, RSA3072: 3072, RSA4096: 4096}[a]
	if bits > 0 {
		return pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, []*pkcs11.Attribute{
			attribute(pkcs11.CKA_MODULUS_BITS, bits), attribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
		}, nil
	}
	curve, ok := curves[a]
	if !ok {
		return 0, nil, fmt.Errorf("token: no algorithm %q", a)
	}
	params, err := asn1.Marshal(curve)
	if err != nil {
		return 0, nil, err
	}
	mechanism, kind := uint(pkcs11.CKM_EC_KEY_PAIR_GEN), uint(pkcs11.CKK_EC)
	if a == Ed25519 {
		mechanism, kind = ckmECEdwardsKeyPairGen, ckkECEdwards
	}
	return mechanism, []*pkcs11.Attribute{attribute(pkcs11.CKA_KEY_TYPE, kind), attribute(pkcs11.CKA_EC_PARAMS, params)}, nil
}

// Public implements [crypto.Signer].
func (k *key) Public() crypto.PublicKey { return k.public }

// Sign implements [crypto.Signer]. The signature is verified before it is given
// out: a fault in an RSA signature would betray a prime.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	mechanism, input, err := k.signing(digest, opts)
	if err != nil {
		return nil, err
	}
	out, err := k.ask(mechanism, input)
	if err != nil {
		return nil, err
	}
	if _, ok := k.public.(*ecdsa.PublicKey); ok {
		if out, err = ecdsaDER(out); err != nil {
			return nil, err
		}
	}
	if !verifies(k.public, digest, out, opts) {
		return nil, errors.New("token: the signature is wrong, so it is not given out")
	}
	return out, nil
}

// raw asks the module.
func (k *key) raw(m *pkcs11.Mechanism, input []byte) (out []byte, err error) {
	err = k.tok.with(func(s pkcs11.SessionHandle) error {
		h, err := k.tok.one(s, k.label, privateKey(k.label)...)
		if err != nil {
			return err
		}
		if err := k.tok.ctx.SignInit(s, []*pkcs11.Mechanism{m}, h); err != nil {
			return err
		}
		out, err = k.tok.ctx.Sign(s, input)
		return err
	})
	return out, err
}

// signing chooses the mechanism, and what it is given.
func (k *key) signing(digest []byte, opts crypto.SignerOpts) (*pkcs11.Mechanism, []byte, error) {
	hash := opts.HashFunc()
	switch pub := k.public.(type) {
	case ed25519.PublicKey:
		if hash != 0 {
			return nil, nil, errors.New("token: Ed25519 signs messages, not digests")
		}
		return pkcs11.NewMechanism(ckmEdDSA, nil), digest, nil
	case *ecdsa.PublicKey:
		// FIPS 186-5 §6.4: the leftmost bits, as many as the order has.
		if size := (pub.Curve.Params().N.BitLen() + 7) / 8; len(digest) > size {
			digest = digest[:size]
		}
		return pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil), digest, nil
	}
	names, ok := hashes[hash]
	if !ok || len(digest) != hash.Size() {
		return nil, nil, errors.New("token: a digest by SHA-256, SHA-384 or SHA-512 is expected")
	}
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		salt := pss.SaltLength
		if salt == rsa.PSSSaltLengthEqualsHash || salt == rsa.PSSSaltLengthAuto {
			salt = hash.Size()
		}
		return pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_PSS, pkcs11.NewPSSParams(names.hash, names.mgf, uint(salt))), digest, nil
	}
	// RFC 8017 §9.2: the module adds the padding, not the DigestInfo.
	info, err := asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}{pkix.AlgorithmIdentifier{Algorithm: names.id, Parameters: asn1.NullRawValue}, digest})
	return pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS, nil), info, err
}

// hashes are the names of the hashes that RSA keys sign.
var hashes = map[crypto.Hash]struct {
	hash, mgf uint
	id        asn1.ObjectIdentifier
}{
	crypto.SHA256: {pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}},
	crypto.SHA384: {pkcs11.CKM_SHA384, pkcs11.CKG_MGF1_SHA384, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}},
	crypto.SHA512: {pkcs11.CKM_SHA512, pkcs11.CKG_MGF1_SHA512, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}},
}

// ecdsaDER turns r ‖ s into a SEQUENCE (RFC 3279 §2.2.3).
func ecdsaDER(b []byte) ([]byte, error) {
	if len(b) == 0 || len(b)%2 != 0 {
		return nil, errors.New("token: malformed ECDSA signature")
	}
	r, s := new(big.Int).SetBytes(b[:len(b)/2]), new(big.Int).SetBytes(b[len(b)/2:])
	return asn1.Marshal(struct{ R, S *big.Int }{r, s})
}

func verifies(pub crypto.PublicKey, digest, sig []byte, opts crypto.SignerOpts) bool {
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(pub, digest, sig)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(pub, digest, sig)
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(pub, opts.HashFunc(), digest, sig, pss) == nil
		}
		return rsa.VerifyPKCS1v15(pub, opts.HashFunc(), digest, sig) == nil
	}
	return false
}
