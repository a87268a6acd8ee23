package order

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/files"
	"github.com/tunnus-id/tunnus/document/virtual/hostile"
)

// chipFaults are those of what the chip does.
func chipFaults() []Kind {
	return []Kind{
		{"without", []string{"com", "dg1", "dg2", "dg14", "dg15"}, rowMissing, "a file that is listed is not there", func(m *making, of string) error {
			return m.replace(of, nil)
		}},
		{"without-active-auth", nil, rowMissing, "the chip does not answer the challenge", func(m *making, _ string) error {
			m.faults.WithoutActiveAuth = true
			return nil
		}},
		{"swap", []string{"dg1", "dg2", "dg14", "dg15"}, rowOther, "a file of another person's passport is read; with dg15, the chip has that key", swap},
		{"active", append(hostile.Answers(), otherChip), rowActive, "the chip answers the challenge wrongly", active},
		{"cube-root", nil, rowActive, "the chip's key has the exponent 3, and its answer is made without it", cubeRoot},
		{"other-chip-key", nil, rowChip, "the chip has not the private key of its chip authentication", func(m *making, _ string) error {
			m.faults.OtherChipKey = true
			return nil
		}},
		{"pace", []string{"token", "off-curve", "infinity", "echo", "silent"}, rowChip, "what the chip sends in PACE instead of keys or token", func(m *making, of string) error {
			m.faults.PACE = virtual.Lie(of)
			return nil
		}},
		{"no-card-access", nil, rowAccess, "EF.CardAccess is not there: BAC is forced", func(m *making, _ string) error {
			m.faults.WithoutCardAccess = true
			return nil
		}},
		{"weak-card-access", nil, rowAccess, "EF.CardAccess offers the weakest way of PACE only", func(m *making, _ string) error {
			weak := security.NewPACE(security.Generic, true, apdu.DES3, 8)
			m.faults.CardAccess = security.Set(weak.Marshal())
			return nil
		}},
		{"clone", nil, rowClone, "all files on a chip that has none of the keys", func(m *making, _ string) error {
			m.faults.WithoutActiveAuth, m.faults.OtherChipKey = true, true
			return nil
		}},
		{"com-lists-more", nil, rowForm, "EF.COM, which nobody signs, lists data group 3", func(m *making, _ string) error {
			m.edits = append(m.edits, func(p *virtual.Passport) error {
				groups := p.Groups()
				groups[3] = []byte{0x63, 0}
				return m.replace("com", files.COM(groups))
			})
			return nil
		}},
	}
}

// another is the passport of somebody else, whose files and keys are all others.
func (m *making) another() (*virtual.Passport, error) {
	other := m.order
	other.Surname, other.GivenNames, other.Number, other.Faults = "TALL", "BEN", "X7654321", nil
	other.Portrait = otherPicture
	if len(other.ChipAuth) == 0 { // so that data group 14 is another
		other.ChipAuth, other.AuthGroup = []security.Auth{security.NewAuth(true, apdu.AES128)}, 12
	}
	d, err := m.state.Make(other, nil)
	if err != nil {
		return nil, err
	}
	return d.Passport, nil
}

// swap has a file of another passport read.
func swap(m *making, of string) error {
	p, err := m.another()
	if err != nil {
		return err
	}
	file := p.Group(int(fileID(of) & 0xFF))
	if file == nil {
		return errors.New("an order without that data group")
	}
	if of == "dg15" {
		m.faults.Prove = p.Prove
	}
	return m.replace(of, file)
}

// active has the chip answer wrongly, or another one in its place.
func active(m *making, of string) error {
	if of == otherChip {
		p, err := m.another()
		if err == nil {
			m.faults.Prove = p.Prove
		}
		return err
	}
	m.edits = append(m.edits, func(p *virtual.Passport) error {
		m.faults.Prove = func(c []byte) ([]byte, error) { return hostile.Answer(of, p, c) }
		return nil
	})
	return nil
}

// otherChip is a word of the fault "active".
const otherChip = "other-chip"

// cubeRoot gives the chip a key with the exponent 3, which nobody needs to have.
func cubeRoot(m *making, _ string) error {
	key, ok := m.holder.Key.(*rsa.PrivateKey)
	if !ok {
		return errors.New("an order without an RSA key of the chip")
	}
	spki, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: key.N, E: 3})
	if err != nil {
		return err
	}
	m.holder.Key, m.holder.Groups[15] = nil, tlv.Append(nil, 0x6F, spki)
	m.faults.Prove = func(c []byte) ([]byte, error) { return hostile.CubeRoot(key.N, c), nil }
	return nil
}
