package scheme

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/scheme/format"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// checker finds what is wrong between the keys of a file.
type checker struct {
	file   File
	read   format.Index // what is wrong with single keys: not told again
	faults format.Faults
}

// check returns all faults of a file: those that reading it found, and behind
// them those of what its keys mean together.
func check(f File, read format.Faults) format.Faults {
	c := checker{file: f, read: read.Index()}
	if len(read) == 1 && read[0].Path == "" {
		return read // no file at all
	}
	_, err := f.zone()
	c.when(err != nil, "time_zone", "no such time zone: %s", f.Zone)
	c.countries()
	c.ways()
	c.eligibility()
	c.switches()
	c.engine()
	c.ladder("ledger.proof.ladder", f.Ledger.Proof.Ladder, false)
	c.ladder("ledger.judgement.ladder", f.Ledger.Judgement.Ladder, true)
	c.ladder("pins.ladder", f.PINs.Ladder, true)
	c.lives()
	c.certificates()
	return append(read, c.faults...)
}

// when adds a fault if it is one, unless the key is known to be wrong already.
func (c *checker) when(bad bool, path, why string, args ...any) {
	if bad && !c.read.About(path) {
		c.faults.Add(path, why, args...)
	}
}

// against does so where another key has its part in it.
func (c *checker) against(bad bool, path, other, why string) {
	c.when(bad && !c.read.About(other), path, "%s %s", why, other)
}

func (c *checker) countries() {
	for i, country := range c.file.Countries {
		c.when(!slices.Contains(tunnus.PersonCountries(), country), fmt.Sprintf("countries[%d]", i),
			"%s: no rule for its personal codes; there are rules for %s", country, strings.Join(tunnus.PersonCountries(), " "))
	}
	for _, issuer := range sorted(c.file.Issuers) {
		country := c.file.Issuers[issuer]
		c.when(!c.served(country), "issuers."+issuer, "%s is not among the countries", country)
	}
}

// served reports whether a country stands in the list, or that list is wrong anyway.
func (c *checker) served(country string) bool {
	return slices.Contains(c.file.Countries, country) || c.read.About("countries")
}

func (c *checker) ways() {
	open := 0
	for _, w := range way.All() {
		rules, there := c.file.Ways[w]
		if there && rules.On {
			open++
		}
		for i, p := range rules.Purposes {
			c.when(!(way.Route{Way: w, Purpose: p}).Valid(), fmt.Sprintf("ways.%s.purposes[%d]", w, i), "nobody goes the way %s for %s", w, p)
		}
	}
	c.when(open == 0, "ways", "no way is switched on")
}

// switches are those that only a sandbox may have, or that need a report (A4, K2).
func (c *checker) switches() {
	f := c.file
	rests := f.Faces.Unattended && !f.Sandbox
	c.when(rests && strings.TrimSpace(f.Faces.Calibration) == "", "faces.unattended",
		"needs calibration_report: outside a sandbox a laboratory stands for the engine's error rates")
	c.when(rests && (f.Faces.Folder == "" || f.Faces.Report == ""), "faces.unattended",
		"needs calibration_folder and calibration_id: outside a sandbox the report is read, and must be about the engine and the limits in force")
	for _, d := range DeviceClasses() {
		c.when(d != Hardware && f.Devices[d] == tunnus.Qualified && !f.Sandbox, "devices."+string(d), "QUALIFIED only in a sandbox")
	}
}

// ladder judges rows: locks that grow, and an end where there has to be one.
func (c *checker) ladder(path string, rows []Rung, ends bool) {
	for i, r := range rows {
		at := fmt.Sprintf("%s[%d].lock", path, i)
		last := i == len(rows)-1
		c.when(r.Lock.Permanent && !ends, at, "permanent: whoever is charged here is never locked for ever")
		c.when(r.Lock.Permanent && ends && !last, at, "permanent, but rows follow it")
		c.when(!r.Lock.Permanent && ends && last, at, "the last row is not permanent: the ladder never ends")
		if i > 0 && !r.Lock.Permanent && !rows[i-1].Lock.Permanent {
			c.when(r.Lock.Duration.Duration <= rows[i-1].Lock.Duration.Duration, at, "not longer than the lock before it")
		}
	}
}

func (c *checker) lives() {
	f := c.file
	c.against(f.Lives.Step.Duration > f.Lives.Session.Duration, "lives.step", "lives.session", "longer than")
	c.against(f.Lives.Code.Duration > f.Lives.Session.Duration, "lives.registration_code", "lives.session", "longer than")
	c.against(f.Codes.ResendAfter.Duration > f.Codes.SMS.Duration, "otp.resend_after", "otp.sms_life", "longer than")
	c.against(f.Codes.PerContact <= f.Codes.Resends, "otp.per_contact", "otp.resends", "one session could not have all its codes: not more than")
	c.against(f.Codes.PerPerson <= f.Codes.Resends, "otp.per_person", "otp.resends", "one session could not have all its codes: not more than")
	c.against(f.Codes.PerPrefix > f.Codes.PerCountry, "otp.sms_per_prefix", "otp.sms_per_country", "more than")
	c.against(f.Codes.PerCountry > f.Codes.PerHour, "otp.sms_per_country", "otp.sms_per_hour", "more than")
	c.against(f.PINs.Login.Min > f.PINs.Login.Max, "pins.login.min", "pins.login.max", "more than")
	c.when(f.PINs.Sign.Min < 5, "pins.sign.min", "fewer than 5 digits")
	c.against(f.PINs.Sign.Min > f.PINs.Sign.Max, "pins.sign.min", "pins.sign.max", "more than")
	// PINs are judged on the phone (key/pin), which is not told of these numbers yet:
	// what would be without effect is refused.
	c.when(f.PINs.Login != Length{4, 12}, "pins.login", "the app judges by 4 to 12 digits; other lengths are not served yet")
	c.when(f.PINs.Sign.Min >= 5 && f.PINs.Sign != Length{5, 12}, "pins.sign", "the app judges by 5 to 12 digits; other lengths are not served yet")
	copyable := f.Ledger.Judgement.Copyable.Lock
	c.when(copyable.Permanent || copyable.Duration.Duration > 24*time.Hour, "ledger.judgement.copyable.lock",
		"longer than 24h: whoever has a copy must not lock the document for long (L2)")
	c.when(len(f.Accounts.Reminders) != 2, "accounts.reminders", "not two")
	for i := 1; i < len(f.Accounts.Reminders); i++ {
		c.when(f.Accounts.Reminders[i].Duration >= f.Accounts.Reminders[i-1].Duration, fmt.Sprintf("accounts.reminders[%d]", i), "not later than the one before it")
	}
}

func (c *checker) certificates() {
	claims := c.file.Issuance.Compliance
	c.when(claims.Kind != "" && strings.TrimSpace(claims.Name) == "", "certificates.compliance.named", "missing: what is stated rests on a %s that is named", claims.Kind)
	c.when(claims.Kind == "" && claims.Name != "", "certificates.compliance.basis", "missing: is %q a certificate, a supervisor or a laboratory?", claims.Name)
	c.when(claims.Kind != "" && claims.Disclosure == "", "certificates.compliance.disclosure_url", "missing: EN 319 412-5 §4.3.4 asks for it")
	c.when(claims.Kind == "" && claims.Disclosure != "", "certificates.compliance.disclosure_url", "nothing is stated that it could disclose")
	c.when(claims.Kind != "" && c.file.Sandbox, "certificates.compliance.basis", "a sandbox states no conformity")
	seen := map[string]string{}
	for _, p := range c.file.Issuance.policies() {
		why := oidFault(p.oid)
		c.when(why != "", "certificates."+p.key, "%s", why)
		c.when(seen[p.oid] != "" && p.oid != "", "certificates."+p.key, "the same as %s", seen[p.oid])
		seen[p.oid] = p.key
	}
}
