package scheme

import (
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/scheme/format"
)

// PINs are the rules of PINs. That they are not weak is judged on the device.
type PINs struct {
	Login  Length `json:"login" doc:"Digits of PIN1: 4 to 12. The app judges by these; other numbers are refused as yet."`
	Sign   Length `json:"sign" doc:"Digits of PIN2: 5 to 12, likewise."`
	Ladder []Rung `json:"ladder" min:"1" max:"10" doc:"What wrong PINs lead to. The last row, and no other, is permanent: it ends the account."`
}

// Length is how many digits a PIN has.
type Length struct {
	Min int `json:"min" unit:"digits" min:"4" max:"12" doc:"At least."`
	Max int `json:"max" unit:"digits" default:"12" min:"4" max:"12" doc:"At most."`
}

// Vouching are the rules of the way by another account (R3).
type Vouching struct {
	Age format.Duration `json:"min_age" default:"72h" min:"72h" max:"365d" doc:"How old the account must be."`
}

// Guardians are the rules of a guardian's consent (R9).
type Guardians struct {
	Deadline format.Duration `json:"deadline" default:"7d" min:"1h" max:"30d" doc:"Until when a guardian has to consent."`
	Age      int             `json:"full_age" unit:"years" default:"18" min:"16" max:"25" doc:"From which age on somebody may consent for a child. Nobody does who needs a guardian too: it is not below any guardian_under."`
}

// Review are the rules of parked cases (R13). That two people decide is no option.
type Review struct {
	Parked format.Duration `json:"parked" default:"7d" min:"1d" max:"30d" doc:"How long a case waits, its keys dormant; then it ends."`
}

// Desk are the rules of a registration at a desk (R8). That a second officer confirms
// exceptions is no option.
type Desk struct {
	Code format.Duration `json:"code_life" default:"15m" min:"1m" max:"1h" doc:"Of the activation code."`
}

// Accounts are the rules of accounts that stand.
type Accounts struct {
	ContactHold format.Duration   `json:"contact_hold" default:"5d" min:"1d" max:"30d" doc:"How long a new contact gets no codes for recovery or registration."`
	ReplaceHold format.Duration   `json:"replace_hold" default:"72h" min:"24h" max:"30d" doc:"How long a replaced account stays if its own device has not confirmed: it can freeze the new one (R4)."`
	Freeze      format.Duration   `json:"freeze" default:"72h" min:"24h" max:"30d" doc:"How long \"not me\" freezes a new account."`
	Reminders   []format.Duration `json:"reminders" default:"60d 72h" min:"1h" max:"365d" doc:"How long before its end a holder is reminded of it: two times, the earlier one first."`
	PerPerson   int               `json:"per_person" default:"10" min:"1" max:"50" doc:"How many accounts one person may have, each on a device."`
}

// Register are the rules of the nightly walk (enrol/reconcile).
type Register struct {
	Renew   format.Duration `json:"renew" default:"30d" min:"1d" max:"180d" doc:"How long somebody who has another name has to renew; then the account is closed."`
	Every   format.Duration `json:"every" default:"20h" min:"1h" max:"7d" doc:"A walk does not begin sooner after the last one."`
	Tries   int             `json:"tries" default:"3" min:"1" max:"10" doc:"How often a question is asked that the register does not answer."`
	Bad     int             `json:"unusable" default:"20" min:"1" max:"1000" doc:"So many answers in a row that cannot be used mean that the register is down."`
	Floor   int             `json:"brake_floor" unit:"accounts" default:"20" min:"1" max:"1000" doc:"So many accounts may be touched in one night in any case."`
	Percent int             `json:"brake_percent" unit:"%" default:"2" min:"0" max:"20" doc:"And so many of a hundred people asked. Beyond both the walk stops, and a person has to look at it."`
}

// Certificates are the profiles of holders' certificates.
type Certificates struct {
	LoginQualified     string     `json:"login_qualified" default:"2.25.266816010026293548762936999948953729287.1.1" match:"^2[.]25[.][1-9][0-9]{0,38}([.][0-9]{1,9})+$" doc:"Policy of log-in certificates of level QUALIFIED, below 2.25.<uuid>."`
	SignatureQualified string     `json:"signature_qualified" default:"2.25.266816010026293548762936999948953729287.1.2" match:"^2[.]25[.][1-9][0-9]{0,38}([.][0-9]{1,9})+$" doc:"The same of signature certificates of level QUALIFIED."`
	LoginAdvanced      string     `json:"login_advanced" default:"2.25.266816010026293548762936999948953729287.1.3" match:"^2[.]25[.][1-9][0-9]{0,38}([.][0-9]{1,9})+$" doc:"The same of log-in certificates of level ADVANCED."`
	SignatureAdvanced  string     `json:"signature_advanced" default:"2.25.266816010026293548762936999948953729287.1.4" match:"^2[.]25[.][1-9][0-9]{0,38}([.][0-9]{1,9})+$" doc:"The same of signature certificates of level ADVANCED."`
	Compliance         Compliance `json:"compliance" doc:"Leave to state conformity with EU rules in certificates. Without a basis nothing is stated."`
}

// Compliance is what claims of conformity rest on (A4).
type Compliance struct {
	Kind       string `json:"basis" default:"" oneof:"- certificate supervisor laboratory" doc:"What it rests on."`
	Name       string `json:"named" default:"" match:"^.{0,200}$" doc:"Which certificate, supervisor or laboratory report that is, by name and number."`
	Disclosure string `json:"disclosure_url" default:"" match:"^(https://[!-~]{3,200})?$" doc:"Where the PKI disclosure statement stands, in English (EN 319 412-5 §4.3.4)."`
}

// Retention says how long is kept what was needed for a while.
type Retention struct {
	History  int             `json:"use_history_months" unit:"months" default:"13" min:"1" max:"120" doc:"The use history of accounts."`
	Images   format.Duration `json:"review_images" default:"24h" min:"1h" max:"24h" doc:"Images of faces and data of chips in cases of review. All others live until the decision."`
	Evidence int             `json:"evidence_years" unit:"years" default:"10" min:"1" max:"50" doc:"The evidence record of a registration, from the end of the account."`
	Sessions format.Duration `json:"sessions" default:"30d" min:"1d" max:"365d" doc:"What is left of a sitting that has ended."`
	Sheets   format.Duration `json:"otp_sheets" default:"2d" min:"2d" max:"90d" doc:"Keyed hashes of one-time codes and their budgets."`
	Letters  format.Duration `json:"letters" default:"90d" min:"1d" max:"3650d" doc:"That a letter was sent or given up. What it said is gone then."`
	Logins   format.Duration `json:"log_ins" default:"30d" min:"1d" max:"365d" doc:"Log-ins and signatures of services, beside the use history."`
}

// A Lock is what a row of a ladder leads to: a duration, or "permanent".
type Lock struct {
	format.Duration
	Permanent bool
}

// permanent is how a file writes a lock without end.
const permanent = "permanent"

// MarshalText writes it.
func (l Lock) MarshalText() ([]byte, error) {
	if l.Permanent {
		return []byte(permanent), nil
	}
	return l.Duration.MarshalText()
}

// UnmarshalText reads it. A lock that ends at once is none.
func (l *Lock) UnmarshalText(text []byte) error {
	if string(text) == permanent {
		*l = Lock{Permanent: true}
		return nil
	}
	if err := l.Duration.UnmarshalText(text); err != nil {
		return err
	}
	if l.Duration.Duration <= 0 {
		return errors.New("a lock of no time")
	}
	return nil
}

// Kind names the type for doc/scheme.md.
func (Lock) Kind() string { return "duration or `permanent`" }

// ladder is the ladder that rows stand for.
func ladder(rows []Rung) tunnus.Ladder {
	out := make(tunnus.Ladder, len(rows))
	for i, r := range rows {
		out[i] = r.rung()
	}
	return out
}

func (r Rung) rung() tunnus.Rung {
	return tunnus.Rung{Failures: r.Failures, Lock: r.Lock.Duration.Duration, Permanent: r.Lock.Permanent}
}
