package emrtd

import (
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// Verify judges the evidence: the files against the trust list (passive
// authentication), and the chip's answer against challenge, which must be the
// one that was drawn for this session ([ChallengeSize] bytes).
//
// The codes are doc-sig-bad, doc-signer-unknown, hash-mismatch, doc-clone and
// doc-chip-broken (data that are signed and yet cannot be read); a [*Failure]
// is in the error's chain. An expired document is no error: see [Verified.Expired].
func Verify(ev Evidence, trust *TrustList, challenge []byte, now time.Time) (Verified, error) {
	in := &inspection{ev: ev, trust: trust, challenge: challenge, now: now}
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{CheckSecurityObject, in.securityObject},
		{CheckSigner, in.signer},
		{CheckTrust, in.issuer},
		{CheckSignature, in.signature},
		{CheckPresence, in.presence},
		{CheckHashes, in.hashes},
		{CheckData, in.data},
		{CheckCountry, in.country},
		{CheckValidity, in.validity},
		{CheckActiveAuth, in.activeAuth},
		{CheckChipAuth, in.chipAuth},
	} {
		in.take(step.name, step.run())
	}
	if in.failed != "" {
		return Verified{}, refuse(in.failed, in.cause, in.checks)
	}
	return Verified{zone: in.zone, portrait: in.portrait, active: in.active, checks: in.checks}, nil
}

// Outcomes of a check that are no failures.
var (
	errNotPerformed = errors.New("what it needs failed before")
	errNotSupported = errors.New("the document does not offer it")
	errNotBuilt     = errors.New("not supported here yet")
)

// An inspection is one document under examination. Each check leaves what the
// next ones need; what is missing makes them "not performed".
type inspection struct {
	ev        Evidence
	trust     *TrustList
	challenge []byte
	now       time.Time

	sod      *lds.Signed
	ds, csca *x509.Certificate
	sound    bool // every file is the one that the security object lists
	read     bool
	zone     mrz.Zone
	portrait lds.Portrait
	active   bool

	checks []Check
	failed string // the first check that failed
	cause  error
}

// take records how a check went.
func (in *inspection) take(name string, err error) {
	c := Check{Name: name, Result: Successful}
	switch {
	case err == nil:
	case errors.Is(err, errNotPerformed):
		c.Result, c.Detail = NotPerformed, err.Error()
	case errors.Is(err, errNotSupported), errors.Is(err, errNotBuilt):
		c.Result, c.Detail = NotSupported, err.Error()
	default:
		c.Result, c.Detail = Failed, err.Error()
		if in.failed == "" {
			in.failed, in.cause = name, err
		}
	}
	in.checks = append(in.checks, c)
}

func (in *inspection) securityObject() error {
	sod, err := lds.ReadSOD(in.ev.SOD)
	if err != nil {
		return err
	}
	in.sod = &sod
	return nil
}

func (in *inspection) signer() (err error) {
	if in.sod == nil {
		return errNotPerformed
	}
	ds, err := documentSigner(*in.sod)
	if err != nil {
		return err
	}
	in.ds = ds
	return nil
}

func (in *inspection) issuer() (err error) {
	if in.ds == nil {
		return errNotPerformed
	}
	in.csca, err = in.trust.issuer(in.ds)
	return err
}

func (in *inspection) signature() error {
	if in.ds == nil {
		return errNotPerformed
	}
	return checkSignature(*in.sod, in.ds)
}

// presence checks which groups are listed and there. Group 15 is looked at with
// the chip's answer.
func (in *inspection) presence() error {
	if in.sod == nil {
		return errNotPerformed
	}
	for _, n := range slices.Sorted(maps.Keys(in.ev.Groups)) {
		if !in.sod.Object.Has(n) {
			return errors.New("a data group is there that is not listed")
		}
	}
	for _, n := range []int{1, 2, 14} {
		if (n != 14 || in.sod.Object.Has(n)) && in.ev.Groups[n] == nil {
			return errors.New("a data group is missing")
		}
	}
	return nil
}

func (in *inspection) hashes() error {
	if in.sod == nil {
		return errNotPerformed
	}
	for _, n := range slices.Sorted(maps.Keys(in.ev.Groups)) {
		f, ok := lds.Group(n)
		if !ok || len(in.ev.Groups[n]) > f.MaxSize {
			return errors.New("a data group that is not read here, or too large")
		}
		want := in.sod.Object.Groups[n]
		if subtle.ConstantTimeCompare(digest(in.sod.Object.Hash, in.ev.Groups[n]), want) != 1 {
			return errors.New("data group " + groupName[n] + " is not the one that was signed")
		}
	}
	in.sound = in.failed == ""
	return nil
}

// groupName names the groups that lds reads.
var groupName = map[int]string{1: "1", 2: "2", 14: "14", 15: "15"}

// data reads what was signed. It looks at nothing before that.
func (in *inspection) data() (err error) {
	if !in.sound {
		return errNotPerformed
	}
	if in.zone, err = lds.Zone(in.ev.Groups[1]); err != nil {
		return errors.New("data group 1 cannot be read")
	}
	if in.portrait, err = lds.ReadPortrait(in.ev.Groups[2]); err != nil {
		return err
	}
	in.read = true
	return nil
}

func (in *inspection) country() error {
	if !in.read {
		return errNotPerformed
	}
	if err := signs(in.ds, in.zone.Document); err != nil {
		return err
	}
	return agree(in.zone.Issuer, in.ds, in.csca)
}

// validity looks at the certificates now; those of a document that is expired
// need to have lived no longer, so that it is told to be expired and not to be
// false.
func (in *inspection) validity() error {
	if in.csca == nil {
		return errNotPerformed
	}
	until := in.now
	if last, err := in.zone.ExpiryDate(); in.read && err == nil && last.Before(until) {
		until = last
	}
	return checkValidity(in.sod.SigningTime, in.now, until, in.ds, in.csca)
}

// activeAuth demands the key and the answer if the security object lists group
// 15: leaving them out must not make a simpler document.
func (in *inspection) activeAuth() error {
	switch {
	case in.sod == nil:
		return errNotPerformed
	case !in.sod.Object.Has(15):
		return errNotSupported
	case in.ev.Groups[15] == nil:
		return errors.New("data group 15 is listed and missing")
	case len(in.ev.ActiveAuth) == 0:
		return errors.New("the chip's answer is missing")
	case !in.sound:
		return errNotPerformed
	}
	if err := checkActive(in.ev.Groups[15], in.ev.Groups[14], in.challenge, in.ev.ActiveAuth); err != nil {
		return err
	}
	in.active = true
	return nil
}

func (in *inspection) chipAuth() error {
	if in.sod != nil && in.sod.Object.Has(14) {
		return errNotBuilt
	}
	return errNotSupported
}
