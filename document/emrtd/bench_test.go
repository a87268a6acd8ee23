package emrtd_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// crowd are the certificates of other states, so that a list has a thousand.
var crowd = sync.OnceValue(func() [][]byte {
	var certs [][]byte
	for i := range 999 {
		k := must(issuer.NewEC("secp256r1"))
		root := rootOf(k)
		root.Subject = nameOf("XX", fmt.Sprintf("CSCA %d", i))
		root.Issuer = root.Subject
		certs = append(certs, must(issuer.Certify(root, k)))
	}
	return certs
})

// SOD, DG1 and a DG2 of 17 kB, parsing included, against a list of a thousand
// country signers.
func BenchmarkPassiveAuthentication(b *testing.B) {
	h := ada()
	h.Chip = virtual.ChipPlain
	p := must(utopia().Issue(h))
	for name, s := range map[string]state{
		"rsa2048":         found(keyCSCA(), keyRSA(), nil),
		"brainpoolP384r1": found(keyBP384(), must(issuer.NewEC("brainpoolP384r1")), nil),
	} {
		ev := s.issue(p, nil)
		list := must(trustlist.Of(append(crowd(), s.root)...))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := emrtd.Verify(ev, list, challenge, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
