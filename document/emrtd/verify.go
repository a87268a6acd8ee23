package emrtd

import (
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/trustlist"
)

// Verify judges the evidence: the files against the trust list (passive
// authentication), the chip's answer against challenge, which must be the one
// that was drawn for this session ([ChallengeSize] bytes), and what the server's
// own run of chip authentication proved.
//
// The codes are doc-sig-bad, doc-signer-unknown, hash-mismatch, doc-clone and
// doc-chip-broken (data that are signed and yet cannot be read); a [*Failure]
// is in the error's chain. An expired document is no error: see [Verified.Expired].
func Verify(ev Evidence, trust *trustlist.List, challenge []byte, now time.Time) (Verified, error) {
	in := &inspection{ev: ev, trust: trust, challenge: challenge, now: now, chip: true}
	in.run()
	if c, ok := refusing(in.checks); ok {
		return Verified{}, refuse(c, c.Reason, in.checks)
	}
	return Verified{zone: in.zone, portrait: in.portrait, issued: in.earliest(), proved: in.proved, checks: in.checks}, nil
}

// A Report is what the files of a document say by themselves.
type Report struct {
	Checks []Check
	Zone   mrz.Zone // of data group 1; the zero value if it is not what was signed
}

// Good reports whether no check failed. Files can be copied, so this never says
// that there was a genuine chip, and revocation may be unknown.
func (r Report) Good() bool {
	return !slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Result == Failed })
}

// Inspect judges files without a chip: its proofs are not performed.
func Inspect(ev Evidence, trust *trustlist.List, now time.Time) Report {
	in := &inspection{ev: ev, trust: trust, now: now}
	in.run()
	return Report{in.checks, in.zone}
}

// An inspection is one document under examination. Each check leaves what the
// next ones need; what is missing makes them "not performed".
type inspection struct {
	ev        Evidence
	trust     *trustlist.List
	challenge []byte
	now       time.Time
	chip      bool // there was one, and it was to prove itself

	sod      *lds.Signed
	ds, csca *signer
	anchors  []*signer // all that are listed of the country signer's key, csca first
	sound    bool      // every file is the one that a trusted security object lists
	infos    *security.Infos
	read     bool
	zone     mrz.Zone
	portrait lds.Portrait
	issued   time.Time // of data group 12; zero if it is not told
	proved   bool      // the chip is the original

	checks []Check
}

// run makes all checks.
func (in *inspection) run() {
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{CheckSecurityObject, in.securityObject},
		{CheckSigner, in.signer},
		{CheckTrust, in.issuer},
		{CheckSignature, in.signature},
		{CheckAlgorithms, in.algorithms},
		{CheckRevocation, in.revocation},
		{CheckDefects, in.defects},
		{CheckPresence, in.presence},
		{CheckHashes, in.hashes},
		{CheckData, in.data},
		{CheckCountry, in.country},
		{CheckDocumentType, in.documentType},
		{CheckDetails, in.details},
		{CheckValidity, in.validity},
		{CheckKeyPeriod, in.keyPeriod},
		{CheckExpiry, in.expiry},
		{CheckCOM, in.com},
		{CheckCodeLine, in.codeLine},
		{CheckAccess, in.access},
		{CheckDowngrade, in.downgrade},
		{CheckCardSecurity, in.cardSecurity},
		{CheckActiveAuth, in.activeAuth},
		{CheckChipAuth, in.chipAuth},
	} {
		c := Check{Name: step.name}
		c.Result, c.Reason, c.Detail = finding(step.run())
		in.checks = append(in.checks, c)
		in.excuse()
	}
}
