package emrtd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd/compare"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// securityInfos reads data group 14, which must have been authenticated.
func (in *inspection) securityInfos() error {
	switch {
	case in.sod == nil:
		return ReasonBefore
	case !in.sod.Object.Has(14):
		return ReasonNotOffered
	case in.ev.Groups[14] == nil:
		return fmt.Errorf("%w: 14", ReasonMissing)
	case !in.sound:
		return ReasonBefore
	case in.infos != nil:
		return nil
	}
	infos, err := authInfos(in.ev.Groups[14])
	if err != nil {
		return fmt.Errorf("%w: data group 14", ReasonUnreadable)
	}
	in.infos = &infos
	return nil
}

// offered are the SecurityInfos that the chip shows before access. A file that
// cannot be read shows nothing.
func (in *inspection) offered() security.Infos {
	infos, err := security.Read(in.ev.Access.CardAccess)
	if err != nil {
		return security.Infos{}
	}
	return infos
}

// access checks that PACE was used if the chip offers it (Doc 9303-11 §4.2).
func (in *inspection) access() error {
	switch in.ev.Access.Protocol {
	case chip.PACE:
		return nil
	case chip.BAC:
		if _, _, ok := pace.Choose(in.offered().PACE); ok {
			return ReasonWeakAccess
		}
		return nil
	}
	return ReasonNotTold
}

// downgrade holds what the chip offered openly against data group 14, which is
// signed (Doc 9303-11 §9.2.11): somebody between chip and reader may have
// wanted a weaker way.
func (in *inspection) downgrade() error {
	switch {
	case in.sod != nil && !in.sod.Object.Has(14):
		return ReasonNotOffered
	case in.ev.Access.Protocol == "" && in.ev.Access.CardAccess == nil:
		return ReasonNotTold
	case in.ev.Access.Downgraded:
		return ReasonDowngraded
	}
	if err := in.securityInfos(); err != nil {
		return err
	}
	if security.Changed(in.offered(), *in.infos) {
		return ReasonDowngraded
	}
	return nil
}

// cardSecurity judges EF.CardSecurity, if it was read: who signed it comes from the
// country signer of the security object, and it says of access what the chip offered
// openly and what data group 14 says (Doc 9303-11 §9.2.11).
func (in *inspection) cardSecurity() error {
	switch {
	case in.ev.CardSecurity == nil:
		return ReasonNotTold
	case !in.sound:
		return ReasonBefore
	}
	signed, err := lds.ReadCardSecurity(in.ev.CardSecurity)
	if err != nil {
		return fmt.Errorf("%w: EF.CardSecurity", ReasonUnreadable)
	}
	ds, err := signerOf(signed)
	if err != nil {
		return err
	}
	if err := in.sameState(ds); err != nil {
		return err
	}
	if signed.Algorithm.SHA1() {
		return ReasonSHA1
	}
	if signed.Verify(ds.key) != nil {
		return ReasonSignature
	}
	infos, err := security.Read(signed.Content)
	if err != nil {
		return fmt.Errorf("%w: EF.CardSecurity", ReasonUnreadable)
	}
	if in.ev.Access.CardAccess != nil && security.Changed(in.offered(), infos) || in.infos != nil && !compare.Access(*in.infos, infos) {
		return ReasonDowngraded
	}
	return nil
}

// sameState checks that a document signer is one, good, and of the country signer
// that issued the security object's.
func (in *inspection) sameState(ds *signer) error {
	if err := fit(ds.Certificate); err != nil {
		return err
	}
	anchors, err := in.issuers(ds)
	switch {
	case err != nil:
		return err
	case !anchors[0].key.Equal(in.csca.key):
		return ReasonNotIssued
	case ds.key.Weak():
		return ReasonWeakKey
	}
	if _, ok := in.trust.Distrusted(ds.Certificate); ok {
		return ReasonDefect
	}
	if err := in.standing(ds); errors.Is(err, ReasonRevoked) {
		return err
	}
	return in.valid(ds)
}

// codeLine holds the printed code line, if the reader saw it, against that of the
// chip, field by field.
func (in *inspection) codeLine() error {
	switch {
	case in.ev.Printed == "":
		return ReasonNotTold
	case !in.read:
		return ReasonBefore
	}
	printed, err := mrz.Parse(in.ev.Printed)
	if err != nil {
		return fmt.Errorf("%w: it cannot be read", ReasonPrinted)
	}
	if fields := compare.Lines(printed, in.zone); len(fields) > 0 {
		return fmt.Errorf("%w: %s", ReasonPrinted, strings.Join(fields, ", "))
	}
	return nil
}
