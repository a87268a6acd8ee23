// Package client lets a Go service log people in through the Relying Party API v3.
//
// [Client.Authenticate] does all of it: it shows the verification code, asks,
// waits and verifies. [Client.Start], [Client.Wait] and [Client.Verify] are the
// same in three steps, for services that answer their users in between.
//
// [Client.Verify] is the part that matters. It trusts the root and issuing
// certificates it was configured with and nothing that the answer brings along,
// and it returns an [Identity] only when all of this holds, in this order: the
// session ended with OK and has what an answer must have; the certificate leads
// to a configured root, is valid by the verifier's own clock, asserts one of the
// scheme's policies, and is one for logging in; its level, person and account
// are those that were asked for; flow, interaction, hash and signature
// parameters are those that were asked for; the request is not answered twice
// and not too old; and the signature covers this request, under the service's
// own name. A [Refusal] says which of these failed.
//
// With [Config.CheckStatus] the person's certificate is asked about, last, at
// the OCSP responder that it names, and only a fresh "good" will do. Without it
// a certificate revoked between the server's own check and the signature is not
// noticed here. The verification code is compared by the person, on two
// screens; a service must show it.
package client
