package virtual

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/bac"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// A Passport is a document with a chip. It implements chip.Transceiver: one
// reader at a time, as a chip has one field.
type Passport struct {
	zone   mrz.Zone
	files  map[uint16][]byte
	key    crypto.Signer // nil if the chip can be copied
	short  bool          // commands of extended length are refused
	faults Faults

	state state
}

// state is what the chip forgets without power.
type state struct {
	selected  bool          // the passport application
	current   uint16        // file identifier; 0 if none is selected
	challenge []byte        // given out and not yet used
	session   *apdu.Session // nil before access control
}

// Faults are things that a chip does wrong, for tests. The zero value is a good
// chip.
type Faults struct {
	FlipDG1           bool   // a bit of data group 1 (in the surname) is read wrong
	SOD               []byte // this security object is read instead of its own
	ActiveAuth        []byte // this answer is given to every challenge
	WithoutDG15       bool   // the file is not there, though it is listed
	WithoutActiveAuth bool   // the chip refuses INTERNAL AUTHENTICATE
}

// WithFaults returns a copy of the chip that has the faults, without power.
func (p *Passport) WithFaults(f Faults) *Passport {
	n := &Passport{zone: p.zone, files: maps.Clone(p.files), key: p.key, short: p.short, faults: f}
	if f.FlipDG1 {
		const surname = 10 // behind the headers of 61 and 5F1F and "P<UTO"
		dg1 := bytes.Clone(p.Group(1))
		dg1[surname] ^= 1
		n.files[0x0101] = dg1
	}
	if f.SOD != nil {
		n.files[lds.SOD.ID] = f.SOD
	}
	if f.WithoutDG15 {
		delete(n.files, 0x010F)
	}
	return n
}

// Zone is the code line as printed on the document.
func (p *Passport) Zone() mrz.Zone { return p.zone }

// AccessKey is the text from which the access keys derive.
func (p *Passport) AccessKey() string { return p.zone.AccessKey() }

// SOD is the file EF.SOD.
func (p *Passport) SOD() []byte { return p.files[lds.SOD.ID] }

// Group is the file of a data group; nil if the chip has none.
func (p *Passport) Group(n int) []byte {
	file, ok := lds.Group(n)
	if !ok {
		return nil
	}
	return p.files[file.ID]
}

// Groups are the files of all data groups.
func (p *Passport) Groups() map[int][]byte {
	all := map[int][]byte{}
	for n := 1; n <= 16; n++ {
		if g := p.Group(n); g != nil {
			all[n] = g
		}
	}
	return all
}

// Prove answers a challenge of active authentication, as the chip would; nil if
// it has no key.
func (p *Passport) Prove(challenge []byte) ([]byte, error) {
	switch key := p.key.(type) {
	case *rsa.PrivateKey:
		return proveRSA(key, challenge)
	case *ecdsa.PrivateKey:
		return proveECDSA(key, challenge)
	}
	return nil, nil
}

// Reset takes the chip out of the field and puts it back.
func (p *Passport) Reset() { p.state = state{} }

// accessKeys derives the chip's keys from its code line.
func (p *Passport) accessKeys() bac.Keys { return bac.AccessKeys(p.AccessKey()) }

// passportJSON is a passport as it is stored. The key is PKCS #8.
type passportJSON struct {
	Note  string            `json:"note"`
	Zone  string            `json:"zone"`
	Files map[uint16][]byte `json:"files"`
	Key   []byte            `json:"key,omitempty"`
	Short bool              `json:"short,omitempty"`
}

// MarshalJSON writes the passport with its private key, without its faults.
func (p *Passport) MarshalJSON() ([]byte, error) {
	j := passportJSON{Note: note, Zone: p.zone.String(), Files: p.files, Short: p.short}
	if p.key != nil {
		var err error
		if j.Key, err = x509.MarshalPKCS8PrivateKey(p.key); err != nil {
			return nil, fmt.Errorf("virtual: %w", err)
		}
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Passport) UnmarshalJSON(b []byte) error {
	var j passportJSON
	err := json.Unmarshal(b, &j)
	if err != nil {
		return err
	}
	n := Passport{files: j.Files, short: j.Short}
	if n.zone, err = mrz.Parse(j.Zone); err != nil {
		return err
	}
	if j.Key != nil {
		key, err := x509.ParsePKCS8PrivateKey(j.Key)
		if err != nil {
			return fmt.Errorf("virtual: %w", err)
		}
		var ok bool
		if n.key, ok = key.(crypto.Signer); !ok {
			return fmt.Errorf("virtual: a key that cannot sign")
		}
	}
	*p = n
	return nil
}
