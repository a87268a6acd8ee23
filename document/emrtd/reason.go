package emrtd

import "errors"

// A Reason says in one word why a check went as it did. As an error it is what the
// check returns; the text is for people who look after the system.
type Reason string

// Checks that were not performed, and those for which the document has nothing.
const (
	ReasonBefore      Reason = "before"        // another check had to be well first
	ReasonNotTold     Reason = "not-told"      // the reader did not say
	ReasonNoChip      Reason = "no-chip"       // files alone are judged
	ReasonNotOffered  Reason = "not-offered"   // the document does not have it
	ReasonNoTime      Reason = "no-time"       // nobody says when it was signed
	ReasonOdd         Reason = "odd"           // there, and not in its form
	ReasonNoList      Reason = "no-crl"        // the state's revocation list is not there
	ReasonStaleList   Reason = "crl-stale"     // it is too old to tell
	ReasonShortKey    Reason = "short-key"     // well, but with a key that only chips may have
	ReasonOldDigest   Reason = "old-digest"    // well, but with SHA-1 where it is still taken
	ReasonHashGuessed Reason = "hash-not-told" // well; the digest was taken from the curve's size
	ReasonBER         Reason = "indefinite"    // well, but written with indefinite lengths
	ReasonException   Reason = "exception"     // not well, and accepted by the list of known defects
)

// Failures of passive authentication.
const (
	ReasonUnreadable    Reason = "unreadable"
	ReasonAlgorithm     Reason = "algorithm"
	ReasonWeakKey       Reason = "weak-key"
	ReasonSHA1          Reason = "sha-1"
	ReasonNoSigner      Reason = "no-signer"
	ReasonNoCertificate Reason = "no-certificate"
	ReasonTwoSigners    Reason = "two-signers"
	ReasonAuthority     Reason = "authority"
	ReasonKeyUsage      Reason = "key-usage"
	ReasonExtension     Reason = "critical-extension"
	ReasonOtherSigner   Reason = "other-signer"
	ReasonNoAnchor      Reason = "no-anchor"
	ReasonNotIssued     Reason = "not-issued"
	ReasonDigest        Reason = "digest"
	ReasonSignature     Reason = "signature"
	ReasonRevoked       Reason = "revoked"
	ReasonUnlisted      Reason = "unlisted-group"
	ReasonMissing       Reason = "missing-group"
	ReasonNotRead       Reason = "group-not-read"
	ReasonHash          Reason = "hash"
	ReasonState         Reason = "unknown-state"
	ReasonCountry       Reason = "country"
	ReasonDocumentType  Reason = "document-type"
	ReasonNotValid      Reason = "not-valid"
	ReasonNotYetValid   Reason = "not-yet-valid"
	ReasonSignedLate    Reason = "signed-outside"
	ReasonKeyPeriod     Reason = "key-period"
	ReasonDefect        Reason = "defect"
	ReasonExpired       Reason = "expired"
)

// Failures of the chip's proofs, of access, and of data that contradict each other.
const (
	ReasonNoKey      Reason = "no-key"
	ReasonNoAnswer   Reason = "no-answer"
	ReasonAnswer     Reason = "answer"
	ReasonChallenge  Reason = "challenge"
	ReasonOtherChip  Reason = "other-chip"
	ReasonWeakAccess Reason = "weak-access"
	ReasonDowngraded Reason = "downgraded"
	ReasonPrinted    Reason = "printed"
	ReasonConflict   Reason = "conflict"
	ReasonList       Reason = "com-list"
)

// reasons tell what each reason makes of its check, and what it means.
var reasons = map[Reason]struct {
	result Result
	text   string
}{
	ReasonBefore:      {NotPerformed, "what it needs failed before"},
	ReasonNotTold:     {NotPerformed, "the reader did not tell"},
	ReasonNoChip:      {NotPerformed, "there are files only, no chip"},
	ReasonNotOffered:  {NotSupported, "the document does not offer it"},
	ReasonOdd:         {NotPerformed, "is not in the form of the standard"},
	ReasonNoTime:      {NotPerformed, "when the document was signed is not told"},
	ReasonNoList:      {NotPerformed, "revocation is unknown: no revocation list of this country signer"},
	ReasonStaleList:   {NotPerformed, "revocation is unknown: the revocation list is too old"},
	ReasonShortKey:    {Successful, "with a key so short that signers may not have it, and chips may"},
	ReasonOldDigest:   {Successful, "with SHA-1, over a message that is half ours"},
	ReasonHashGuessed: {Successful, "data group 14 does not name the digest; that of the curve's size was right"},
	ReasonBER:         {Successful, "written with indefinite lengths instead of DER"},
	ReasonException:   {Successful, "accepted by an exception of the trust list"},

	ReasonUnreadable:    {Failed, "cannot be read"},
	ReasonAlgorithm:     {Failed, "an algorithm that is not accepted"},
	ReasonWeakKey:       {Failed, "a key of a size or kind that is not accepted"},
	ReasonSHA1:          {Failed, "SHA-1, and no exception for this issuer"},
	ReasonNoSigner:      {Failed, "no readable certificate of the signer named"},
	ReasonNoCertificate: {Failed, "the security object brings no certificate, and its signer is not known here"},
	ReasonTwoSigners:    {Failed, "two certificates of the signer named"},
	ReasonAuthority:     {Failed, "certificate authority instead of a document signer"},
	ReasonKeyUsage:      {Failed, "key usage is not that of a document signer"},
	ReasonExtension:     {Failed, "unknown critical extension"},
	ReasonOtherSigner:   {Failed, "signer of something else than documents"},
	ReasonNoAnchor:      {Failed, "no trusted country signer of this name and key identifier"},
	ReasonNotIssued:     {Failed, "the country signer named did not sign the document signer"},
	ReasonDigest:        {Failed, "signed attributes have another digest"},
	ReasonSignature:     {Failed, "signature of the security object is wrong"},
	ReasonRevoked:       {Failed, "the issuer has revoked the signer"},
	ReasonUnlisted:      {Failed, "a data group is there that is not listed"},
	ReasonMissing:       {Failed, "a data group is missing"},
	ReasonNotRead:       {Failed, "a data group that is not asked for, or too large"},
	ReasonHash:          {Failed, "a data group is not the one that was signed"},
	ReasonState:         {Failed, "issuing state is not known here"},
	ReasonCountry:       {Failed, "issuing state and signers' countries differ"},
	ReasonDocumentType:  {Failed, "signer of other kinds of documents"},
	ReasonNotValid:      {Failed, "certificate is no longer valid"},
	ReasonNotYetValid:   {Failed, "certificate is not yet valid"},
	ReasonSignedLate:    {Failed, "signed while the certificate was not valid"},
	ReasonKeyPeriod:     {Failed, "signed outside of the time in which the key was to be used"},
	ReasonDefect:        {Failed, "the list of known defects says not to accept it"},
	ReasonExpired:       {Failed, "the document has expired"},

	ReasonNoKey:      {Failed, "the chip's public key is missing or cannot be read"},
	ReasonNoAnswer:   {Failed, "the chip's proof is missing"},
	ReasonAnswer:     {Failed, "the chip's answer is wrong"},
	ReasonChallenge:  {Failed, "challenge of another length"},
	ReasonOtherChip:  {Failed, "the chip's proof is wrong, or another chip's"},
	ReasonWeakAccess: {Failed, "the chip offers PACE and was opened without"},
	ReasonDowngraded: {Failed, "what the chip offered openly is not what is signed of it"},
	ReasonPrinted:    {Failed, "the code line as printed is not that of the chip"},
	ReasonConflict:   {Failed, "data groups contradict each other"},
	ReasonList:       {Failed, "EF.COM lists other data groups than the security object"},
}

// Error is the reason in words.
func (r Reason) Error() string { return reasons[r].text }

// finding tells what err makes of a check: nil is well.
func finding(err error) (Result, Reason, string) {
	if err == nil {
		return Successful, "", ""
	}
	var r Reason
	if !errors.As(err, &r) || reasons[r].result == "" {
		return Failed, ReasonUnreadable, err.Error()
	}
	return reasons[r].result, r, err.Error()
}
