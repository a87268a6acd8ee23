package lds

import (
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// An Index is what EF.COM says the chip has. Nobody signs it: it is for reports
// only, the security object tells what counts.
type Index struct {
	Version string // of the logical data structure, "0107"
	Unicode string // version, "040000"
	Groups  []int  // data groups, in the order of the file
}

// groupTags are the outer tags of all data groups, read or not, by number - 1.
var groupTags = [maxGroup]tlv.Tag{0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70}

var errCOM = errors.New("lds: EF.COM is not what the standard says")

// ReadCOM reads the file EF.COM (Doc 9303-10 §4.6.1).
func ReadCOM(file []byte) (Index, error) {
	content, err := COM.Open(file)
	if err != nil {
		return Index{}, err
	}
	all, err := tlv.All(content)
	if err != nil {
		return Index{}, fmt.Errorf("lds: EF.COM: %w", err)
	}
	if len(all) != 3 || all[0].Tag != 0x5F01 || all[1].Tag != 0x5F36 || all[2].Tag != tagList ||
		!digits(all[0].Value, 4) || !digits(all[1].Value, 6) {
		return Index{}, errCOM
	}
	x := Index{Version: string(all[0].Value), Unicode: string(all[1].Value)}
	seen := map[int]bool{}
	for _, b := range all[2].Value {
		n := 0
		for i, tag := range groupTags {
			if tag == tlv.Tag(b) {
				n = i + 1
			}
		}
		if n == 0 || seen[n] {
			return Index{}, errCOM
		}
		seen[n] = true
		x.Groups = append(x.Groups, n)
	}
	return x, nil
}

// digits reports whether b consists of n decimal digits.
func digits(b []byte, n int) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) == n
}
