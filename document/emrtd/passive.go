package emrtd

import (
	"crypto"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/signature"
)

// securityObject reads EF.SOD. What it says of itself is judged later.
func (in *inspection) securityObject() error {
	sod, err := lds.ReadSOD(in.ev.SOD)
	switch {
	case errors.Is(err, signature.ErrAlgorithm), errors.Is(err, signature.ErrDigest):
		return fmt.Errorf("%w: %w", ReasonAlgorithm, err)
	case err != nil:
		return err
	}
	in.sod = &sod
	if sod.Indefinite > 0 {
		return fmt.Errorf("%w: %d", ReasonBER, sod.Indefinite)
	}
	return nil
}

// presence checks which groups are listed and there. Group 15 is looked at with
// the chip's answer.
func (in *inspection) presence() error {
	if in.sod == nil {
		return ReasonBefore
	}
	for _, n := range slices.Sorted(maps.Keys(in.ev.Groups)) {
		if !in.sod.Object.Has(n) {
			return fmt.Errorf("%w: %d", ReasonUnlisted, n)
		}
	}
	for _, n := range []int{1, 2, 14} {
		if (n != 14 || in.sod.Object.Has(n)) && in.ev.Groups[n] == nil {
			return fmt.Errorf("%w: %d", ReasonMissing, n)
		}
	}
	return nil
}

// maxOther bounds a data group that is never asked for, in bytes.
const maxOther = 1 << 20

// hashes holds each file against what was signed of it. Groups that are never asked
// for, such as fingerprints, have no business at a server; who has their files is told
// whether they are those that were signed.
func (in *inspection) hashes() error {
	if in.sod == nil {
		return ReasonBefore
	}
	for _, n := range slices.Sorted(maps.Keys(in.ev.Groups)) {
		f, ok := lds.Group(n)
		if !ok && !in.chip {
			f.MaxSize = maxOther
		}
		if len(in.ev.Groups[n]) > f.MaxSize {
			return fmt.Errorf("%w: %d", ReasonNotRead, n)
		}
		want := in.sod.Object.Groups[n]
		if subtle.ConstantTimeCompare(digest(in.sod.Object.Hash, in.ev.Groups[n]), want) != 1 {
			return fmt.Errorf("%w: %d", ReasonHash, n)
		}
	}
	_, failed := refusing(in.checks)
	in.sound = !failed
	return nil
}

// data reads what was signed. It looks at nothing before that.
func (in *inspection) data() (err error) {
	if !in.sound {
		return ReasonBefore
	}
	if in.zone, err = lds.Zone(in.ev.Groups[1]); err != nil {
		return fmt.Errorf("%w: data group 1", ReasonUnreadable)
	}
	if in.portrait, err = lds.ReadPortrait(in.ev.Groups[2]); err != nil {
		return err
	}
	in.read = true
	return nil
}

func digest(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}
