package asic_test

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/asic/tree"
)

func TestRevAttrs(t *testing.T) {
	for _, n := range []int{5000, 20000} {
		var b strings.Builder
		b.WriteString("<a")
		for i := range n {
			fmt.Fprintf(&b, ` xmlns:a%x="x"`, i)
		}
		b.WriteString("><b></b></a>")
		e, err := tree.Parse([]byte(b.String()))
		if err != nil { t.Fatal(err) }
		s := time.Now()
		tree.Canonical(e.ChildElements()[0], tree.Inclusive10)
		t.Log(n, b.Len(), time.Since(s))
		s = time.Now()
		tree.Canonical(e.ChildElements()[0], tree.Exclusive)
		t.Log(n, b.Len(), time.Since(s))
	}
}

func giant(t *testing.T, w world, bits int) *x509.Certificate {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits)-1)
	n.Add(n, big.NewInt(12345))
	type spki struct{ A pkix.AlgorithmIdentifier; K asn1.BitString }
	key := &rsa.PublicKey{N: n, E: 65537}
	template := &x509.Certificate{SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: "Issuing", Country: []string{"XX"}}, NotBefore: noon.Add(-time.Hour), NotAfter: noon.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	parent := *template
	parent.Subject = pkix.Name{CommonName: "Nobody"}
	der, err := x509.CreateCertificate(nil, template, &parent, key, w.keys["Root"])
	if err != nil { t.Fatal(err) }
	c, err := x509.ParseCertificate(der)
	if err != nil { t.Fatal(err) }
	return c
}

func TestRevGiant(t *testing.T) {
	w := theWorld(t)
	for _, bits := range []int{100_000, 400_000} {
		g := giant(t, w, bits)
		s := time.Now()
		err := g.CheckSignature(x509.SHA256WithRSA, []byte("x"), make([]byte, (bits+7)/8))
		t.Log(bits, len(g.Raw), time.Since(s), err)
	}
}
var _ = base64.StdEncoding
var _ = asic.B
