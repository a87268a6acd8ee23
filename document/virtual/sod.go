package virtual

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // for forgeries
	_ "crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Forgery is what is wrong with a document although its signer made it. The
// zero value is a good document.
type Forgery struct {
	TwoSigners        bool                         // the security object is signed twice
	RepeatGroup       int                          // this data group is listed twice
	OmitGroup         int                          // this data group is not listed
	WithoutAttributes bool                         // the signature covers the content directly
	WrongDigest       bool                         // the signed attributes tell another digest
	SHA1              bool                         // hashes and signature use SHA-1
	ContentType       asn1.ObjectIdentifier        // instead of ldsSecurityObject
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
)

// A signing is one security object in the making.
type signing struct {
	f       Forgery
	key     *rsa.PrivateKey
	cert    *x509.Certificate
	hash    crypto.Hash
	hashOID asn1.ObjectIdentifier
	kind    asn1.ObjectIdentifier
}

// sign makes the file EF.SOD over the data groups (Doc 9303-10 §4.6.2).
func (c *Country) sign(groups map[int][]byte, f Forgery) ([]byte, error) {
	s := signing{f: f, key: c.ds, cert: c.signer, hash: crypto.SHA256, hashOID: oidSHA256, kind: oidSecurityObject}
	if f.SHA1 {
		s.hash, s.hashOID = crypto.SHA1, oidSHA1
	}
	if f.ContentType != nil {
		s.kind = f.ContentType
	}
	if f.Signer != nil {
		template := c.signerTemplate()
		f.Signer(template)
		var err error
		if s.cert, err = c.certify(template, c.anchor, &c.ds.PublicKey); err != nil {
			return nil, err
		}
	}
	content, err := s.object(groups).Bytes()
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	info, err := s.signerInfo(content, c)
	if err != nil {
		return nil, err
	}
	der, err := s.signedData(content, info)
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	return tlv.Append(nil, 0x77, der), nil
}

// object is LDSSecurityObject, version 0.
func (s signing) object(groups map[int][]byte) *cryptobyte.Builder {
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		s.addHash(b)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, n := range slices.Sorted(maps.Keys(groups)) {
				times := 1
				switch n {
				case s.f.RepeatGroup:
					times = 2
				case s.f.OmitGroup:
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
func (s signing) signerInfo(content []byte, c *Country) ([]byte, error) {
	attributes, err := s.attributes(content, c)
	if err != nil {
		return nil, err
	}
	covered := attributes
	if s.f.WithoutAttributes {
		covered = content
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, s.hash, s.digest(covered))
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(s.cert.RawIssuer)
			b.AddASN1BigInt(s.cert.SerialNumber)
		})
		s.addHash(b)
		if !s.f.WithoutAttributes {
			b.AddUint8(0xA0)
			b.AddBytes(attributes[1:])
		}
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidRSA)
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(signature)
	})
	return b.Bytes()
}

// attributes are the signed attributes as a DER SET, in the order of DER.
func (s signing) attributes(content []byte, c *Country) ([]byte, error) {
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
		attribute(oidSigningTime, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(c.now) }),
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
				b.AddASN1(cbasn1.SET, s.addHash)
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(s.kind)
					b.AddASN1(explicit, func(b *cryptobyte.Builder) { b.AddASN1OctetString(content) })
				})
				b.AddASN1(explicit, func(b *cryptobyte.Builder) { b.AddBytes(s.cert.Raw) })
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					b.AddBytes(info)
					if s.f.TwoSigners {
						b.AddBytes(info)
					}
				})
			})
		})
	})
	return b.Bytes()
}

func (s signing) addHash(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(s.hashOID) })
}

func (s signing) digest(b []byte) []byte {
	h := s.hash.New()
	h.Write(b)
	return h.Sum(nil)
}
