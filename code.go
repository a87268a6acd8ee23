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
	CodeAppOld       Code = "app-old"
	CodeConsentNo    Code = "consent-no"
	CodeEligCountry  Code = "elig-country"
	CodeEligAge      Code = "elig-age"
	CodeFormCode     Code = "form-code"
	CodeFormMismatch Code = "form-mismatch"
	CodeSesTimeout   Code = "ses-timeout"
	CodeDevOSOld     Code = "dev-os-old"
	CodeReqTooOften  Code = "req-too-often"
	CodeStepTimeout  Code = "step-timeout"
)

// One-time passwords.
const (
	CodeOTPWrong   Code = "otp-wrong"
	CodeOTPOld     Code = "otp-old"
	CodeOTPResends Code = "otp-resends"
	CodeOTPBlocked Code = "otp-blocked"
	CodeOTPSession Code = "otp-session"
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
	CodeDocExpired       Code = "doc-expired"
	CodeDocSigBad        Code = "doc-sig-bad"
	CodeDocSignerUnknown Code = "doc-signer-unknown"
	CodeDocClone         Code = "doc-clone"
	CodeHashMismatch     Code = "hash-mismatch"
	CodeDocLockTemp      Code = "doc-lock-temp"
	CodeDocLockPerm      Code = "doc-lock-perm"
)

// The register of people, and the face.
const (
	CodeRegiDown     Code = "regi-down"
	CodeRegiMismatch Code = "regi-mismatch"
	CodeRegiDeceased Code = "regi-deceased"
	CodeFacePosition Code = "face-position"
	CodeFaceMany     Code = "face-many"
	CodeFaceQuality  Code = "face-quality"
	CodeFaceNoMatch  Code = "face-no-match"
	CodeFaceLimit    Code = "face-limit"
	CodeRevPending   Code = "rev-pending"
)

// PINs, keys and accounts.
const (
	CodePINWeak     Code = "pin-weak"
	CodePINDiff     Code = "pin-diff"
	CodePINWrong    Code = "pin-wrong"
	CodePINLock1    Code = "pin-lock-1"
	CodePINLock2    Code = "pin-lock-2"
	CodePINLockPerm Code = "pin-lock-perm"
	CodePINWorn     Code = "pin-worn"
	CodeKeyRefused  Code = "key-refused"
	CodeKeyUnusable Code = "key-unusable"
	CodeShareWrong  Code = "share-wrong"
	CodeCertRefused Code = "cert-refused"
	CodeAccNone     Code = "acc-none"
	CodeAccUnusable Code = "acc-unusable"
	CodeAccCloned   Code = "acc-cloned"
	CodeTxnState    Code = "txn-state"
)

// sentences says each code in plain words, without blame, with the next step.
var sentences = map[Code]string{
	CodeInternal:            "Something went wrong on our side; nothing was counted against you. Please try again.",
	CodeStateConflict:       "This step is not open now. Ask for the state again and go on from there.",
	CodeNotFound:            "There is no such thing here.",
	CodeBadRequest:          "A field of the request cannot be what it says.",
	CodeNotJSON:             "The request is not the JSON that is expected here.",
	CodeTooLarge:            "The request is larger than what is accepted here.",
	CodeUnknownField:        "The request has a field that is not known here.",
	CodeBadSignature:        "The request is not signed by the device it names.",
	CodeRateLimited:         "Too many requests in a short time. Please wait and try again.",
	CodeUnknownRelyingParty: "This relying party is not known here.",
	CodeForbidden:           "This relying party has no right to ask for that.",
	CodeServiceDown:         "A part of our service does not answer now. Nothing was lost or counted against you; please try again.",

	CodeAppOld:       "This version of the app is too old. Please update it.",
	CodeConsentNo:    "Without this consent the registration cannot go on. You can start it again at any time.",
	CodeEligCountry:  "People of this country cannot be served here yet.",
	CodeEligAge:      "You are too young for an account here.",
	CodeFormCode:     "The personal code is not written right. Please check the number.",
	CodeFormMismatch: "What was filled in differs from the document. Please write it just as it is printed.",
	CodeSesTimeout:   "Time ran out: a registration is done in one sitting. Please start again.",
	CodeDevOSOld:     "This phone's system is too old. Please update it, or use another phone.",
	CodeReqTooOften:  "Too many tries from this device. Please try again at the time shown.",
	CodeStepTimeout:  "This step took too long. Please start it again.",

	CodeOTPWrong:   "That is not the code. Please look at the newest message and type it again.",
	CodeOTPOld:     "That code is past its time or was replaced. Please use the newest one.",
	CodeOTPResends: "No further code can be sent now.",
	CodeOTPBlocked: "The code was wrong too often, so this registration ends. Please start again later.",
	CodeOTPSession: "That code belongs to another registration. Please use the one sent for this one.",

	CodeMRZTypedBad:      "The code line does not add up. Please check the number and the dates.",
	CodeNFCNoChip:        "No chip was found. Take the cover off, open the passport and move the phone slowly.",
	CodeNFCLost:          "The connection to the chip was lost. Keep the document still until the reading ends.",
	CodeNFCTimeout:       "Reading the chip took too long. Please start this step again.",
	CodeNFCAccessDenied:  "The chip did not accept the code line. Please scan the code line again.",
	CodeDocChipBroken:    "The chip's data could not be understood. The chip may be damaged.",
	CodeDocTypeNo:        "This kind of document is not accepted here. A passport is.",
	CodeDocExpired:       "This document has expired. Please use another one.",
	CodeDocSigBad:        "The document's authenticity could not be confirmed. Please use another document.",
	CodeDocSignerUnknown: "This document cannot be verified here yet. Please use another one.",
	CodeDocClone:         "The chip could not prove that it is the original. Please use another document.",
	CodeHashMismatch:     "The document's data could not be confirmed. Please use another document.",
	CodeDocLockTemp:      "This document is locked for registering until the time shown. Another document can be used.",
	CodeDocLockPerm:      "This document can never be used again for registering here. It stays good for travel; another document can be used.",

	CodeRegiDown:     "The population register does not answer. This is not your fault and was not counted; please try again.",
	CodeRegiMismatch: "The details differ from the population register. Please check them there.",
	CodeRegiDeceased: "This registration cannot go on. Please contact us.",
	CodeFacePosition: "No whole face was found. Hold the phone in front of your face, at eye level.",
	CodeFaceMany:     "More than one face is in the picture. Please be alone in it.",
	CodeFaceQuality:  "The picture is not clear enough. More light and a still hand help.",
	CodeFaceNoMatch:  "Your face could not be matched with the document. The photo may be old; good light and no glasses help.",
	CodeFaceLimit:    "None of the pictures could be used, so this attempt has ended. More light and a still hand help.",
	CodeRevPending:   "No machine may decide this: a person has to look at it, and that takes days.",

	CodePINWeak:     "This PIN cannot be taken. Please choose another.",
	CodePINDiff:     "The two entries differ. Please type the same PIN twice.",
	CodePINWrong:    "Wrong PIN.",
	CodePINLock1:    "Wrong PIN too often: locked for three hours.",
	CodePINLock2:    "Wrong PIN too often: locked for a day.",
	CodePINLockPerm: "Wrong PIN too often: this account has ended. Please register anew.",
	CodePINWorn:     "This PIN was tried too often without success, over time. Please change it: nothing else is served until then.",
	CodeKeyUnusable: "This key is blocked or has ended. Nothing can be signed with it now.",
	CodeKeyRefused:  "The phone's half of the key is not acceptable. Please make a new one.",
	CodeShareWrong:  "The phone's half of the signature does not fit this request. Nothing was signed.",
	CodeCertRefused: "The certificate breaks a rule of its profile, so nothing was signed.",
	CodeAccNone:     "There is no account that could answer.",
	CodeAccUnusable: "This account cannot be used now.",
	CodeAccCloned:   "A second copy of this account was seen, so it is closed to protect you. Please contact us.",
	CodeTxnState:    "The app and the server disagree about this request. Your data is safe; please start it again.",
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
