package signature_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
	"github.com/tunnus-id/tunnus/need"
)

var message = []byte("what was signed")

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var (
	rsa2048 = sync.OnceValue(func() *issuer.Key { return must(issuer.NewRSA(2048)) })
	odd     = sync.OnceValue(func() *issuer.Key {
		return must(issuer.NewRSAExponent(2048, new(big.Int).SetBit(big.NewInt(15), 40, 1))) // over what crypto/rsa takes
	})
)

// keys are keys of every kind that signers have.
func keys(t testing.TB) map[string]*issuer.Key {
	t.Helper()
	all := map[string]*issuer.Key{"rsa-2048": rsa2048(), "rsa-2048 with 2^40+15": odd()}
	for _, name := range []string{
		"secp192r1", "secp224r1", "secp256r1", "secp384r1", "secp521r1",
		"brainpoolP192r1", "brainpoolP224r1", "brainpoolP256r1", "brainpoolP320r1", "brainpoolP384r1", "brainpoolP512r1",
	} {
		all[name] = must(issuer.NewEC(name))
		written := *all[name]
		written.Explicit = true
		all[name+" written out"] = &written
	}
	return all
}

func TestEveryKindOfKey(t *testing.T) {
	other := must(signature.ParseKey(must(issuer.NewRSA(2048)).Public()))
	for name, signer := range keys(t) {
		key, err := signature.ParseKey(signer.Public())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a := signer.Usual()
		sig := must(signer.Sign(a, message))
		if err := key.Verify(a, message, sig); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		bad := bytes.Clone(sig)
		bad[len(bad)-1] ^= 1
		otherHash := a
		if otherHash.Hash = crypto.SHA224; a.Hash == crypto.SHA224 {
			otherHash.Hash = crypto.SHA512
		}
		for what, err := range map[string]error{
			"another signature": key.Verify(a, message, bad), "another message": key.Verify(a, message[1:], sig),
			"another hash": key.Verify(otherHash, message, sig), "another key": other.Verify(a, message, sig),
			"a byte more": key.Verify(a, message, append(bytes.Clone(sig), 0)), "nothing": key.Verify(a, message, nil),
			"MD5":                   key.Verify(signature.Algorithm{Scheme: a.Scheme, Hash: crypto.MD5}, message, sig),
			"a digest that is none": key.VerifyDigest(a, message, sig), "the zero key": signature.Key{}.Verify(a, message, sig),
			"no scheme": key.Verify(signature.Algorithm{Hash: a.Hash}, message, sig),
		} {
			if !errors.Is(err, signature.ErrSignature) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		if !key.Equal(must(signature.ParseKey(signer.Public()))) || key.Equal(other) || key.Bits() == 0 {
			t.Errorf("%s: is not itself", name)
		}
	}
}

// A curve's parameters written out give the same key as its name.
func TestWrittenOutIsTheSameKey(t *testing.T) {
	k := must(issuer.NewEC("brainpoolP256r1"))
	named := must(signature.ParseKey(k.Public()))
	k.Explicit = true
	if written := must(signature.ParseKey(k.Public())); !written.Equal(named) || written.String() != "brainpoolP256r1" {
		t.Errorf("%v, %v", named, written)
	}
}

// Whoever may choose the form of a signature can hide things in it.
func TestFormsOfECDSA(t *testing.T) {
	for _, name := range []string{"secp256r1", "brainpoolP256r1"} {
		signer := must(issuer.NewEC(name))
		key := must(signature.ParseKey(signer.Public()))
		a := signer.Usual()
		s := ber.String(must(signer.Sign(a, message)))
		s, _ = s.Read(ber.Sequence)
		r := must1(s.Unsigned(40))
		z := must1(s.Unsigned(40))
		n := orders[name]
		form := func(parts ...[]byte) []byte { return tlv.Append(nil, ber.Sequence, bytes.Join(parts, nil)) }
		num := issuer.Number
		for what, sig := range map[string][]byte{
			"r is 0": form(num(new(big.Int)), num(z)), "s is 0": form(num(r), num(new(big.Int))),
			"r is the order": form(num(n), num(z)), "r over the order": form(num(new(big.Int).Add(r, n)), num(z)),
			"s over the order": form(num(r), num(new(big.Int).Add(z, n))),
			"three numbers":    form(num(r), num(z), num(z)), "one number": form(num(r)),
			"zeros in front": form(tlv.Append(nil, 2, append([]byte{0, 0}, r.Bytes()...)), num(z)),
			"negative":       form(tlv.Append(nil, 2, append([]byte{0xFF}, r.Bytes()...)), num(z)),
			"long length":    append([]byte{0x30, 0x81, byte(len(num(r)) + len(num(z)))}, append(num(r), num(z)...)...),
			"plain":          append(r.FillBytes(make([]byte, 32)), z.FillBytes(make([]byte, 32))...),
		} {
			if key.Verify(a, message, sig) == nil {
				t.Errorf("%s: %s was accepted", name, what)
			}
		}
		if key.Verify(a, message, form(num(r), num(z))) != nil {
			t.Errorf("%s: the good one was refused", name)
		}
	}
}

var orders = map[string]*big.Int{
	"secp256r1":       hexInt("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"),
	"brainpoolP256r1": hexInt("A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7"),
}

func hexInt(s string) *big.Int { return new(big.Int).SetBytes(must(hex.DecodeString(s))) }

func must1(n *big.Int, ok bool) *big.Int {
	if !ok {
		panic("not a number")
	}
	return n
}

func rsaInfo(n, e *big.Int) []byte {
	algorithm := must(hex.DecodeString("300D06092A864886F70D0101010500"))
	return issuer.PublicKeyInfo(algorithm, tlv.Append(nil, ber.Sequence, append(issuer.Number(n), issuer.Number(e)...)))
}

func TestKeysThatAreRefused(t *testing.T) {
	n := new(big.Int).SetBit(big.NewInt(1), 2047, 1)
	f4, one := big.NewInt(65537), big.NewInt(1)
	ec := must(issuer.NewEC("brainpoolP256r1")).Public()
	off := bytes.Clone(ec)
	off[len(off)-1] ^= 1
	md := must(hex.DecodeString("301006072A8648CE3D020106052B8104000A"))[:18] // secp256k1
	for name, spki := range map[string][]byte{
		"1,023 bits": rsaInfo(new(big.Int).SetBit(one, 1022, 1), f4), "8,193 bits": rsaInfo(new(big.Int).SetBit(one, 8192, 1), f4),
		"a million bits": rsaInfo(new(big.Int).SetBit(one, 1_000_000, 1), f4), "even modulus": rsaInfo(new(big.Int).Lsh(one, 2047), f4),
		"exponent 1": rsaInfo(n, one), "even exponent": rsaInfo(n, big.NewInt(65536)),
		"exponent of 65 bits": rsaInfo(n, new(big.Int).SetBit(big.NewInt(1), 64, 1)), "exponent 0": rsaInfo(n, new(big.Int)),
		"point off the curve": off, "another curve": issuer.PublicKeyInfo(md, ec[len(ec)-65:]), "infinity": issuer.PublicKeyInfo(algorithmOf(ec), []byte{0}),
		"nothing": nil, "trailing": append(bytes.Clone(ec), 0), "cut": ec[:len(ec)-1],
	} {
		if k, err := signature.ParseKey(spki); err == nil {
			t.Errorf("%s: read as %v", name, k)
		}
	}
	if k, err := signature.ParseKey(rsaInfo(n, new(big.Int).SetBit(big.NewInt(1), 63, 1))); err != nil || k.Bits() != 2048 {
		t.Errorf("an exponent of 64 bits: %v", err)
	}
}

func algorithmOf(spki []byte) []byte {
	s := ber.String(spki)
	s, _ = s.Read(ber.Sequence)
	raw, _ := s.ReadRaw(ber.Sequence)
	return raw
}

func TestAlgorithms(t *testing.T) {
	for _, tt := range []struct {
		name, der string
		digest    crypto.Hash
		want      signature.Algorithm
		err       error
	}{
		{"PSS by its defaults", "300B06092A864886F70D01010A", 0, signature.Algorithm{Scheme: "rsa-pss", Hash: crypto.SHA1, Mask: crypto.SHA1, Salt: 20}, nil},
		{"PSS, empty", "300D06092A864886F70D01010A3000", 0, signature.Algorithm{Scheme: "rsa-pss", Hash: crypto.SHA1, Mask: crypto.SHA1, Salt: 20}, nil},
		{"PSS with another trailer", "301406092A864886F70D01010A3007A3050203010001", 0, signature.Algorithm{}, signature.ErrAlgorithm},
		{"PSS with trailer 2", "301206092A864886F70D01010A3005A303020102", 0, signature.Algorithm{}, signature.ErrAlgorithm},
		{"PSS with a salt of 65", "301206092A864886F70D01010A3005A203020141", 0, signature.Algorithm{}, signature.ErrAlgorithm},
		{"ECDSA without parameters", "300A06082A8648CE3D040302", crypto.SHA256, signature.Algorithm{Scheme: "ecdsa", Hash: crypto.SHA256}, nil},
		{"ECDSA with NULL", "300C06082A8648CE3D0403020500", 0, signature.Algorithm{Scheme: "ecdsa", Hash: crypto.SHA256}, nil},
		{"RSA of the digest", "300D06092A864886F70D0101010500", crypto.SHA512, signature.Algorithm{Scheme: "rsa-pkcs1", Hash: crypto.SHA512}, nil},
		{"RSA of no digest", "300D06092A864886F70D0101010500", 0, signature.Algorithm{}, signature.ErrAlgorithm},
		{"of another digest", "300A06082A8648CE3D040302", crypto.SHA384, signature.Algorithm{}, signature.ErrAlgorithm},
		{"MD5", "300D06092A864886F70D0101040500", 0, signature.Algorithm{}, signature.ErrAlgorithm},
		{"with something else", "300F06082A8648CE3D0403020203010001", 0, signature.Algorithm{}, signature.ErrForm},
		{"trailing", "300A06082A8648CE3D04030200", 0, signature.Algorithm{}, signature.ErrForm},
		{"no name", "3000", 0, signature.Algorithm{}, signature.ErrForm},
	} {
		a, err := signature.ParseAlgorithm(must(hex.DecodeString(tt.der)), tt.digest)
		if a != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %+v, %v; want %+v, %v", tt.name, a, err, tt.want, tt.err)
		}
	}
	for _, h := range []string{"300C06082A864886F70D02050500", "3000", "300B0609608648016503040201FF"} {
		if got, err := signature.ParseHash(must(hex.DecodeString(h))); err == nil {
			t.Errorf("%s: %v", h, got)
		}
	}
}

// A signature is a number below the modulus, as long as it: there is one form.
func TestFormsOfRSA(t *testing.T) {
	signer := rsa2048()
	key := must(signature.ParseKey(signer.Public()))
	public := must(x509.ParsePKIXPublicKey(signer.Public())).(*rsa.PublicKey)
	text, over := bytes.Clone(message), []byte(nil)
	var sig []byte
	for over == nil { // until the signature plus the modulus has no more bits than it
		text = append(text, '.')
		sig = must(signer.Sign(signer.Usual(), text))
		if sum := new(big.Int).Add(new(big.Int).SetBytes(sig), public.N); sum.BitLen() <= 2048 {
			over = sum.Bytes()
		}
	}
	for name, form := range map[string][]byte{
		"a zero in front": append([]byte{0}, sig...), "a zero behind": append(bytes.Clone(sig), 0), "the modulus more": over,
		"zero": make([]byte, 256), "one": big.NewInt(1).FillBytes(make([]byte, 256)), "nothing": nil,
	} {
		if key.Verify(signer.Usual(), text, form) == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// PSS is checked by the parameters that are written, and by no others; OpenSSL
// makes the signatures, with a mask of its own hash among them.
func TestPSSOfOpenSSL(t *testing.T) {
	openssl := need.Tool(t, "openssl")
	dir := t.TempDir()
	run := func(args ...string) []byte {
		out, err := exec.Command(openssl, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return out
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2047", "-out", file("key")) // a block of whole bytes
	run("pkey", "-in", file("key"), "-pubout", "-outform", "DER", "-out", file("pub"))
	if err := os.WriteFile(file("message"), message, 0o600); err != nil {
		t.Fatal(err)
	}
	key := must(signature.ParseKey(must(os.ReadFile(file("pub")))))
	for _, tt := range []struct {
		mask, salt string
		want       signature.Algorithm
	}{
		{"sha256", "32", signature.Algorithm{Scheme: signature.PSS, Hash: crypto.SHA256, Mask: crypto.SHA256, Salt: 32}},
		{"sha1", "32", signature.Algorithm{Scheme: signature.PSS, Hash: crypto.SHA256, Mask: crypto.SHA1, Salt: 32}},
		{"sha512", "0", signature.Algorithm{Scheme: signature.PSS, Hash: crypto.SHA256, Mask: crypto.SHA512}},
	} {
		run("dgst", "-sha256", "-sign", file("key"), "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_mgf1_md:"+tt.mask,
			"-sigopt", "rsa_pss_saltlen:"+tt.salt, "-out", file("sig"), file("message"))
		sig := must(os.ReadFile(file("sig")))
		if err := key.Verify(tt.want, message, sig); err != nil {
			t.Errorf("mask %s: %v", tt.mask, err)
		}
		longer, masked := tt.want, tt.want
		longer.Salt++
		masked.Mask = crypto.SHA384
		if key.Verify(longer, message, sig) == nil || key.Verify(masked, message, sig) == nil {
			t.Errorf("mask %s: other parameters are taken", tt.mask)
		}
	}
}

// A key for PSS only signs nothing else; with parameters, by these only.
func TestKeysForPSSOnly(t *testing.T) {
	signer := rsa2048()
	pss := signature.Algorithm{Scheme: signature.PSS, Hash: crypto.SHA256, Mask: crypto.SHA256, Salt: 32}
	sig, pkcs1 := must(signer.Sign(pss, message)), must(signer.Sign(signer.Usual(), message))
	bits := func() []byte {
		s := ber.String(signer.Public())
		s, _ = s.Read(ber.Sequence)
		_, _ = s.Read(ber.Sequence)
		return must2(s.Bits())
	}()
	strict := pss
	strict.Salt = 33
	for name, tt := range map[string]struct {
		algorithm []byte
		ok        bool
	}{
		"any parameters": {must(hex.DecodeString("300B06092A864886F70D01010A")), true},
		"these":          {issuer.Identifier(pss), true},
		"more salt":      {issuer.Identifier(strict), false},
	} {
		key := must(signature.ParseKey(issuer.PublicKeyInfo(tt.algorithm, bits)))
		if err := key.Verify(pss, message, sig); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
		if key.Verify(signer.Usual(), message, pkcs1) == nil {
			t.Errorf("%s: signs by PKCS #1", name)
		}
	}
}

func must2(b []byte, ok bool) []byte {
	if !ok {
		panic("no bits")
	}
	return b
}

// On every signature, crypto/rsa says the same.
func FuzzRSAAgrees(f *testing.F) {
	signer := rsa2048()
	public := must(x509.ParsePKIXPublicKey(signer.Public())).(*rsa.PublicKey)
	key := must(signature.ParseKey(signer.Public()))
	pkcs1 := signer.Usual()
	pss := signature.Algorithm{Scheme: signature.PSS, Hash: crypto.SHA256, Mask: crypto.SHA256, Salt: 32}
	f.Add(must(signer.Sign(pkcs1, message)), 0, byte(0))
	f.Add(must(signer.Sign(pss, message)), 3, byte(1))
	digest := crypto.SHA256.New()
	digest.Write(message)
	sum := digest.Sum(nil)
	f.Fuzz(func(t *testing.T, sig []byte, at int, by byte) {
		if len(sig) > 0 {
			sig = bytes.Clone(sig)
			sig[uint(at)%uint(len(sig))] ^= by
		}
		if got, want := key.VerifyDigest(pkcs1, sum, sig), rsa.VerifyPKCS1v15(public, crypto.SHA256, sum, sig); (got == nil) != (want == nil) {
			t.Errorf("PKCS #1: %v; want %v", got, want)
		}
		if got, want := key.VerifyDigest(pss, sum, sig), rsa.VerifyPSS(public, crypto.SHA256, sum, sig, &rsa.PSSOptions{SaltLength: 32}); (got == nil) != (want == nil) {
			t.Errorf("PSS: %v; want %v", got, want)
		}
	})
}

// What crypto/x509 reads as a key of a kind that we have is read as the same.
func FuzzParseKeyAgrees(f *testing.F) {
	for _, k := range keys(f) {
		f.Add(k.Public())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		key, err := signature.ParseKey(in)
		std, errStd := x509.ParsePKIXPublicKey(in)
		if public, ok := std.(*rsa.PublicKey); ok && errStd == nil {
			if errors.Is(err, signature.ErrKeySize) || len(in) > 4<<10 {
				return
			}
			if public.E < 3 || public.E%2 == 0 || public.N.Bit(0) == 0 { // which crypto/x509 reads, though it is no key
				if err == nil {
					t.Errorf("a key with exponent %d, or with an even modulus", public.E)
				}
				return
			}
			if again, _ := x509.MarshalPKIXPublicKey(public); err != nil && !bytes.Equal(again, in) {
				return // crypto/x509 reads over what stands behind the numbers
			}
			if err != nil || key.Bits() != public.N.BitLen() {
				t.Errorf("%v, %v; want %d bits", key, err, public.N.BitLen())
			}
		}
		if err == nil && !key.RSA() && errStd == nil && std == nil {
			t.Error("a key of a curve that crypto/x509 reads as another")
		}
	})
}
