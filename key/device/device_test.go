package device

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/tunnus-id/tunnus"
)

func request() Request {
	return Request{Method: "POST", Path: "/v1/keys", Session: "s", Counter: 7, Nonce: "n", Body: []byte(`{"a":1}`)}
}

func signed(t *testing.T) (Signed, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Sign(key, request())
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

func TestVerify(t *testing.T) {
	s, _ := signed(t)
	if err := s.Verify(); err != nil {
		t.Errorf("Verify = %v; want nil", err)
	}
}

// Every field of a request is under the signature.
func TestVerifyRefusesChanges(t *testing.T) {
	tests := []struct {
		name string
		give func(*Signed)
	}{
		{"method", func(s *Signed) { s.Request.Method = "GET" }},
		{"path", func(s *Signed) { s.Request.Path = "/v1/keys2" }},
		{"session", func(s *Signed) { s.Request.Session = "t" }},
		{"counter", func(s *Signed) { s.Request.Counter++ }},
		{"nonce", func(s *Signed) { s.Request.Nonce = "" }},
		{"body", func(s *Signed) { s.Request.Body = []byte(`{"a":2}`) }},
		{"shifted field", func(s *Signed) { s.Request.Session, s.Request.Nonce = "", "sn" }},
		{"no signature", func(s *Signed) { s.Signature = nil }},
		{"no key", func(s *Signed) { s.Key = nil }},
		{"trailing key bytes", func(s *Signed) { s.Key = append(s.Key, 0) }},
		{"broken signature", func(s *Signed) { s.Signature[10] ^= 1 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := signed(t)
			tt.give(&s)
			if got := tunnus.CodeOf(s.Verify()); got != tunnus.CodeBadSignature {
				t.Errorf("Verify = %q; want %q", got, tunnus.CodeBadSignature)
			}
		})
	}
}

func TestVerifyRefusesAnotherKey(t *testing.T) {
	s, _ := signed(t)
	other, _ := signed(t)
	if got := tunnus.CodeOf(Verify(other.Key, s.Request, s.Signature)); got != tunnus.CodeBadSignature {
		t.Errorf("Verify = %q; want %q", got, tunnus.CodeBadSignature)
	}
	if s.Thumbprint() == other.Thumbprint() || len(s.Thumbprint()) != 43 {
		t.Errorf("thumbprints %q, %q", s.Thumbprint(), other.Thumbprint())
	}
}

func TestSignRefusesOtherCurves(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(key, request()); err == nil {
		t.Error("Sign took a key on P-384")
	}
}

func TestSessionID(t *testing.T) {
	a := SessionID([]byte("key"), []byte("nonce"))
	if a != SessionID([]byte("key"), []byte("nonce")) || len(a) != 43 {
		t.Errorf("SessionID = %q", a)
	}
	for _, b := range []string{SessionID([]byte("keyn"), []byte("once")), SessionID([]byte("key"), []byte("nonc"))} {
		if a == b {
			t.Errorf("two sessions are named %q", a)
		}
	}
}

// Two requests with the same canonical bytes are the same request.
func FuzzCanonical(f *testing.F) {
	f.Add("POST", "/a", "s", "n", uint64(1), []byte("b"), "POST", "/a", "s", "n", uint64(1), []byte("b"))
	f.Add("POST", "/a", "s", "n", uint64(1), []byte("b"), "POST", "/as", "", "n", uint64(1), []byte("b"))
	f.Fuzz(func(t *testing.T, m1, p1, s1, n1 string, c1 uint64, b1 []byte, m2, p2, s2, n2 string, c2 uint64, b2 []byte) {
		a := Request{Method: m1, Path: p1, Session: s1, Nonce: n1, Counter: c1, Body: b1}
		b := Request{Method: m2, Path: p2, Session: s2, Nonce: n2, Counter: c2, Body: b2}
		same := m1 == m2 && p1 == p2 && s1 == s2 && n1 == n2 && c1 == c2 && bytes.Equal(b1, b2)
		if bytes.Equal(a.Canonical(), b.Canonical()) != same {
			t.Errorf("%+v and %+v", a, b)
		}
	})
}
