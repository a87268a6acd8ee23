package emrtd_test

import (
	"crypto"
	"maps"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// securityObject is ldsSecurityObject.
const securityObject = "2.23.136.1.1.1"

// A state signs documents with keys of any kind. It has the names of Utopia, and
// what a test changes.
type state struct {
	country, signer *issuer.Key
	root, leaf      []byte // certificates
	hash            crypto.Hash
}

var (
	keyRSA   = sync.OnceValue(func() *issuer.Key { return must(issuer.NewRSA(2048)) })
	keySmall = sync.OnceValue(func() *issuer.Key { return must(issuer.NewRSA(1024)) })
	keyCSCA  = sync.OnceValue(func() *issuer.Key { return must(issuer.NewRSA(3072)) })
	keyP256  = sync.OnceValue(func() *issuer.Key { return must(issuer.NewEC("secp256r1")) })
	keyBP384 = sync.OnceValue(func() *issuer.Key { return must(issuer.NewEC("brainpoolP384r1")) })
)

func nameOf(country, cn string) []byte {
	return issuer.Name(ber.PrintableString, "C="+country, "O=Utopia", "CN="+cn)
}

// rootOf is the profile of a country signer.
func rootOf(k *issuer.Key) issuer.Template {
	name := nameOf("XX", "CSCA")
	return issuer.Template{
		Serial: 1, Issuer: name, Subject: name, NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(16, 0, 0), Public: k.Public(),
		Extensions: [][]byte{issuer.Authority(), issuer.Usage(certificate.CertSign | certificate.CRLSign), issuer.SubjectKeyID(k.ID())},
	}
}

// leafOf is the profile of a document signer.
func leafOf(k, country *issuer.Key) issuer.Template {
	return issuer.Template{
		Serial: 2, Issuer: nameOf("XX", "CSCA"), Subject: nameOf("XX", "DS"), NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(12, 0, 0), Public: k.Public(),
		Extensions: [][]byte{issuer.Usage(certificate.DigitalSignature), issuer.SubjectKeyID(k.ID()), issuer.AuthorityKeyID(country.ID())},
	}
}

// found makes a state; change may be nil.
func found(country, signer *issuer.Key, change func(root, leaf *issuer.Template)) state {
	root, leaf := rootOf(country), leafOf(signer, country)
	if change != nil {
		change(&root, &leaf)
	}
	return state{country, signer, must(issuer.Certify(root, country)), must(issuer.Certify(leaf, country)), crypto.SHA256}
}

// list is ldsSecurityObject over the groups.
func (s state) list(groups map[int][]byte) []byte {
	var hashes []byte
	for _, n := range slices.Sorted(maps.Keys(groups)) {
		h := s.hash.New()
		h.Write(groups[n])
		entry := append(issuer.Number(big.NewInt(int64(n))), tlv.Append(nil, ber.OctetString, h.Sum(nil))...)
		hashes = tlv.Append(hashes, ber.Sequence, entry)
	}
	content := slices.Concat([]byte{2, 1, 0}, issuer.Digest(s.hash), tlv.Append(nil, ber.Sequence, hashes))
	return tlv.Append(nil, ber.Sequence, content)
}

// issue signs the passport's groups anew; change may be nil.
func (s state) issue(p *virtual.Passport, change func(*issuer.Content)) emrtd.Evidence {
	return s.seal(emrtd.Evidence{Groups: p.Groups(), ActiveAuth: must(p.Prove(challenge))}, change)
}

// seal adds a security object over the groups; change may be nil.
func (s state) seal(ev emrtd.Evidence, change func(*issuer.Content)) emrtd.Evidence {
	c := issuer.Content{Kind: securityObject, Content: s.list(ev.Groups), Signer: s.leaf, At: now}
	if change != nil {
		change(&c)
	}
	ev.SOD = tlv.Append(nil, 0x77, must(issuer.Sign(c, s.signer)))
	return ev
}

// judge verifies against the state's own country signer.
func (s state) judge(ev emrtd.Evidence, at time.Time) (emrtd.Verified, error) {
	return emrtd.Verify(ev, must(trustlist.Of(s.root)), challenge, at)
}

// pss is an algorithm of RSASSA-PSS.
func pss(h, mask crypto.Hash, salt int) signature.Algorithm {
	return signature.Algorithm{Scheme: signature.PSS, Hash: h, Mask: mask, Salt: salt}
}
