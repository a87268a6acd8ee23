// Package wire holds the messages between the app and its server: paths,
// header names and the JSON bodies of both directions.
//
// Every request but the first is signed by the device key (package key/device)
// over method, path, body, session, counter and server nonce; the headers here
// carry that signature. A phone sees nothing that is not in this package. The
// messages of the split key stand in key/splitkey and travel as they are.
package wire

import "time"

// Headers of a signed request.
const (
	HeaderSession   = "Tunnus-Session"
	HeaderCounter   = "Tunnus-Counter"
	HeaderSignature = "Tunnus-Signature" // base64url of ASN.1 ECDSA over P-256 and SHA-256
)

// Paths. All are called by POST; a step of the registration is PathRegistration +
// "/" + step, a refusal PathRequests + "/" + id + "/refuse". Messages of package
// splitkey all go to PathKeys.
const (
	PathSessions     = "/app/v1/sessions"
	PathRegistration = "/app/v1/registration"
	PathKeys         = "/app/v1/keys"
	PathAccounts     = "/app/v1/accounts"
	PathRequests     = "/app/v1/requests"
	PathContainer    = "/app/v1/container"
)

// PathRelay is called by GET and becomes a WebSocket (RFC 6455): on it the server
// runs chip authentication with the chip that the phone reads (package
// document/emrtd/relay). The request is signed like all others; in the place of its
// body, which is empty, stands the hash that relay.Header names.
// An opening counts once; a phone that was cut off signs another.
const PathRelay = PathRegistration + "/" + StepChip + "/relay"

// PathCapture is called by GET and becomes a WebSocket: on it the holder's face is filmed
// (package face/capture). The request is signed like all others; in the place of its body,
// which is empty, stands the way that [HeaderCapture] names, [CaptureLight] or, for who
// asks for one without changing colours, [CaptureCalm]. An opening counts once. Behind
// the answer, and if the line breaks, the app asks where the registration stands.
const PathCapture = PathRegistration + "/" + StepFace + "/capture"

// HeaderCapture and what it says.
const (
	HeaderCapture = "Tunnus-Capture"
	CaptureLight  = "light"
	CaptureCalm   = "calm"
)

// MaxBody bounds a body in either direction: chip data or frames in base64.
const MaxBody = 8 << 20

// A Start opens a session. It is not signed: there is no nonce to sign yet. All
// but the key are claims and are kept as such.
type Start struct {
	DeviceKey  []byte `json:"device_key"` // SPKI, DER, P-256
	AppVersion string `json:"app_version"`
	OS         string `json:"os"`
	OSVersion  string `json:"os_version"`
	Model      string `json:"model"`
}

// A Started answers [Start]. The session's id is not in it: both sides make it
// of the device key and the nonce (device.SessionID).
type Started struct {
	Nonce  string `json:"nonce"`
	Scheme string `json:"scheme"` // enters what a log-in signs
}

// Steps of the passport way that the app takes, as [Status.Next] names them.
const (
	StepTerms       = "terms"
	StepConsent     = "consent"
	StepForm        = "form"
	StepChip        = "chip"
	StepContact     = "contact"
	StepSendCode    = "contact-send" // before StepContact, and again for another code
	StepRegister    = "register"
	StepFace        = "face"
	StepKeys        = "keys"
	StepApplication = "application"

	StepVouched     = "vouched"    // another account of the holder vouches
	StepOldDevice   = "old-device" // the phone whose account makes place confirms
	StepGuardian    = "guardian"
	StepPINs        = "pins" // the halves of both keys are made; Keys
	StepCode        = "code" // for the portal
	StepCard        = "card-login"
	StepIsMe        = "is-me"
	StepOfficer     = "officer" // at a desk
	StepActivation  = "activation"
	StepRecalled    = "recalled"
	StepReplacement = "replacement"
	StepPictures    = "pictures" // new ones, for people who look at a registration that waits
)

// A Status says where a registration stands. It answers every step.
type Status struct {
	// Reference is the number under which people speak of this registration.
	Reference string `json:"reference"`

	Next      string    `json:"next"`            // the step that is open; "" when all is done
	Ended     string    `json:"ended,omitempty"` // code of why it ended without an account
	Deadline  time.Time `json:"deadline"`
	Terms     string    `json:"terms,omitempty"`     // version to accept
	Consent   string    `json:"consent,omitempty"`   // version to accept
	Challenge []byte    `json:"challenge,omitempty"` // for the chip's own proof, 8 bytes
	// Filmed says that the face is to be filmed ([PathCapture]), where Next is StepFace.
	Filmed bool `json:"filmed,omitempty"`
	// Transaction is the application that waits for the signature key; its
	// fields come with the key's status (splitkey.Standing).
	Transaction string   `json:"transaction,omitempty"`
	Account     *Account `json:"account,omitempty"`

	Way string `json:"way,omitempty"`
	// Waiting is the code of why the registration waits for somebody else
	// (rev-pending, guard-wait); Next is "" then, or StepPictures.
	Waiting string `json:"waiting,omitempty"`
	// Link is what another phone has to follow ([PathConfirm]), "" if none has.
	Link    string      `json:"link,omitempty"`
	Counter string      `json:"counter,omitempty"` // two digits, shown beside every code and link
	Code    *PortalCode `json:"code,omitempty"`    // for the portal
	Ticket  string      `json:"ticket,omitempty"`  // for the officer to scan
	Who     *Who        `json:"who,omitempty"`     // "is this you?"
	Recall  *Recall     `json:"recall,omitempty"`
	// Older are the accounts of which the holder has to name the one that makes place;
	// none where that is clear.
	Older []Older `json:"older,omitempty"`
	// Choices are the contacts on file to pick from; none means that a new one is typed.
	Choices []Choice `json:"choices,omitempty"`
}

// A PortalCode is what the app shows for the portal.
type PortalCode struct {
	Text  string    `json:"text"` // eight characters of base 32
	Until time.Time `json:"until"`
}

// Who is whom the portal has named.
type Who struct {
	Name  string `json:"name"`
	Birth string `json:"birth"` // a day, "1990-02-14"
}

// A Recall names the transactions in which both new PINs are entered once more.
type Recall struct {
	Login string `json:"login"`
	Sign  string `json:"sign"`
}

// Elsewhere asks about a step that is taken on another device. Without says that
// there is no such device any more.
type Elsewhere struct {
	Without bool `json:"without,omitempty"`
	// Replaces is the number of the one of [Status.Older] that makes place.
	Replaces string `json:"replaces,omitempty"`
}

// IsMe answers whether [Status.Who] is the holder.
type IsMe struct {
	Accepted bool   `json:"accepted"`
	Replaces string `json:"replaces,omitempty"` // as in [Elsewhere]
}

// An Older is an account of the holder that may make place for the new one.
type Older struct {
	Document string    `json:"document"` // its number
	Level    string    `json:"level"`
	Expires  time.Time `json:"expires"`
}

// PathConfirm is where a phone with an account answers for another one.
const PathConfirm = "/app/v1/confirm"

// A Confirm follows a link, or refuses what it asks.
type Confirm struct {
	Link   string `json:"link"`
	Refuse bool   `json:"refuse,omitempty"`
}

// A Confirming is what has to be confirmed: transactions of the own keys, whose
// fields come with their status (splitkey.Standing).
type Confirming struct {
	About string    `json:"about"`
	Login string    `json:"login,omitempty"` // PIN1; "" if only PIN2 is asked for
	Sign  string    `json:"sign"`            // PIN2
	Until time.Time `json:"until"`
}

// Begin opens a registration, by a way and for a purpose ("passport", "new" if
// left out); one that is open already tells where it stands.
type Begin struct {
	Way     string `json:"way,omitempty"`
	Purpose string `json:"purpose,omitempty"`
	// Replaces is the number of the account that is to make place, for a purpose that
	// replaces one; it may be left out.
	Replaces string `json:"replaces,omitempty"`
}

// Agree answers the terms and the biometric consent.
type Agree struct {
	Version  string `json:"version"`
	Accepted bool   `json:"accepted"`
}

// A Form is what the applicant fills in, as printed on the document.
type Form struct {
	Country    string `json:"country"` // two letters
	Surname    string `json:"surname"`
	GivenNames string `json:"given_names"`
	PersonCode string `json:"person_code"`
	Document   string `json:"document"` // document number
}

// A Chip is what was read: raw files and the chip's answer to the challenge.
// It proves nothing until the server has verified it.
type Chip struct {
	SOD        []byte            `json:"sod"`
	Groups     map[string][]byte `json:"groups"` // "1", "2", "15"
	ActiveAuth []byte            `json:"active_auth,omitempty"`
	COM        []byte            `json:"com,omitempty"` // EF.COM
	// Access is how the chip was opened, "bac" or "pace", and CardAccess the file that
	// offered it: whether somebody has kept a better way from the phone is judged by
	// the server.
	Access     string `json:"access,omitempty"`
	CardAccess []byte `json:"card_access,omitempty"`
	// Printed is the code line that a camera saw on the page, lines parted by "\n". It
	// is a claim of the phone: one that the chip contradicts is worse than none.
	Printed string `json:"printed,omitempty"`
}

// A Contact is where the one-time code goes: an address of e-mail or a phone number
// as typed, or the name of one of [Status.Choices].
type Contact struct {
	Contact string `json:"contact,omitempty"`
	Pick    string `json:"pick,omitempty"`
}

// A Choice is a contact on file.
type Choice struct {
	ID      string `json:"id"`
	Channel string `json:"channel"` // "email", "sms"
	Mask    string `json:"mask"`
}

// Code is the one-time code as typed.
type Code struct {
	Code string `json:"code"`
}

// Face holds live frames, JPEG.
type Face struct {
	Frames [][]byte `json:"frames"`
}

// Pictures are chip and frames in one.
type Pictures struct {
	Chip Chip `json:"chip"`
	Face Face `json:"face"`
}

// Keys names the two keys that the phone has made.
type Keys struct {
	Login string `json:"login"`
	Sign  string `json:"sign"`
}

// None is the body of a step that carries nothing.
type None struct{}

// An Account is one row of the holder's list.
type Account struct {
	Document string    `json:"document"` // PNOXX-…-ABCD-Q
	Name     string    `json:"name"`
	Level    string    `json:"level"`
	State    string    `json:"state"`
	Expires  time.Time `json:"expires"`
	Keys     []Key     `json:"keys"`
}

// A Key is the public side of one composite key.
type Key struct {
	ID          string   `json:"id"`
	Purpose     string   `json:"purpose"`     // login, signature
	Certificate [][]byte `json:"certificate"` // DER, leaf first, then issuing CA
}

// Accounts answers [PathAccounts].
type Accounts struct {
	Accounts []Account `json:"accounts"`
}

// A ContainerOf asks for the signed application of an account of this device.
type ContainerOf struct {
	Document string `json:"document"`
}

// A Container answers [ContainerOf]: the application as anybody can check it.
type Container struct {
	Level string `json:"level"` // "LT" once it is complete; "B" or "T" before
	File  []byte `json:"file"`  // ASiC-E
}

// A Poll asks for requests that wait for the holder; it returns at once if there
// are any, else after WaitMS (at most 60 s).
type Poll struct {
	WaitMS int `json:"wait_ms"`
}

// Requests answers [Poll].
type Requests struct {
	Requests []Request `json:"requests"`
}

// A Request is a question of a relying party. What is signed comes with the
// status of the log-in key, under the same transaction.
type Request struct {
	ID          string    `json:"id"`
	Transaction string    `json:"transaction"`
	Service     string    `json:"service"`
	Brokered    string    `json:"brokered,omitempty"`
	Screen      string    `json:"screen"` // interaction type that is shown
	Text        string    `json:"text"`
	Code        string    `json:"code,omitempty"`    // verification code to show
	Choices     []string  `json:"choices,omitempty"` // three codes, one right, to pick from
	Expires     time.Time `json:"expires"`
}

// Refuse declines a request.
type Refuse struct {
	Reason string `json:"reason"`
	Screen string `json:"screen"` // the interaction type that was shown
}

// The ways to say no.
const (
	ReasonCancel    = "cancel"     // on the screen of the request
	ReasonWrongCode = "wrong-code" // another of the three codes was picked
	ReasonNotMe     = "not-me"     // the holder did not ask for this
)
