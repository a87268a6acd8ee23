package lds

import (
	"crypto"
	_ "crypto/sha1" // crypto.SHA1: older chips hash their answer with it
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

// The files that are read (Doc 9303-10 §3.11, §4.6, §4.7). EF.CardSecurity is in
// the master file, where its identifier is that of EF.SOD.
var (
	COM          = File{0x011E, 0x60, 1 << 10}
	SOD          = File{0x011D, 0x77, 32 << 10}
	CardSecurity = File{0x011D, 0x30, 32 << 10}
)

// groups are the data groups that are read, by number. Those with pictures of
// paper are the longest that any country issues.
var groups = map[int]File{
	1:  {0x0101, 0x61, 256},
	2:  {0x0102, 0x75, 256 << 10},
	7:  {0x0107, 0x67, 64 << 10},
	11: {0x010B, 0x6B, 64 << 10},
	12: {0x010C, 0x6C, 128 << 10},
	13: {0x010D, 0x6D, 64 << 10},
	14: {0x010E, 0x6E, 16 << 10},
	15: {0x010F, 0x6F, 4 << 10},
	16: {0x0110, 0x70, 16 << 10},
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

var oidActiveAuth = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 5}

// ecdsaHashes are the digests of signature algorithms: those of BSI TR-03111 §5.2.1.1,
// which the standard asks for, and those of ANSI X9.62 (RFC 5758 §3.2), which some
// chips name and sign as the others do.
var ecdsaHashes = map[string]crypto.Hash{
	"0.4.0.127.0.7.1.1.4.1.1": crypto.SHA1,
	"0.4.0.127.0.7.1.1.4.1.2": crypto.SHA224,
	"0.4.0.127.0.7.1.1.4.1.3": crypto.SHA256,
	"0.4.0.127.0.7.1.1.4.1.4": crypto.SHA384,
	"0.4.0.127.0.7.1.1.4.1.5": crypto.SHA512,
	"1.2.840.10045.4.1":       crypto.SHA1,
	"1.2.840.10045.4.3.1":     crypto.SHA224,
	"1.2.840.10045.4.3.2":     crypto.SHA256,
	"1.2.840.10045.4.3.3":     crypto.SHA384,
	"1.2.840.10045.4.3.4":     crypto.SHA512,
}

var errInfos = errors.New("lds: DG14 is no set of security infos")

// ActiveAuthHash reads from data group 14 the digest with which an ECDSA chip
// signs (ActiveAuthenticationInfo, Doc 9303-11 §9.2.3); ok is false if the group does
// not say, or names an algorithm that tells none.
func ActiveAuthHash(dg14 []byte) (h crypto.Hash, ok bool, err error) {
	content, err := groups[14].Open(dg14)
	if err != nil {
		return 0, false, err
	}
	s, infos := cryptobyte.String(content), cryptobyte.String(nil)
	if !s.ReadASN1(&infos, cbasn1.SET) || !s.Empty() {
		return 0, false, errInfos
	}
	for n, told := 0, false; !infos.Empty(); n++ {
		var info cryptobyte.String
		var protocol, algorithm asn1.ObjectIdentifier
		if n == tlv.MaxElements || !infos.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&protocol) {
			return 0, false, errInfos
		}
		if !protocol.Equal(oidActiveAuth) {
			continue
		}
		var version int
		if told || !info.ReadASN1Integer(&version) || version != 1 || !info.ReadASN1ObjectIdentifier(&algorithm) || !info.Empty() {
			return 0, false, errInfos
		}
		told = true
		h, ok = ecdsaHashes[algorithm.String()]
	}
	return h, ok, nil
}
