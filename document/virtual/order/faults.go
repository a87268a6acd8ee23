package order

import (
	"errors"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/document/virtual/hostile"
)

// A Kind is a kind of fault that can be ordered.
type Kind struct {
	Name string
	Of   []string // what may follow the name; nil if nothing may
	Row  string   // what a tester tries with it
	Says string

	commit func(m *making, of string) error
}

// The rows: what a tester tries (doc/documents.md).
const (
	rowFlip    = "bit flips"
	rowOther   = "files of other documents"
	rowForger  = "self-made signers"
	rowChain   = "certificates that may not sign"
	rowUse     = "signatures made for something else"
	rowForm    = "two signatures, groups twice, groups not listed"
	rowMissing = "files and proofs left out"
	rowActive  = "active authentication"
	rowChip    = "chip authentication"
	rowAccess  = "weaker access"
	rowClone   = "copies"
	rowRevoked = "revocation"
	rowLists   = "link certificates and master lists"
	rowTime    = "validity"
	rowBomb    = "bombs of TLV and ASN.1"
	rowRead    = "readings that do not end"
	rowPicture = "pictures"
)

// Faults lists all kinds.
func Faults() []Kind {
	return slices.Concat(signedFaults(), chipFaults(), listFaults(), bombFaults(), []Kind{
		{"manner", manners(), rowRead, "the chip answers in this manner (package hostile)", func(m *making, of string) error {
			m.faults.Manner = hostile.Manner(of)
			return nil
		}},
		{"manner-of", []string{"com", "sod", "dg1", "dg2", "dg14", "dg15"}, rowRead, "the file that the manner is about, if not data group 2", func(m *making, of string) error {
			m.faults.Of = fileID(of)
			return nil
		}},
	})
}

func manners() (all []string) {
	for _, m := range hostile.Manners() {
		all = append(all, string(m))
	}
	return all
}

// known finds whether a fault can be ordered.
func known(f Fault) error {
	_, err := find(f)
	return err
}

func find(f Fault) (Kind, error) {
	for _, k := range Faults() {
		if k.Name != f.Name {
			continue
		}
		if len(k.Of) == 0 && f.Of == "" || slices.Contains(k.Of, f.Of) {
			return k, nil
		}
		if len(k.Of) == 0 {
			return Kind{}, errArgs
		}
		return Kind{}, errors.New("one of " + strings.Join(k.Of, ", ") + " must follow")
	}
	return Kind{}, errValue
}

func (m *making) commit(f Fault) error {
	k, err := find(f)
	if err != nil {
		return err
	}
	return k.commit(m, f.Of)
}

// fileID is the identifier of a file of the application, by its name.
func fileID(name string) uint16 {
	return map[string]uint16{"com": 0x011E, "sod": 0x011D, "dg1": 0x0101, "dg2": 0x0102, "dg14": 0x010E, "dg15": 0x010F}[name]
}
