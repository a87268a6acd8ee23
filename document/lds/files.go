package lds

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// A File is an elementary file of the chip's application.
type File struct {
	ID      uint16  // file identifier
	Tag     tlv.Tag // outer tag
	MaxSize int     // bytes, header included; a longer file is not read
}

// The files that are read (Doc 9303-10 §3.11, §4.6, §4.7).
var (
	COM = File{0x011E, 0x60, 1 << 10}
	SOD = File{0x011D, 0x77, 32 << 10}
)

// groups are the data groups that are read, by number.
var groups = map[int]File{
	1:  {0x0101, 0x61, 256},
	2:  {0x0102, 0x75, 256 << 10},
	14: {0x010E, 0x6E, 16 << 10},
	15: {0x010F, 0x6F, 4 << 10},
}

// Group returns the file of a data group; ok is false for groups that are not read.
func Group(n int) (f File, ok bool) {
	f, ok = groups[n]
	return f, ok
}

// Open checks size and outer tag of a whole file and returns its content.
func (f File) Open(file []byte) ([]byte, error) {
	if len(file) > f.MaxSize {
		return nil, fmt.Errorf("lds: file %04X has over %d bytes", f.ID, f.MaxSize)
	}
	value, err := tlv.Only(file, f.Tag)
	if err != nil {
		return nil, fmt.Errorf("lds: file %04X: %w", f.ID, err)
	}
	return value, nil
}

// Broken is the failure of a chip whose data cannot be what the standard says
// (code doc-chip-broken).
func Broken(cause error) error { return tunnus.Fail(tunnus.CodeDocChipBroken, cause) }

// Zone reads the code line of data group 1.
func Zone(dg1 []byte) (mrz.Zone, error) {
	content, err := groups[1].Open(dg1)
	if err != nil {
		return mrz.Zone{}, err
	}
	text, err := tlv.Only(content, 0x5F1F)
	if err != nil {
		return mrz.Zone{}, fmt.Errorf("lds: DG1: %w", err)
	}
	z, err := mrz.ParseChip(string(text))
	if err != nil {
		return mrz.Zone{}, fmt.Errorf("lds: DG1: %w", err)
	}
	return z, nil
}

// ActiveAuthKey reads the public key of data group 15: a *rsa.PublicKey or an
// *ecdsa.PublicKey.
func ActiveAuthKey(dg15 []byte) (crypto.PublicKey, error) {
	content, err := groups[15].Open(dg15)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(content)
	if err != nil {
		return nil, fmt.Errorf("lds: DG15: %w", err)
	}
	return key, nil
}

var oidActiveAuth = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 5}

// plainECDSA names the signature algorithms of BSI TR-03111 §5.2.1.1.
var plainECDSA = map[string]crypto.Hash{
	"0.4.0.127.0.7.1.1.4.1.2": crypto.SHA224,
	"0.4.0.127.0.7.1.1.4.1.3": crypto.SHA256,
	"0.4.0.127.0.7.1.1.4.1.4": crypto.SHA384,
	"0.4.0.127.0.7.1.1.4.1.5": crypto.SHA512,
}

var errInfos = errors.New("lds: DG14 is no set of security infos")

// ActiveAuthHash reads from data group 14 the digest with which an ECDSA chip
// signs (ActiveAuthenticationInfo, Doc 9303-11 §9.2.3); ok is false if the
// group does not say.
func ActiveAuthHash(dg14 []byte) (h crypto.Hash, ok bool, err error) {
	content, err := groups[14].Open(dg14)
	if err != nil {
		return 0, false, err
	}
	s, infos := cryptobyte.String(content), cryptobyte.String(nil)
	if !s.ReadASN1(&infos, cbasn1.SET) || !s.Empty() {
		return 0, false, errInfos
	}
	for n := 0; !infos.Empty(); n++ {
		var info cryptobyte.String
		var protocol, algorithm asn1.ObjectIdentifier
		if n == tlv.MaxElements || !infos.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&protocol) {
			return 0, false, errInfos
		}
		if !protocol.Equal(oidActiveAuth) {
			continue
		}
		var version int
		if ok || !info.ReadASN1Integer(&version) || version != 1 || !info.ReadASN1ObjectIdentifier(&algorithm) || !info.Empty() {
			return 0, false, errInfos
		}
		if h, ok = plainECDSA[algorithm.String()]; !ok {
			return 0, false, errors.New("lds: DG14 names an algorithm of active authentication that is not accepted")
		}
	}
	return h, ok, nil
}
