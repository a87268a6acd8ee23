package order

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"slices"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/authority"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// Contents that a security object is mistaken for.
var contents = map[string]asn1.ObjectIdentifier{
	"data": {1, 2, 840, 113549, 1, 7, 1}, "master-list": {2, 23, 136, 1, 1, 2}, "card-security": {0, 4, 0, 127, 0, 7, 3, 2, 1},
}

// constraints is basicConstraints: 30 00 for what is no authority.
func constraints(der ...byte) []byte { return issuer.Extension("2.5.29.19", true, der) }

// signedFaults are those of what is signed.
func signedFaults() []Kind {
	return []Kind{
		{"flip", []string{"dg1", "dg2", "sod", "signed-attributes", "certificate", "signature", "hash-list"}, rowFlip, "one bit is read wrong", flip},
		{"other-sod", nil, rowOther, "the security object of another person's passport", otherSOD},
		{"other-set", nil, rowOther, "the security object of a passport of the same person with other files", otherSOD},
		{"impostor", nil, rowForger, "signers of the same names and key identifiers, with keys of their own", impostor},
		{"signer-is-ca", nil, rowChain, "the document signer's certificate is an authority's", extend(constraints(0x30, 3, 1, 1, 0xFF), issuer.Usage(certificate.DigitalSignature|certificate.CertSign))},
		{"country-is-no-ca", nil, rowChain, "the country signer's certificate is not an authority's", func(m *making, _ string) error {
			put(&m.anchor, constraints(0x30, 0))
			return nil
		}},
		{"signer-below-signer", nil, rowChain, "the document signer is signed by another document signer", func(m *making, _ string) error { return below(m) }},
		{"path-length", nil, rowChain, "the document signer is signed by an authority below the country signer, which allows none there", func(m *making, _ string) error {
			put(&m.anchor, constraints(0x30, 6, 1, 1, 0xFF, 2, 1, 0))
			return below(m, constraints(0x30, 3, 1, 1, 0xFF), issuer.Usage(certificate.CertSign))
		}},
		{"critical-extension", nil, rowChain, "a critical extension that nobody knows", extend(issuer.Extension("1.2.3.4", true, []byte{5, 0}))},
		{"signer-use", []string{"master-list", "deviation-list"}, rowUse, "the document signer's certificate is for something else", func(m *making, of string) error {
			use := map[string]string{"master-list": "2.23.136.1.1.3", "deviation-list": "2.23.136.1.1.8"}[of]
			return extend(issuer.ExtUsage(use))(m, of)
		}},
		{"signer-key-usage", nil, rowUse, "the document signer may sign certificates only", func(m *making, _ string) error {
			put(&m.signer, issuer.Usage(certificate.CertSign))
			return nil
		}},
		{"signer-documents", nil, rowUse, "the document signer signs identity cards only", func(m *making, _ string) error {
			put(&m.signer, issuer.DocumentTypes("ID", "AR"))
			return nil
		}},
		{"signer-country", nil, rowUse, "the document signer is another country's by its name", func(m *making, _ string) error {
			m.signer.Subject = authority.Name("DE", "Document Signer Utopia")
			return nil
		}},
		{"content", []string{"data", "master-list", "card-security"}, rowUse, "the security object is of another kind", func(m *making, of string) error {
			m.forgery.ContentType = contents[of]
			return nil
		}},
		{"card-security-as-sod", nil, rowUse, "EF.CardSecurity is read as the security object", func(m *making, _ string) error {
			m.holder.CardSecurity = true
			m.edits = append(m.edits, func(p *virtual.Passport) error {
				return m.replace("sod", tlv.Append(nil, 0x77, p.CardSecurity()))
			})
			return nil
		}},
		{"two-signers", nil, rowForm, "two signatures, of which one is good", func(m *making, _ string) error { m.forgery.TwoSigners = true; return nil }},
		{"no-attributes", nil, rowForm, "the signature covers the content directly", func(m *making, _ string) error { m.forgery.WithoutAttributes = true; return nil }},
		{"wrong-digest", nil, rowForm, "the signed attributes tell another digest", func(m *making, _ string) error { m.forgery.WrongDigest = true; return nil }},
		{"group-twice", nil, rowForm, "data group 1 is listed twice", func(m *making, _ string) error { m.forgery.RepeatGroup = 1; return nil }},
		{"group-not-listed", []string{"dg1", "dg2", "dg14", "dg15"}, rowForm, "a data group is there and not listed", func(m *making, of string) error {
			m.forgery.OmitGroup = int(fileID(of) & 0xFF)
			return nil
		}},
		{"group-17", nil, rowForm, "a data group of which there is no number is listed", func(m *making, _ string) error {
			m.holder.Groups[17] = []byte{0x71, 0}
			return nil
		}},
	}
}

// extend puts extensions into the document signer's certificate.
func extend(extensions ...[]byte) func(*making, string) error {
	return func(m *making, _ string) error {
		put(&m.signer, extensions...)
		return nil
	}
}

// put puts extensions into a certificate, in the place of those of the same kind.
func put(t *issuer.Template, extensions ...[]byte) {
	for _, e := range extensions {
		i := slices.IndexFunc(t.Extensions, func(old []byte) bool { return bytes.Equal(kindOf(old), kindOf(e)) })
		if i < 0 {
			t.Extensions = append(t.Extensions, e)
			continue
		}
		t.Extensions[i] = e
	}
}

// kindOf is the object identifier of an extension, with its header.
func kindOf(extension []byte) []byte {
	content, err := tlv.Only(extension, 0x30)
	if err != nil {
		return nil
	}
	kind, _, err := tlv.Next(content)
	if err != nil {
		return nil
	}
	return kind.Raw
}

// replace has a file read instead of the chip's own; nil for one that is not there.
func (m *making) replace(name string, file []byte) error {
	if m.faults.Files == nil {
		m.faults.Files = map[uint16][]byte{}
	}
	m.faults.Files[fileID(name)] = file
	return nil
}

// flip changes a bit in the middle of something.
func flip(m *making, of string) error {
	m.edits = append(m.edits, func(p *virtual.Passport) error {
		if of == "dg1" || of == "dg2" {
			file := bytes.Clone(p.Group(int(fileID(of) & 0xFF)))
			file[len(file)/2] ^= 1
			return m.replace(of, file)
		}
		sod := bytes.Clone(p.SOD())
		at, err := place(sod, of, m)
		if err != nil {
			return err
		}
		sod[at] ^= 1
		return m.replace("sod", sod)
	})
	return nil
}

// place finds a byte of the security object.
func place(sod []byte, of string, m *making) (int, error) {
	messageDigest := []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 4}
	mark, skip := []byte(nil), 0
	switch of {
	case "sod": // its outer length
		return 2, nil
	case "signature":
		return len(sod) - 3, nil
	case "signed-attributes":
		mark, skip = messageDigest, len(messageDigest)+8
	case "certificate":
		mark, skip = m.signer.Public, len(m.signer.Public)/2
	case "hash-list":
		mark, skip = []byte{0x30, 0, 2, 1, 1, 4}, 12
		mark[1] = byte(5 + m.order.Digest.Size())
	}
	at := bytes.Index(sod, mark)
	if at < 0 || at+skip >= len(sod) {
		return 0, errors.New("nowhere to flip a bit")
	}
	return at + skip, nil
}

// otherPicture is what the portraits of other passports are.
var otherPicture = Portrait{Width: 61, Height: 83}

// otherSOD has the security object of another passport read.
func otherSOD(m *making, _ string) error {
	other := m.order
	other.Faults = nil
	if slices.ContainsFunc(m.order.Faults, func(f Fault) bool { return f.Name == "other-sod" }) {
		other.Surname, other.GivenNames, other.Number = "TALL", "BEN", "X7654321"
	} else {
		other.Groups, other.Portrait = nil, otherPicture
	}
	d, err := m.state.Make(other, nil)
	if err != nil {
		return err
	}
	return m.replace("sod", d.Passport.SOD())
}

// impostor has everything in the passport signed by keys of the same names; what
// the state publishes stays its own.
func impostor(m *making, _ string) error {
	other, err := m.state.Impostor()
	if err != nil {
		return err
	}
	m.signer = other.Signer()
	put(&m.signer, issuer.AuthorityKeyID(m.state.CSCA.ID()))
	m.by, m.ds = other.CSCA, other.DS
	return nil
}

// below has the document signer signed by another document signer, whose
// certificate, with these extensions, stands beside it.
func below(m *making, extensions ...[]byte) (err error) {
	is := m.state.Signer()
	put(&is, extensions...)
	above, err := issuer.Certify(is, m.state.CSCA)
	if err != nil {
		return err
	}
	if m.ds, err = m.state.Document.Make(); err != nil {
		return err
	}
	m.beside, m.by = [][]byte{above}, m.state.DS
	m.signer.Serial, m.signer.Issuer, m.signer.Algorithm = authority.SerialFree, authority.NameSigner(), m.state.Document.Algorithm()
	m.signer.Subject = authority.Name("XX", "Document Signer below Utopia")
	m.signer.Public = m.ds.Public()
	put(&m.signer, issuer.AuthorityKeyID(m.state.DS.ID()))
	return nil
}
