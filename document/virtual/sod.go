package virtual

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // for forgeries
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Forgery is what is wrong with a document although its signer made it. The
// zero value is a good document.
type Forgery struct {
	TwoSigners        bool                         // the security object is signed twice, once wrongly
	RepeatGroup       int                          // this data group is listed twice
	OmitGroup         int                          // this data group is not listed
	WithoutAttributes bool                         // the signature covers the content directly
	WrongDigest       bool                         // the signed attributes tell another digest
	SHA1              bool                         // hashes and signature use SHA-1
	ContentType       asn1.ObjectIdentifier        // instead of ldsSecurityObject
	Content           func(content []byte) []byte  // changes the list of hashes before it is signed
	Signer            func(cert *x509.Certificate) // changes the document signer's certificate before it is signed
}

var (
	oidSignedData     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidRSA            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidSHA1           = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidSHA256         = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSecurityObject = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
	oidCardSecurity   = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}
)

// A Signatory is who signs what goes into a chip: a document signer.
type Signatory struct {
	Certificate []byte   // DER
	Issuer      []byte   // name in it, DER
	Serial      *big.Int // number in it
	Hash        crypto.Hash
	Digest      []byte      // AlgorithmIdentifier of Hash
	List        crypto.Hash // of the data groups; 0 for Hash
	ListDigest  []byte      // AlgorithmIdentifier of List
	Algorithm   []byte      // AlgorithmIdentifier of the signature
	At          time.Time   // told as the signing time
	Beside      [][]byte    // other certificates, DER
	// Sign signs a message, by Hash.
	Sign func(message []byte) ([]byte, error)
}

// A signing is one SignedData in the making.
type signing struct {
	Signatory
	f    Forgery
	kind asn1.ObjectIdentifier
}

// SecurityObject makes the file EF.SOD over the files of data groups (Doc 9303-10
// §4.6.2).
func (s Signatory) SecurityObject(groups map[int][]byte, f Forgery) ([]byte, error) {
	content, err := s.object(groups, f).Bytes()
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	if f.Content != nil {
		content = f.Content(content)
	}
	kind := oidSecurityObject
	if f.ContentType != nil {
		kind = f.ContentType
	}
	der, err := s.SignedData(kind, content, f)
	if err != nil {
		return nil, err
	}
	return tlv.Append(nil, 0x77, der), nil
}

// CardSecurity makes the file EF.CardSecurity over SecurityInfos (Doc 9303-11
// §9.2.11).
func (s Signatory) CardSecurity(infos []byte) ([]byte, error) {
	return s.SignedData(oidCardSecurity, infos, Forgery{})
}

// SignedData signs content of a kind (RFC 5652 §5), as far as the forgery lets it
// be right.
func (s Signatory) SignedData(kind asn1.ObjectIdentifier, content []byte, f Forgery) ([]byte, error) {
	g := signing{Signatory: s, f: f, kind: kind}
	info, err := g.signerInfo(content)
	if err != nil {
		return nil, err
	}
	der, err := g.signedData(content, info)
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	return der, nil
}

// signatory is the country's document signer, with the certificate that the
// forgery wants.
func (c *Country) signatory(f Forgery) (Signatory, error) {
	s := Signatory{Hash: crypto.SHA256, At: c.now}
	cert, oid := c.signer, oidSHA256
	if f.SHA1 {
		s.Hash, oid = crypto.SHA1, oidSHA1
	}
	if f.Signer != nil {
		template := c.signerTemplate()
		f.Signer(template)
		var err error
		if cert, err = c.certify(template, c.anchor, &c.ds.PublicKey); err != nil {
			return Signatory{}, err
		}
	}
	s.Certificate, s.Issuer, s.Serial = cert.Raw, cert.RawIssuer, cert.SerialNumber
	s.Digest, s.Algorithm = identifier(oid, nil), identifier(oidRSA, []byte{5, 0})
	s.Sign = func(message []byte) ([]byte, error) {
		return rsa.SignPKCS1v15(rand.Reader, c.ds, s.Hash, s.digest(message))
	}
	return s, nil
}

// identifier is AlgorithmIdentifier.
func identifier(oid asn1.ObjectIdentifier, parameters []byte) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddBytes(parameters)
	})
	return b.BytesOrPanic() // all names here are constants
}

// object is LDSSecurityObject, version 0.
func (s Signatory) object(groups map[int][]byte, f Forgery) *cryptobyte.Builder {
	if s.List != 0 {
		s.Hash, s.Digest = s.List, s.ListDigest
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddBytes(s.Digest)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, n := range slices.Sorted(maps.Keys(groups)) {
				times := 1
				switch n {
				case f.RepeatGroup:
					times = 2
				case f.OmitGroup:
					times = 0
				}
				for range times {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1Int64(int64(n))
						b.AddASN1OctetString(s.digest(groups[n]))
					})
				}
			}
		})
	})
	return b
}

// signerInfo is SignerInfo (RFC 5652 §5.3) with its signature.
func (s signing) signerInfo(content []byte) ([]byte, error) {
	attributes, err := s.attributes(content)
	if err != nil {
		return nil, err
	}
	covered := attributes
	if s.f.WithoutAttributes {
		covered = content
	}
	signature, err := s.Sign(covered)
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(s.Issuer)
			b.AddASN1BigInt(s.Serial)
		})
		b.AddBytes(s.Digest)
		if !s.f.WithoutAttributes {
			b.AddUint8(0xA0)
			b.AddBytes(attributes[1:])
		}
		b.AddBytes(s.Algorithm)
		b.AddASN1OctetString(signature)
	})
	return b.Bytes()
}

// attributes are the signed attributes as a DER SET, in the order of DER.
func (s signing) attributes(content []byte) ([]byte, error) {
	digest := s.digest(content)
	if s.f.WrongDigest {
		digest[0] ^= 1
	}
	attribute := func(kind asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) cryptobyte.BuilderContinuation {
		return func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(kind)
				b.AddASN1(cbasn1.SET, value)
			})
		}
	}
	var encoded [][]byte
	for _, add := range []cryptobyte.BuilderContinuation{
		attribute(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(s.kind) }),
		attribute(oidSigningTime, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(s.At) }),
		attribute(oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) }),
	} {
		b := cryptobyte.NewBuilder(nil)
		add(b)
		e, err := b.Bytes()
		if err != nil {
			return nil, fmt.Errorf("virtual: %w", err)
		}
		encoded = append(encoded, e)
	}
	slices.SortFunc(encoded, slices.Compare[[]byte])
	return tlv.Append(nil, 0x31, slices.Concat(encoded...)), nil
}

// signedData is ContentInfo with SignedData (RFC 5652 §3, §5.1).
func (s signing) signedData(content, info []byte) ([]byte, error) {
	explicit := cbasn1.Tag(0).ContextSpecific().Constructed()
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(explicit, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(3)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(s.Digest) })
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(s.kind)
					b.AddASN1(explicit, func(b *cryptobyte.Builder) { b.AddASN1OctetString(content) })
				})
				b.AddASN1(explicit, func(b *cryptobyte.Builder) {
					b.AddBytes(slices.Concat(append([][]byte{s.Certificate}, s.Beside...)...))
				})
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					b.AddBytes(info)
					if s.f.TwoSigners {
						second := slices.Clone(info)
						second[len(second)-1] ^= 1 // in its signature
						b.AddBytes(second)
					}
				})
			})
		})
	})
	return b.Bytes()
}

func (s Signatory) digest(b []byte) []byte {
	h := s.Hash.New()
	h.Write(b)
	return h.Sum(nil)
}
