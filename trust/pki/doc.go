// Package pki holds what a certificate of tunnus looks like, and reads it back.
//
// A [Scheme] turns its names, addresses and claims into [Profile] values: data
// that say which key usage, policies and statements a certificate has. A
// [Profile] makes the to-be-signed template for an [Order]; [Authority] and
// [Server] are the key pairs and certificates of a new certificate authority
// and of a sandbox's TLS. [Scheme.Verify] is the other direction: it judges a
// holder's certificate as a relying party must, and only then tells who it is.
// [NewResponder] and [NewStamper] certify the keys of the CA's own services, at
// a ceremony or by the online CA; [RequestedKey] takes such a key out of a
// certification request, and nothing else.
//
// [Scheme.Compatible] is a second family of profiles, for sandboxes only, with
// the identifiers that unmodified clients of Smart-ID demand (doc/adr/0006).
//
// Own object identifiers grow from one UUID, c8bae4f3-2618-457a-83ed-069d5b1a3907,
// in two spellings. Policies stand under 2.25.<UUID as one number> (ITU-T X.667
// §7). The usage of log-in keys cannot: the readers of Go and of others hold 31
// bits a component outside of policies and would refuse the whole certificate,
// so it stands under 1.2.840.113556.1.8000.2554, the arc whose owner lets
// anybody put a UUID below it in seven small pieces.
//
// So does the policy of time-stamps, for the same reason.
//
// The package reads and builds; it keeps no keys, knows no database, and does
// not decide who gets a certificate (package trust/issue does).
package pki
