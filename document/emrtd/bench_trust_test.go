package emrtd_test

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"math/big"
	"testing"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// A trust list of 1,000 country signers of the kinds that states use: RSA and PSS,
// NIST and brainpool curves by name and written out, odd exponents; one in five
// is a link.
func BenchmarkLoadTrustList(b *testing.B) {
	file := thousand(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		l, err := trustlist.Parse(file)
		if err != nil || len(l.Anchors) != 1000 {
			b.Fatalf("%v", err)
		}
	}
}

// thousand is the file. Keys are shared: what is read does not depend on them.
func thousand(b testing.TB) []byte {
	var keys []*issuer.Key
	for _, bits := range []int{2048, 3072, 4096} {
		keys = append(keys, must(issuer.NewRSA(bits)))
	}
	keys = append(keys, must(issuer.NewRSAExponent(2048, big.NewInt(38129))))
	for _, name := range []string{"secp256r1", "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"} {
		named := must(issuer.NewEC(name))
		written := *named
		written.Explicit = true
		keys = append(keys, named, &written)
	}
	pss := signature.Algorithm{Scheme: signature.PSS, Hash: crypto.SHA256, Mask: crypto.SHA256, Salt: 32}
	var certs [][]byte
	var pins [][sha256.Size]byte
	for i := range 1000 {
		country := string([]byte{'A' + byte(i%26), 'A' + byte(i/26%5)})
		p := issuer.Party{Key: keys[i%len(keys)], From: now.AddDate(0, 0, -i), Until: now.AddDate(15, 0, -i)}
		p.Name = issuer.Name(ber.PrintableString, "C="+country, "O=Ministry of the Interior", "OU=Passports", fmt.Sprintf("CN=Country Signing CA %d", i))
		t := issuer.CountrySigner(p)
		if i%5 == 4 { // the parser does not verify again, so the one before need not be there
			t.Issuer = issuer.Name(ber.PrintableString, "C="+country, "O=Ministry of the Interior", "OU=Passports", fmt.Sprintf("CN=Country Signing CA %d", i-1))
		}
		if p.Key.Usual().Scheme == signature.PKCS1 && i%2 == 0 && i%len(keys) != 3 {
			t.Algorithm = pss
		}
		t.Serial = int64(i)
		t.Extensions[2] = issuer.SubjectKeyID(fmt.Appendf(nil, "%020d", i))
		t.Extensions = append(t.Extensions, issuer.UsePeriod(p.From, p.From.AddDate(5, 0, 0)), issuer.CRLPoint("http://example.org/"+country+".crl"))
		certs = append(certs, must(issuer.Certify(t, p.Key)))
		pins = append(pins, sha256.Sum256(certs[i]))
	}
	d := trustlist.NewDraft(&trustlist.List{}, now, pins...)
	for _, c := range certs {
		if _, err := d.Add(c); err != nil {
			b.Fatal(err)
		}
	}
	return must(d.Finish()).Format()
}
