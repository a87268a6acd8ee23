package order

import (
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual/files"
	"github.com/tunnus-id/tunnus/document/virtual/hostile"
)

// bombFaults are contents that cost much to read.
func bombFaults() []Kind {
	return []Kind{
		{"bomb-sod", hostile.Encodings(), rowBomb, "in the security object", func(m *making, of string) error {
			return m.replace("sod", tlv.Append(nil, 0x77, hostile.Encoding(of)))
		}},
		{"bomb-content", hostile.Encodings(), rowBomb, "in the signed list of hashes, by the state itself", func(m *making, of string) error {
			m.forgery.Content = func([]byte) []byte { return hostile.Encoding(of) }
			return nil
		}},
		{"bomb-dg14", hostile.Encodings(), rowBomb, "in data group 14, signed", func(m *making, of string) error {
			m.holder.Groups[14] = tlv.Append(nil, 0x6E, hostile.Encoding(of))
			return nil
		}},
		{"bomb-key", hostile.Keys(), rowBomb, "as the chip's key of active authentication, signed", func(m *making, of string) error {
			m.holder.Key, m.holder.Groups[15] = nil, tlv.Append(nil, 0x6F, hostile.Key(of))
			m.faults.Prove = func([]byte) ([]byte, error) { return make([]byte, 64), nil }
			return nil
		}},
		{"bomb-signer", hostile.Keys(), rowBomb, "as the document signer's key, in its certificate", func(m *making, of string) error {
			m.signer.Public = hostile.Key(of)
			return nil
		}},
		{"bomb-country", hostile.Keys(), rowBomb, "as the country signer's key, in its certificate", func(m *making, of string) error {
			m.anchor.Public = hostile.Key(of)
			return nil
		}},
		{"bomb-agreement", hostile.Groups(), rowBomb, "as the chip's key of chip authentication, signed", func(m *making, of string) error {
			way, key := security.NewAuth(false, apdu.AES128), security.Key{SPKI: hostile.Group(of)}
			m.holder.ChipAuth, m.holder.Groups[14] = nil, tlv.Append(nil, 0x6E, security.Set(way.Marshal(), key.Marshal()))
			return nil
		}},
		{"picture", hostile.Pictures(), rowPicture, "as the portrait, signed", func(m *making, of string) error {
			m.holder.Face = files.Face(hostile.Picture(of))
			return nil
		}},
	}
}
