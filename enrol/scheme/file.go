package scheme

import (
	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/scheme/format"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// A File is a scheme file: the rules of one identity. doc/scheme.md is made from
// its tags. What one key alone can be is judged by them, what keys mean together
// by [Parse].
type File struct {
	Name      string                  `json:"name" match:"^[a-z][a-z0-9-]{0,31}$" doc:"Name of the rules."`
	Version   string                  `json:"version" match:"^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$" doc:"Version of the rules: whoever changes the file changes it. Name, version and a short hash of the file stand in all evidence."`
	Sandbox   bool                    `json:"sandbox" default:"false" doc:"The rules of a sandbox. A service that is none refuses them."`
	Zone      string                  `json:"time_zone" default:"UTC" match:"^[A-Z][A-Za-z0-9_+-]{0,30}(/[A-Z][A-Za-z0-9_+-]{0,30}){0,2}$" doc:"Where its days begin, as the IANA database of time zones names it: birthdays, and the days of eligibility."`
	Languages []string                `json:"languages" min:"1" oneof:"en et lt lv da ru" doc:"Languages that are offered. Who asks for none of them gets English, or the first one where English is not offered."`
	Countries []string                `json:"countries" min:"1" match:"^[A-Z]{2}$" doc:"Whose personal codes are served, two letters. XX is the invented state UTO."`
	Issuers   map[string]string       `json:"issuers" min:"1" keymatch:"^[A-Z]{1,3}$" match:"^[A-Z]{2}$" doc:"States whose documents are accepted: as the code line writes them, and the country of the personal codes that they stand for."`
	Versions  Versions                `json:"versions" doc:"The oldest versions that are served. They are what an app says of itself."`
	Agreed    Agreed                  `json:"agreed" doc:"What applicants agree to."`
	Ways      map[way.Way]WayRules    `json:"ways" min:"1" keyof:"passport idcard account desk" doc:"The ways of registering. One that does not stand here is switched off."`
	Devices   map[Device]tunnus.Level `json:"devices" keyof:"hardware software browser" oneof:"ADVANCED QUALIFIED" doc:"The highest level that an account on a device of this class can have: keys in attested hardware, in software, in a browser. A class that does not stand here has ADVANCED. Outside a sandbox only hardware can have QUALIFIED."`
	Eligible  []Row                   `json:"eligibility" min:"1" max:"500" doc:"Who may go which way, a row each. Whom no row names may not. No two rows name the same country, way, purpose and day."`
	Faces     Faces                   `json:"faces" doc:"Comparison of faces."`
	Lives     Lives                   `json:"lives" doc:"How long things live."`
	Codes     Codes                   `json:"otp" doc:"One-time passwords."`
	Ledger    Ledger                  `json:"ledger" doc:"What failures lead to."`
	PINs      PINs                    `json:"pins" doc:"PINs."`
	Vouching  Vouching                `json:"vouching" doc:"The way by another account."`
	Guardians Guardians               `json:"guardians" doc:"Consent of guardians."`
	Review    Review                  `json:"review" doc:"Cases that a person has to look at."`
	Desk      Desk                    `json:"desk" doc:"Registration at a desk."`
	Accounts  Accounts                `json:"accounts" doc:"Accounts and their contacts."`
	Register  Register                `json:"register" doc:"The nightly walk through the people who have accounts, of each of whom the population register is asked."`
	Issuance  Certificates            `json:"certificates" doc:"Certificates of holders."`
	Retention Retention               `json:"retention" doc:"How long is kept what was needed for a while."`
}

// Versions are the oldest that are served.
type Versions struct {
	App string            `json:"app" match:"^[0-9]{1,4}([.][0-9]{1,4}){0,3}$" doc:"Of the app."`
	OS  map[string]string `json:"os" default:"" keymatch:"^[a-z]{1,16}$" match:"^[0-9]{1,4}([.][0-9]{1,4}){0,3}$" doc:"Of the operating system, by its name. One that does not stand here has none."`
}

// Agreed are the texts in force.
type Agreed struct {
	Terms   string `json:"terms" match:"^[0-9A-Za-z.-]{1,32}$" doc:"Version of the terms in force."`
	Consent string `json:"consent" match:"^[0-9A-Za-z.-]{1,32}$" doc:"Version of the consent to the use of biometrics in force. It is asked for apart from the terms."`
}

// WayRules are what a scheme says of one way.
type WayRules struct {
	On       bool          `json:"on" doc:"Whether it is open."`
	Level    tunnus.Level  `json:"level" oneof:"ADVANCED QUALIFIED" doc:"What an account is worth that came this way; of the way account at most, for there the level of the account that vouches counts too."`
	Purposes []way.Purpose `json:"purposes" min:"1" oneof:"new renew upgrade" doc:"What it may be gone for."`
}

// A Row is one rule of eligibility.
type Row struct {
	From      format.Date   `json:"from" doc:"The first day on which it holds."`
	Until     format.Date   `json:"until" default:"" doc:"The first day on which it holds no more; empty if no end is known."`
	Countries []string      `json:"countries" min:"1" match:"^[A-Z]{2}$" doc:"Whose personal codes."`
	Ways      []way.Way     `json:"ways" min:"1" oneof:"passport idcard account desk" doc:"Which ways."`
	Purposes  []way.Purpose `json:"purposes" default:"new renew upgrade" min:"1" oneof:"new renew upgrade" doc:"For which purposes."`
	MinAge    int           `json:"min_age" unit:"years" min:"0" max:"150" doc:"Youngest age."`
	MaxAge    int           `json:"max_age" unit:"years" default:"0" min:"0" max:"150" doc:"Oldest age; 0 if there is none."`
	Guardian  int           `json:"guardian_under" unit:"years" default:"0" min:"0" max:"25" doc:"Who is younger needs a guardian's consent; 0 if nobody does."`
	Prior     bool          `json:"prior_account" default:"false" doc:"Whether only people are served who had an account before."`
	Contact   ContactRule   `json:"contact" oneof:"on-file new" doc:"Where one-time codes go: to a contact on file, which this way cannot change, or to a new one."`
	Documents []Kind        `json:"documents" default:"" oneof:"passport id-card" doc:"Kinds of documents that are accepted; empty if the way reads none."`
	Since     int           `json:"issued_since" unit:"year" default:"0" min:"0" max:"2199" doc:"The oldest year of issue that is accepted, where the document tells it, or when it was signed; 0 if all are."`
	Faulty    []Series      `json:"faulty" default:"" max:"200" doc:"Series of documents that are known to be faulty."`
}

// A Series is a range of document numbers of one issuer.
type Series struct {
	Issuer string `json:"issuer" match:"^[A-Z]{1,3}$" doc:"Issuing state, as the code line writes it."`
	First  string `json:"first" match:"^[A-Z0-9]{1,20}$" doc:"First number."`
	Last   string `json:"last" match:"^[A-Z0-9]{1,20}$" doc:"Last number, of the same length."`
}

// Faces are the rules of comparing faces.
type Faces struct {
	Unattended  bool   `json:"unattended" default:"false" doc:"Whether a match stands without a person's look. Outside a sandbox it needs a calibration report of the engine and the limits that are in force; doc/biometrics.md tells how one is made."`
	Calibration string `json:"calibration_report" default:"" match:"^.{0,200}$" doc:"The laboratory's report on the engine's error rates that unattended approval rests on: who wrote it, its number and date."`
	Folder      string `json:"calibration_folder" default:"" match:"^([0-9A-Za-z][0-9A-Za-z._-]{0,63}(/[0-9A-Za-z][0-9A-Za-z._-]{0,63}){0,3})?$" doc:"The folder of that report as tunnus face calibrate wrote it, seen from where this file lies."`
	Report      string `json:"calibration_id" default:"" match:"^([0-9a-f]{64})?$" doc:"The report's id, which it begins with."`
	MaxFMR      int    `json:"max_fmr" unit:"of a million" default:"1000" min:"1" max:"1000" doc:"How many of a million pairs of two persons may match at most. The report has to show it: with the upper 95 % limit, over all pairs and in each group."`
	Liveness    bool   `json:"liveness" default:"true" doc:"Whether the face is filmed, before a screen that changes colour or as it moves, and judged to be a living one. Without it pictures are sent, and a photograph of somebody does as well."`
	Captures    int    `json:"captures" default:"3" min:"1" max:"3" doc:"Films, or sets of frames, in one attempt."`
	Frames      int    `json:"max_frames" default:"10" min:"1" max:"60" doc:"Frames in one set."`
	FrameBytes  int    `json:"max_frame_bytes" unit:"bytes" default:"1048576" min:"65536" max:"1048576" doc:"Size of one frame."`

	Engine FaceEngine `json:"engine" doc:"What compares faces."`
}

// Lives are the times of a registration.
type Lives struct {
	Session     format.Duration `json:"session" default:"30m" min:"5m" max:"2h" doc:"Of a sitting as a whole."`
	Step        format.Duration `json:"step" default:"5m" min:"1m" max:"30m" doc:"From a challenge to its answer."`
	Application format.Duration `json:"application" default:"10m" min:"1m" max:"1h" doc:"From the certificates to the signature of the application; then they are revoked."`
	Code        format.Duration `json:"registration_code" default:"15m" min:"1m" max:"1h" doc:"Of the code that binds the app to the portal."`
	CodeTries   int             `json:"registration_code_tries" default:"5" min:"1" max:"10" doc:"Wrong tries that kill that code."`
	FarHold     format.Duration `json:"far_hold" default:"24h" min:"1h" max:"14d" doc:"How long an account is held where phone and portal were in different countries, or nothing is known of the phone."`
}

// Codes are the rules of one-time passwords.
type Codes struct {
	SMS         format.Duration `json:"sms_life" default:"5m" min:"1m" max:"15m" doc:"Life of a code sent by SMS."`
	Mail        format.Duration `json:"mail_life" default:"10m" min:"1m" max:"30m" doc:"Life of a code sent by e-mail."`
	Tries       int             `json:"tries" default:"3" min:"1" max:"5" doc:"Wrong tries that kill a code."`
	ResendAfter format.Duration `json:"resend_after" default:"60s" min:"10s" max:"10m" doc:"Earliest time for another code."`
	Resends     int             `json:"resends" default:"3" min:"0" max:"10" doc:"Codes after the first one."`
	OfferAfter  format.Duration `json:"offer_after" default:"2m" min:"30s" max:"10m" doc:"When the app offers to send again, or to switch to e-mail."`
	PerContact  int             `json:"per_contact" unit:"a day" default:"10" min:"1" max:"100" doc:"Codes to one contact."`
	PerPerson   int             `json:"per_person" unit:"a day" default:"10" min:"1" max:"100" doc:"Codes for one person."`
	PerPrefix   int             `json:"sms_per_prefix" unit:"an hour" default:"10" min:"1" max:"10000" doc:"Text messages to all numbers that differ in their last four digits only."`
	PerCountry  int             `json:"sms_per_country" unit:"an hour" default:"300" min:"1" max:"1000000" doc:"Text messages to one country."`
	PerHour     int             `json:"sms_per_hour" unit:"an hour" default:"1000" min:"1" max:"1000000" doc:"Text messages in all."`
	Proved      int             `json:"sms_proved_percent" default:"30" min:"0" max:"90" doc:"How many of a hundred codes by SMS to one country must be typed rightly; where fewer are, it gets e-mail only until an hour has passed. 0 judges nothing."`
	JudgedFrom  int             `json:"sms_judged_from" unit:"an hour" default:"50" min:"10" max:"1000000" doc:"Codes by SMS to one country from which on that is judged."`
	NoSMS       []string        `json:"no_sms" default:"US CA BE" match:"^[A-Z]{2}$" doc:"Countries whose phone numbers get no SMS, two letters."`
}

// Ledger are the rules of both phases.
type Ledger struct {
	Proof     Proof     `json:"proof" doc:"Until the chip has proved itself: charged to device, account and address."`
	Judgement Judgement `json:"judgement" doc:"After it: charged to the document."`
}

// A Rung is one step of a ladder.
type Rung struct {
	Failures int  `json:"failures" min:"1" max:"100" doc:"Counted failures in a row."`
	Lock     Lock `json:"lock" doc:"What they lead to: a duration, longer than that of the row before, or permanent."`
}

// Proof is the phase of the device.
type Proof struct {
	Ladder    []Rung          `json:"ladder" min:"1" max:"10" doc:"Rows of failures and locks. None is permanent; the last one repeats."`
	Forget    format.Duration `json:"forget" default:"7d" min:"1d" max:"365d" doc:"Earlier locks are forgotten after so long without a failure."`
	Life      format.Duration `json:"life" default:"30m" min:"1m" max:"24h" doc:"A charge without verdict is a failure after so long."`
	VoidEvery format.Duration `json:"void_every" default:"24h" min:"24h" max:"30d" doc:"At most one refund for a fault of ours in so long."`
}

// Judgement is the phase of the document.
type Judgement struct {
	Ladder        []Rung          `json:"ladder" min:"1" max:"10" doc:"Rows of failures and locks. The last one, and no other, is permanent."`
	Forget        format.Duration `json:"forget" default:"365d" min:"30d" max:"3650d" doc:"Earlier locks are forgotten after so long without a failure."`
	Life          format.Duration `json:"life" default:"30m" min:"1m" max:"24h" doc:"A charge without verdict is a failure after so long."`
	Grace         format.Duration `json:"grace" default:"14d" min:"1d" max:"90d" doc:"How long the last step can be voided as part of an incident of ours."`
	Copyable      Rung            `json:"copyable" doc:"The one lock that a document can get which proves no presence."`
	CopyableEvery format.Duration `json:"copyable_every" default:"7d" min:"7d" max:"365d" doc:"No other such lock within so long."`
	Notes         int             `json:"notes" default:"3" min:"2" max:"10" doc:"Mishaps that make one counted failure, on a document as on a device."`
	NoteWindow    format.Duration `json:"note_window" default:"24h" min:"1h" max:"7d" doc:"Time within which they do."`
	VoidEvery     format.Duration `json:"void_every" default:"24h" min:"24h" max:"30d" doc:"At most one refund for a fault of ours in so long."`
}
