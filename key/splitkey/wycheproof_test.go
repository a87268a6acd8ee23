package splitkey

import (
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/big"
	"testing"

	"github.com/c2sp/wycheproof"
)

// A suite is what is used of a file of Wycheproof.
type suite struct {
	NumberOfTests int
	TestGroups    []struct {
		PublicKey struct{ Modulus, PublicExponent string }
		Sha       string
		MgfSha    string
		SLen      int
		Tests     []struct {
			TcID                             int
			Comment, Msg, Sig, Value, Result string
			Flags                            []string
		}
	}
}

// wycheproofFiles reads the files of the names, and fails if one is missing.
func wycheproofFiles(t *testing.T, names ...string) map[string]suite {
	t.Helper()
	out := map[string]suite{}
	for _, name := range names {
		text, err := fs.ReadFile(wycheproof.TestVectors, name)
		if err != nil {
			t.Fatal(err)
		}
		var s suite
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		out[name] = s
	}
	return out
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fits is how the server judges a share: against an encoding that it made itself.
// For 3072 bits it is [CheckShare]; for other sizes the same steps.
func fits(n *big.Int, em, sig []byte) bool {
	if n.BitLen() == HalfBits {
		return CheckShare(n.FillBytes(make([]byte, HalfSize)), em, sig) == nil
	}
	s := new(big.Int).SetBytes(sig)
	return len(sig) == (n.BitLen()+7)/8 && s.Cmp(n) < 0 && powersTo(s, new(big.Int).SetBytes(em), n)
}

// PKCS#1 v1.5: our encoding with our check, and crypto/rsa as client and asic use
// it, take exactly the valid signatures. An encoding without the NULL, which
// Wycheproof leaves open, is refused.
func TestWycheproofPKCS1(t *testing.T) {
	ran, took := 0, 0
	for name, s := range wycheproofFiles(t,
		"rsa_signature_2048_sha256_test.json", "rsa_signature_2048_sha384_test.json", "rsa_signature_2048_sha512_test.json",
		"rsa_signature_3072_sha256_test.json", "rsa_signature_3072_sha384_test.json", "rsa_signature_3072_sha512_test.json",
		"rsa_signature_3072_sha3_256_test.json", "rsa_signature_3072_sha3_384_test.json", "rsa_signature_3072_sha3_512_test.json",
		"rsa_signature_4096_sha256_test.json", "rsa_signature_4096_sha512_test.json", "rsa_signature_8192_sha512_test.json") {
		for _, g := range s.TestGroups {
			n := new(big.Int).SetBytes(unhex(t, g.PublicKey.Modulus))
			if e := new(big.Int).SetBytes(unhex(t, g.PublicKey.PublicExponent)); e.Int64() != Exponent {
				continue // no key of ours
			}
			h := Hash(g.Sha)
			for _, tt := range g.Tests {
				ran++
				digest, sig := h.Sum(unhex(t, tt.Msg)), unhex(t, tt.Sig)
				em, err := encodePKCS1(h, digest, (n.BitLen()+7)/8)
				if err != nil {
					t.Fatal(err)
				}
				ours := fits(n, em, sig)
				theirs := rsa.VerifyPKCS1v15(&rsa.PublicKey{N: n, E: Exponent}, h.Crypto(), digest, sig) == nil
				if want := tt.Result == "valid"; ours != want || theirs != want {
					t.Errorf("%s %d %s %s: ours %v, crypto/rsa %v", name, tt.TcID, tt.Comment, tt.Flags, ours, theirs)
				} else if want {
					took++
				}
			}
		}
	}
	counted(t, ran, took, 2000)
}

// PSS with the salt as long as the hash, the only one we take: the salt is found
// in the signature, the encoding made anew with it, and compared.
func TestWycheproofPSS(t *testing.T) {
	ran, took := 0, 0
	for name, s := range wycheproofFiles(t,
		"rsa_pss_2048_sha256_mgf1_32_test.json", "rsa_pss_2048_sha384_mgf1_48_test.json", "rsa_pss_3072_sha256_mgf1_32_test.json",
		"rsa_pss_4096_sha256_mgf1_32_test.json", "rsa_pss_4096_sha384_mgf1_48_test.json", "rsa_pss_4096_sha512_mgf1_64_test.json",
		"rsa_pss_2048_sha256_mgf1_0_test.json", "rsa_pss_4096_sha512_mgf1_32_test.json", "rsa_pss_2048_sha256_mgf1sha1_20_test.json") {
		for _, g := range s.TestGroups {
			n := new(big.Int).SetBytes(unhex(t, g.PublicKey.Modulus))
			h := Hash(g.Sha)
			ourKind := g.SLen == h.Size() && g.MgfSha == g.Sha
			for _, tt := range g.Tests {
				ran++
				digest, sig := h.Sum(unhex(t, tt.Msg)), unhex(t, tt.Sig)
				ours := false
				if salt, ok := saltOf(n, h, sig); ok {
					em, err := encodePSS(h, digest, salt, n.BitLen()-1)
					if err != nil {
						t.Fatal(err)
					}
					ours = fits(n, em, sig)
				}
				opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
				theirs := rsa.VerifyPSS(&rsa.PublicKey{N: n, E: Exponent}, h.Crypto(), digest, sig, opts) == nil
				// A salt that is wrong for the file's kind may be right for ours.
				want := ourKind && tt.Result == "valid" || !ourKind && g.MgfSha == g.Sha && tt.Comment == fmt.Sprintf("s_len changed to %d", h.Size())
				if ours != want || theirs != want {
					t.Errorf("%s %d %s %s: ours %v, crypto/rsa %v", name, tt.TcID, tt.Comment, tt.Flags, ours, theirs)
				} else if want {
					took++
				}
			}
		}
	}
	counted(t, ran, took, 800)
}

// saltOf unmasks the salt of a signature; ok is false where there is none to find.
func saltOf(n *big.Int, h Hash, sig []byte) (salt []byte, ok bool) {
	s := new(big.Int).SetBytes(sig)
	if s.Cmp(n) >= 0 {
		return nil, false
	}
	size := (n.BitLen() + 6) / 8
	m := new(big.Int).Exp(s, big.NewInt(Exponent), n)
	if m.BitLen() > 8*size {
		return nil, false
	}
	em := m.FillBytes(make([]byte, size))
	db := bytes.Clone(em[:size-h.Size()-1])
	mgf1XOR(h, db, em[len(db):size-1])
	return db[len(db)-h.Size():], true
}

// A prime is always seen as one, so none is taken for n1; and a composite that
// was made to look like a prime is not.
func TestWycheproofPrimality(t *testing.T) {
	ran, primes := 0, 0
	for _, s := range wycheproofFiles(t, "primality_test.json") {
		for _, g := range s.TestGroups {
			for _, tt := range g.Tests {
				value := unhex(t, tt.Value)
				if len(value) > 0 && value[0]&0x80 != 0 {
					continue // a negative number; a modulus is none
				}
				ran++
				n := new(big.Int).SetBytes(value)
				if want := tt.Result == "valid"; isPrime(n) != want {
					t.Errorf("%d %s %s: isPrime = %v", tt.TcID, tt.Comment, tt.Flags, !want)
				} else if want {
					primes++
				}
			}
		}
	}
	counted(t, ran, primes, 250)
}

// counted fails if fewer ran than there are, or none was accepted.
func counted(t *testing.T, ran, took, least int) {
	t.Helper()
	t.Logf("%d vectors ran, %d of them valid", ran, took)
	if ran < least || took == 0 || took == ran {
		t.Errorf("at least %d are expected, some of them valid and some not", least)
	}
}
