// Package idcard judges what an ID-card says through Web eID: the token of a
// log-in, and signatures made with the card's second PIN.
//
// A [Validator] knows the origin of the pages and the issuing CAs that are
// trusted. [Validator.Verify] takes the token's text and the nonce that was
// drawn for this log-in, and returns a [Verified] only when everything holds:
// the certificate leads to one of the CAs, may be used for this, is valid now
// and good by its issuer's own word (OCSP, asked in that moment), and its key
// has signed our origin and our nonce. Whatever the browser says besides is not
// looked at: who the person is comes from the certificate alone.
//
// A signature takes two steps: [Validator.CheckSigner] judges the signing
// certificate before anything is made for it, [Validator.VerifySignature] the
// signature over our own digest, with the certificate's status asked anew.
//
// Codes: card-token-bad and card-signature-bad (cannot be read, or not signed
// for us), card-not-accepted (the certificate), card-revoked, card-other-person,
// card-status-down (nobody could be asked), and elig-country.
//
// The package opens no connection ([Status] is handed in; package
// document/idcard/revocation is one over HTTP), keeps no sessions and does not
// know when a nonce was used: whoever calls takes it off the session before
// anything is judged. The page's side is web/portal/static/webeid.js.
package idcard
