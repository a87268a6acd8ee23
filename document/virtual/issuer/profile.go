package issuer

import (
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
)

// A Party is somebody who signs: a name, a key, and for how long.
type Party struct {
	Name        []byte
	Key         *Key
	From, Until time.Time
}

// CountrySigner is the profile of a country signer that signs itself (Doc 9303-12
// §7.1).
func CountrySigner(p Party) Template { return LinkTo(p, p) }

// LinkTo is the profile of a country signer's certificate that another one signs:
// a link from the one before.
func LinkTo(p, by Party) Template {
	return Template{
		Serial: 1, Issuer: by.Name, Subject: p.Name, NotBefore: p.From, NotAfter: p.Until, Public: p.Key.Public(),
		Extensions: [][]byte{
			Authority(), Usage(certificate.CertSign | certificate.CRLSign), SubjectKeyID(p.Key.ID()), AuthorityKeyID(by.Key.ID()),
		},
	}
}

// DocumentSigner is the profile of a document signer.
func DocumentSigner(p, by Party) Template {
	t := LinkTo(p, by)
	t.Serial = 2
	t.Extensions = [][]byte{Usage(certificate.DigitalSignature), SubjectKeyID(p.Key.ID()), AuthorityKeyID(by.Key.ID())}
	return t
}

// ListSigner is the profile of a signer of master lists (Doc 9303-12 §9).
func ListSigner(p, by Party) Template {
	t := DocumentSigner(p, by)
	t.Serial = 3
	t.Extensions = append(t.Extensions, ExtUsage("2.23.136.1.1.3"))
	return t
}

// PublishList signs a master list of certificates at a time, with the
// certificate of its signer and those that are sent along.
func PublishList(at time.Time, key *Key, signer []byte, along [][]byte, certs ...[]byte) ([]byte, error) {
	return Sign(Content{Kind: "2.23.136.1.1.2", Content: MasterList(certs...), Signer: signer, Certificates: along, At: at}, key)
}
