package tunnus

// A Code names one way a request can fail. It is part of the API: codes are
// added, never renamed. Each is described in doc/errors.md (checked by a test).
type Code string

// What every interface needs.
const (
	CodeInternal            Code = "internal"
	CodeStateConflict       Code = "state-conflict"
	CodeNotFound            Code = "not-found"
	CodeBadRequest          Code = "bad-request"
	CodeNotJSON             Code = "not-json"
	CodeTooLarge            Code = "too-large"
	CodeUnknownField        Code = "unknown-field"
	CodeBadSignature        Code = "bad-signature"
	CodeRateLimited         Code = "rate-limited"
	CodeUnknownRelyingParty Code = "unknown-relying-party"
	CodeForbidden           Code = "forbidden"
	CodeServiceDown         Code = "service-down"
)

// Before a registration, and its form.
const (
	CodeAppOld        Code = "app-old"
	CodeConsentNo     Code = "consent-no"
	CodeEligCountry   Code = "elig-country"
	CodeEligAge       Code = "elig-age"
	CodeEligNoPrior   Code = "elig-no-prior"
	CodeEligLevel     Code = "elig-level"
	CodeFormCode      Code = "form-code"
	CodeFormName      Code = "form-name"
	CodeFormMismatch  Code = "form-mismatch"
	CodeSesTimeout    Code = "ses-timeout"
	CodeSesTerminated Code = "ses-terminated"
	CodeDevOSOld      Code = "dev-os-old"
	CodeReqTooOften   Code = "req-too-often"
	CodeStepTimeout   Code = "step-timeout"

	CodeRegRestricted Code = "reg-restricted"
	CodeContactGone   Code = "contact-gone"
)

// One-time passwords.
const (
	CodeOTPWrong        Code = "otp-wrong"
	CodeOTPOld          Code = "otp-old"
	CodeOTPResends      Code = "otp-resends"
	CodeOTPBlocked      Code = "otp-blocked"
	CodeOTPSession      Code = "otp-session"
	CodeOTPNoSMSCountry Code = "otp-no-sms-country"
)

// The document.
const (
	CodeMRZTypedBad      Code = "mrz-typed-bad"
	CodeNFCNoChip        Code = "nfc-no-chip"
	CodeNFCLost          Code = "nfc-lost"
	CodeNFCTimeout       Code = "nfc-timeout"
	CodeNFCAccessDenied  Code = "nfc-access-denied"
	CodeDocChipBroken    Code = "doc-chip-broken"
	CodeDocTypeNo        Code = "doc-type-no"
	CodeDocTooOld        Code = "doc-too-old"
	CodeDocExpired       Code = "doc-expired"
	CodeDocSigBad        Code = "doc-sig-bad"
	CodeDocSignerUnknown Code = "doc-signer-unknown"
	CodeDocClone         Code = "doc-clone"
	CodeHashMismatch     Code = "hash-mismatch"
	CodeDocLockTemp      Code = "doc-lock-temp"
	CodeDocLockPerm      Code = "doc-lock-perm"
	CodeDocRevoked       Code = "doc-revoked"
)

// The register of people, and the face.
const (
	CodeRegiDown     Code = "regi-down"
	CodeRegiMismatch Code = "regi-mismatch"
	CodeRegiDeceased Code = "regi-deceased"
	CodeRegiAddress  Code = "regi-address"
	CodeGuardNone    Code = "guard-none"
	CodeGuardLate    Code = "guard-late"
	CodeGuardWait    Code = "guard-wait"
	CodeFacePosition Code = "face-position"
	CodeFaceMany     Code = "face-many"
	CodeFaceQuality  Code = "face-quality"
	CodeFaceNoMatch  Code = "face-no-match"
	CodeFaceLimit    Code = "face-limit"
	CodeRevPending   Code = "rev-pending"
	CodeRevDeclined  Code = "rev-declined"
)

// Desk and staff.
const (
	CodeActCodeBad    Code = "act-code-bad"
	CodeActCodeOld    Code = "act-code-old"
	CodeSlotFull      Code = "slot-full"
	CodeStaffNoRight  Code = "staff-no-right"
	CodeStaffOneself  Code = "staff-oneself"
	CodeStaffFourEyes Code = "staff-four-eyes"
)

// The ID-card.
const (
	CodeCardTokenBad     Code = "card-token-bad"
	CodeCardSignatureBad Code = "card-signature-bad"
	CodeCardNotAccepted  Code = "card-not-accepted"
	CodeCardRevoked      Code = "card-revoked"
	CodeCardOtherPerson  Code = "card-other-person"
	CodeCardStatusDown   Code = "card-status-down"
	CodeRegcodeBad       Code = "regcode-bad"
	CodeRegcodeOld       Code = "regcode-old"
)

// PINs, keys and accounts.
const (
	CodePINWeak      Code = "pin-weak"
	CodePINDiff      Code = "pin-diff"
	CodePINWrong     Code = "pin-wrong"
	CodePINLock1     Code = "pin-lock-1"
	CodePINLock2     Code = "pin-lock-2"
	CodePINLockPerm  Code = "pin-lock-perm"
	CodePINWorn      Code = "pin-worn"
	CodeKeyRefused   Code = "key-refused"
	CodeKeyUnusable  Code = "key-unusable"
	CodeShareWrong   Code = "share-wrong"
	CodeCertRefused  Code = "cert-refused"
	CodeAccNone      Code = "acc-none"
	CodeAccUnusable  Code = "acc-unusable"
	CodeAccExpired   Code = "acc-expired"
	CodeAccCloned    Code = "acc-cloned"
	CodeDevTooMany   Code = "dev-too-many"
	CodeSrcAccountNo Code = "src-account-no"
	CodeConfirmNo    Code = "confirm-no"
	CodeTxnState     Code = "txn-state"
)

// sentences says each code in plain words, without blame, with the next step: what
// happened, then what to do. Package problem/phrases has both parts apart, in six
// languages; its tests hold these to them.
var sentences = map[Code]string{
	CodeInternal:            "Something went wrong on our side; nothing was counted against you. Please try again.",
	CodeStateConflict:       "This step is not open now. Ask for the state again and go on from there.",
	CodeNotFound:            "There is no such thing here. Please check what was asked for.",
	CodeBadRequest:          "A field of the request cannot be what it says. Please correct it.",
	CodeNotJSON:             "The request is not the JSON that is expected here. Please correct the request.",
	CodeTooLarge:            "The request is larger than what is accepted here. Please send less.",
	CodeUnknownField:        "The request has a field that is not known here. Please leave it out.",
	CodeBadSignature:        "The request is not signed by the device it names. Please open a new session.",
	CodeRateLimited:         "Too many requests in a short time. Please wait and try again.",
	CodeUnknownRelyingParty: "This relying party is not known here. Please compare identifier, name and certificate with the contract.",
	CodeForbidden:           "This relying party has no right to ask for that. Please look up in the contract what is allowed.",
	CodeServiceDown:         "A part of our service does not answer now. Nothing was lost or counted against you; please try again.",

	CodeAppOld:        "This version of the app is too old. Please update it.",
	CodeContactGone:   "There is no contact on file that a code could be sent to, and this way cannot change contacts. Please choose another way.",
	CodeConsentNo:     "Without this consent the registration cannot go on. You can start it again at any time.",
	CodeEligCountry:   "People of this country cannot be served here yet. Please ask us what else is possible.",
	CodeEligAge:       "You are not of the age that this way of registering is for. Please choose another way; a child registers together with a parent or guardian.",
	CodeEligNoPrior:   "This way is for people who had an account here before. Please choose another way.",
	CodeEligLevel:     "You have an account of this level already, so there is nothing to raise. You can renew it instead.",
	CodeFormCode:      "The personal code is not written right. Please check the number.",
	CodeFormName:      "The name is not written as it is printed on the document. Please check both name fields and read the document again.",
	CodeSesTerminated: "This registration was stopped for security. Please contact us with the reference number.",
	CodeFormMismatch:  "What was filled in differs from the document. Please write it just as it is printed.",
	CodeSesTimeout:    "Time ran out: a registration is done in one sitting. Please start again.",
	CodeDevOSOld:      "This phone's system is too old. Please update it, or use another phone.",
	CodeReqTooOften:   "Too many tries from this device. Please try again at the time shown.",
	CodeStepTimeout:   "This step took too long. Please start it again.",

	CodeRegRestricted: "The ways of registering are limited for you, so this registration has ended. Please contact us.",

	CodeOTPWrong:        "That is not the code. Please look at the newest message and type it again.",
	CodeOTPOld:          "That code is past its time or was replaced. Please use the newest one.",
	CodeOTPResends:      "No further code can be sent now. Please use the newest one, or wait until the time shown.",
	CodeOTPBlocked:      "The code was wrong too often, so this registration ends. Please start again later.",
	CodeOTPNoSMSCountry: "Text messages do not work for phone numbers of this country. Please use an e-mail address.",
	CodeOTPSession:      "That code belongs to another registration. Please use the one sent for this one.",

	CodeMRZTypedBad:      "The code line does not add up. Please check the number and the dates.",
	CodeNFCNoChip:        "No chip was found. Take the cover off, open the passport and move the phone slowly.",
	CodeNFCLost:          "The connection to the chip was lost. Keep the document still until the reading ends.",
	CodeNFCTimeout:       "Reading the chip took too long. Please start this step again.",
	CodeNFCAccessDenied:  "The chip did not accept the code line. Please scan the code line again.",
	CodeDocChipBroken:    "The chip's data could not be understood: the chip may be damaged. Please use another document.",
	CodeDocTypeNo:        "This document is not accepted here. Please use one that is.",
	CodeDocTooOld:        "Documents as old as this one, or of its series, cannot be used here. Please use a newer one.",
	CodeDocExpired:       "This document has expired. Please use another one.",
	CodeDocSigBad:        "The document's authenticity could not be confirmed. Please use another document.",
	CodeDocSignerUnknown: "This document cannot be verified here yet. Please use another one.",
	CodeDocClone:         "The chip could not prove that it is the original. Please use another document.",
	CodeHashMismatch:     "The document's data could not be confirmed. Please use another document.",
	CodeDocLockTemp:      "This document is locked for registering until the time shown. Another document can be used.",
	CodeDocLockPerm:      "This document can never be used again for registering here. It stays good for travel; another document can be used.",
	CodeDocRevoked:       "This document cannot be used. Please contact us, or use another document.",

	CodeRegiDown:     "The population register does not answer. This is not your fault and was not counted; please try again.",
	CodeRegiMismatch: "The details differ from the population register. Please check them there.",
	CodeRegiDeceased: "This registration cannot go on. Please contact us.",
	CodeRegiAddress:  "With the address in the population register you cannot go on this way. Please register at a desk.",
	CodeGuardNone:    "The population register names nobody who may consent for this child. Please have the register checked, then try again.",
	CodeGuardWait:    "A parent or guardian still has to confirm. Please show them the link again.",
	CodeGuardLate:    "The time for the guardian's consent is over, so this request has expired. Please start again.",
	CodeFacePosition: "No whole face was found. Hold the phone in front of your face, at eye level.",
	CodeFaceMany:     "More than one face is in the picture. Please be alone in it.",
	CodeFaceQuality:  "The picture is not clear enough. More light and a still hand help.",
	CodeFaceNoMatch:  "Your face could not be matched with the document. The photo may be old; good light and no glasses help.",
	CodeFaceLimit:    "None of the pictures could be used, so this attempt has ended. More light and a still hand help.",
	CodeRevPending:   "No machine may decide this: a person has to look at it, and that takes days. We will let you know.",
	CodeRevDeclined:  "A person has looked at your registration and could not confirm who you are. You can register at a desk, or ask there for another look.",

	CodeActCodeBad:    "That is not the code of this registration. Please look at the officer's screen and type it again.",
	CodeActCodeOld:    "That code is past its time or was wrong too often. Please ask the officer for a new one.",
	CodeSlotFull:      "That time is taken or not offered. Please choose another one.",
	CodeStaffNoRight:  "Your role does not allow that. Please ask somebody whose role does.",
	CodeStaffOneself:  "Nobody acts on himself. Please ask a colleague.",
	CodeStaffFourEyes: "Somebody else has to agree to that: a second pair of eyes. Please ask a colleague.",

	CodeCardTokenBad:     "The log-in with the card could not be confirmed. Please start the log-in again.",
	CodeCardSignatureBad: "The signature of the card could not be confirmed. Nothing was signed; please start this step again.",
	CodeCardNotAccepted:  "This card cannot be used here: it has expired, or is of a kind that is not served. Another card can be used.",
	CodeCardRevoked:      "The certificates of this card are not valid. Please ask the office that issued the card, or use another one.",
	CodeCardOtherPerson:  "This card belongs to somebody else than the one who logged in. Please use your own card for both steps.",
	CodeCardStatusDown:   "The issuer of the card could not be asked now. This is not your fault and was not counted; please try again.",
	CodeRegcodeBad:       "Nobody's app shows this code. Please compare it with the app and type it again.",
	CodeRegcodeOld:       "The time of this registration code is over. Please start again from the beginning: the app shows a new code then.",

	CodePINWeak:      "This PIN cannot be taken. Please choose another.",
	CodePINDiff:      "The two entries differ. Please type the same PIN twice.",
	CodePINWrong:     "Wrong PIN. Please try again.",
	CodePINLock1:     "Wrong PIN too often: locked for three hours. Please try again after that.",
	CodePINLock2:     "Wrong PIN too often: locked for a day. Please try again after that.",
	CodePINLockPerm:  "Wrong PIN too often: this account has ended. Please register anew.",
	CodePINWorn:      "This PIN was tried too often without success, over time. Please change it: nothing else is served until then.",
	CodeKeyUnusable:  "This key is blocked or has ended, so nothing can be signed with it now. Please contact us.",
	CodeKeyRefused:   "The phone's half of the key is not acceptable. Please make a new one.",
	CodeShareWrong:   "The phone's half of the signature does not fit this request, so nothing was signed. Please start again.",
	CodeCertRefused:  "The certificate breaks a rule of its profile, so nothing was signed. Please contact us.",
	CodeAccNone:      "There is no account that could answer. Please register, or contact us.",
	CodeAccUnusable:  "This account cannot be used now. Please contact us.",
	CodeAccExpired:   "This account has ended. Please register again.",
	CodeAccCloned:    "A second copy of this account was seen, so it is closed to protect you. Please contact us.",
	CodeDevTooMany:   "You have as many accounts as one person may have. Please close one that you do not use first.",
	CodeSrcAccountNo: "This account cannot vouch for a new one: it is too young, or was itself opened by another account. Please choose another way.",
	CodeConfirmNo:    "It was not confirmed on the other device, so this registration cannot go on. Please start again when you have both at hand.",
	CodeTxnState:     "The app and the server disagree about this request. Your data is safe; please start it again.",
}

// Sentence returns what the person is told. A code that nobody described is
// told as [CodeInternal].
func (c Code) Sentence() string {
	if s, ok := sentences[c]; ok {
		return s
	}
	return sentences[CodeInternal]
}

// Decided reports whether a failure of this code is a verdict. After one that is
// not, a fault of ours, the same request may be sent again: whatever it has done
// already is not done twice, and it must not be taken for a refusal.
func (c Code) Decided() bool { return c != CodeInternal && c != CodeServiceDown }

// Codes lists all codes, in no order.
func Codes() []Code {
	all := make([]Code, 0, len(sentences))
	for c := range sentences {
		all = append(all, c)
	}
	return all
}
