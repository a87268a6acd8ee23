package voprf

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"testing"
	"time"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
)

func server(t testing.TB) (s *Server, k []byte) {
	t.Helper()
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err = NewServer(k)
	if err != nil {
		t.Fatal(err)
	}
	return s, k
}

// Our server and circl's are one function, and circl's phone takes our proofs.
func TestServerAgreesWithCircl(t *testing.T) {
	s, k := server(t)
	priv := new(oprf.PrivateKey)
	if err := priv.UnmarshalBinary(oprf.SuiteP256, k); err != nil {
		t.Fatal(err)
	}
	theirs := oprf.NewVerifiableServer(oprf.SuiteP256, priv)
	pub, err := theirs.PublicKey().MarshalBinary()
	if err != nil || !bytes.Equal(pub, s.Public()) {
		t.Fatalf("public keys differ: %x, %x", pub, s.Public())
	}
	for range 20 {
		input := make([]byte, 40)
		_, _ = rand.Read(input)
		want, err := theirs.FullEvaluate(input)
		if err != nil {
			t.Fatal(err)
		}
		b, blinded, err := Blind(s.Public(), input)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.Evaluate(blinded)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Finish(answer); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("Finish = %x, %v; want %x", got, err, want)
		}
	}
}

// Two evaluations of one element share no commitment: s and c are new each time.
func TestProofsDrawAnew(t *testing.T) {
	s, _ := server(t)
	a, errA := s.Evaluate(s.Public())
	b, errB := s.Evaluate(s.Public())
	if errA != nil || errB != nil || !bytes.Equal(a.Element, b.Element) || bytes.Equal(a.Proof[:32], b.Proof[:32]) || bytes.Equal(a.Proof[32:], b.Proof[32:]) {
		t.Error("two proofs of one evaluation have a part in common")
	}
}

// A slip in any part of the proof is seen before it is given out.
func TestOwnProofIsChecked(t *testing.T) {
	s, _ := server(t)
	r, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	g := group.P256
	other := g.NewElement().MulGen(hashToScalar([]byte("slip")))
	for name, slip := range map[string]func(*proof){
		"none":           func(*proof) {},
		"M":              func(p *proof) { p.m = other },
		"Z":              func(p *proof) { p.z = other },
		"the commitment": func(p *proof) { p.toM = other },
		"s":              func(p *proof) { p.s[7] ^= 1 },
		"s = 0":          func(p *proof) { clear(p.s) },
		"c":              func(p *proof) { p.c[7] ^= 1 },
		"the weight":     func(p *proof) { p.d = hashToScalar([]byte("slip")) },
		"the element":    func(p *proof) { p.blinded = other },
	} {
		b, err := parseElement(s.Public())
		if err != nil {
			t.Fatal(err)
		}
		out := g.NewElement().Mul(b, s.scalar)
		d := hashToScalar([]byte("weight"))
		p := proof{server: s, blinded: b, d: d, m: g.NewElement().Mul(b, d), z: g.NewElement().Mul(out, d)}
		if err := p.make(r); err != nil {
			t.Fatal(err)
		}
		slip(&p)
		if got, want := p.holds(), name == "none"; got != want {
			t.Errorf("slip in %s: holds = %v", name, got)
		}
	}
	// An evaluation by another k than the published one is such a slip too.
	wrong := *s
	wrong.scalar = hashToScalar([]byte("slip"))
	if _, err := wrong.Evaluate(s.Public()); err == nil {
		t.Error("an evaluation by another key was given out")
	}
}

func TestNewServerRefuses(t *testing.T) {
	for _, k := range [][]byte{nil, make([]byte, 32), p256Order(), make([]byte, 31), bytes.Repeat([]byte{0xff}, 32)} {
		if _, err := NewServer(k); err == nil {
			t.Errorf("NewServer took %x", k)
		}
	}
}

// One evaluation with its proof, as the server does for one try: at most 0.3 ms.
// On a busy machine its time over that of crypto/ecdh on the same curve in the
// same run says more.
func BenchmarkEvaluate(b *testing.B) {
	s, _ := server(b)
	one, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		_, err := s.Evaluate(s.pub)
		ours += time.Since(start)
		if err != nil {
			b.Fatal(err)
		}
		start = time.Now()
		_, err = one.ECDH(one.PublicKey())
		theirs += time.Since(start)
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ns/evaluation")
	b.ReportMetric(float64(ours)/float64(theirs), "x-of-ecdh")
	b.ReportMetric(0, "ns/op") // holds both
}

// The same with the key just unsealed, as keyshare does it.
func BenchmarkOpenAndEvaluate(b *testing.B) {
	_, k := server(b)
	for b.Loop() {
		s, err := NewServer(k)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Evaluate(s.pub); err != nil {
			b.Fatal(err)
		}
	}
}
