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
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/virtual/files"
	"github.com/tunnus-id/tunnus/document/virtual/hostile"
)

// A Passport is a document with a chip. It implements chip.Transceiver: one
// reader at a time, as a chip has one field.
type Passport struct {
	zone     mrz.Zone
	files    map[uint16][]byte // of the passport application
	security []byte            // EF.CardSecurity, in the master file; nil if there is none
	key      crypto.Signer     // nil if the chip can be copied
	short    bool              // commands of extended length are refused
	access   access
	faults   Faults

	state state
}

// state is what the chip forgets without power.
type state struct {
	selected  bool          // the passport application
	current   uint16        // file identifier; 0 if none is selected
	challenge []byte        // given out and not yet used
	session   *apdu.Session // nil before access control
	pace      *pace.Chip    // a run of PACE that is going on
	auth      apdu.Suite    // chip authentication is selected with it
	next      *apdu.Session // replaces session behind the answer
	rest      []byte        // of an answer that goes out in parts
}

// Faults are things that a chip does wrong, for tests. The zero value is a good
// chip.
type Faults struct {
	FlipDG1           bool                                   // a bit of data group 1 (in the surname) is read wrong
	SOD               []byte                                 // this security object is read instead of its own
	ActiveAuth        []byte                                 // this answer is given to every challenge
	WithoutDG15       bool                                   // the file is not there, though it is listed
	WithoutActiveAuth bool                                   // the chip refuses INTERNAL AUTHENTICATE
	Prove             func(challenge []byte) ([]byte, error) // answers challenges instead of the chip
	CardAccess        []byte                                 // this EF.CardAccess is read instead of its own
	WithoutCardAccess bool                                   // EF.CardAccess is not there, as if the chip had no PACE
	PACE              Lie                                    // what the chip sends instead of its keys or token
	OtherChipKey      bool                                   // the private key of chip authentication is another: a copied chip
	Most              int                                    // bytes that one command may ask for; 0: as many as it likes
	Manner            hostile.Manner                         // how it answers
	Of                uint16                                 // of the file with this identifier; 0 for data group 2

	// Files are read instead of the application's own, by identifier; nil for one
	// that is not there.
	Files map[uint16][]byte
}

// of is the file whose manner is odd.
func (f Faults) of() uint16 {
	if f.Of == 0 {
		return files.ID(2)
	}
	return f.Of
}

// WithFaults returns a copy of the chip that has the faults, without power.
func (p *Passport) WithFaults(f Faults) *Passport {
	n := &Passport{zone: p.zone, files: maps.Clone(p.files), security: p.security, key: p.key, short: p.short, access: p.access, faults: f}
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
	for id, file := range f.Files {
		if n.files[id] = file; file == nil {
			delete(n.files, id)
		}
	}
	return n
}

// CAN is the card access number as printed; "" if there is none.
func (p *Passport) CAN() string { return p.access.CAN }

// CardAccess is the file EF.CardAccess; nil if the chip has no PACE.
func (p *Passport) CardAccess() []byte { return p.access.card() }

// CardSecurity is the file EF.CardSecurity; nil if the chip has none.
func (p *Passport) CardSecurity() []byte { return p.security }

// Zone is the code line as printed on the document.
func (p *Passport) Zone() mrz.Zone { return p.zone }

// AccessKey is the text from which the access keys derive.
func (p *Passport) AccessKey() string { return p.zone.AccessKey() }

// SOD is the file EF.SOD.
func (p *Passport) SOD() []byte { return p.files[lds.SOD.ID] }

// COM is the file EF.COM.
func (p *Passport) COM() []byte { return p.files[lds.COM.ID] }

// Group is the file of a data group; nil if the chip has none.
func (p *Passport) Group(n int) []byte {
	if n < 1 || n > files.Groups {
		return nil
	}
	return p.files[files.ID(n)]
}

// Groups are the files of all data groups.
func (p *Passport) Groups() map[int][]byte {
	all := map[int][]byte{}
	for n := 1; n <= files.Groups; n++ {
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
		return proveRSA(key, challenge, nil)
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
	Note     string            `json:"note"`
	Zone     string            `json:"zone"`
	Files    map[uint16][]byte `json:"files"`
	Security []byte            `json:"card_security,omitempty"`
	Key      []byte            `json:"key,omitempty"`
	Short    bool              `json:"short,omitempty"`
	Access   access            `json:"access,omitzero"`
}

// MarshalJSON writes the passport with its private key, without its faults.
func (p *Passport) MarshalJSON() ([]byte, error) {
	j := passportJSON{Note: note, Zone: p.zone.String(), Files: p.files, Security: p.security, Short: p.short, Access: p.access}
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
	n := Passport{files: j.Files, security: j.Security, short: j.Short, access: j.Access}
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
