// Package card makes ID-cards that exist only in memory: an issuer with its own
// CA and responder, and cards with two keys and two PINs that answer the
// messages of Web eID.
//
// An [Issuer] issues a [Card] for a person (ETSI EN 319 412-1 §5.1.3: such as
// PNOXX-199002140017) with one certificate for log-ins and one for signatures,
// and answers OCSP questions about them ([Issuer.Answer]). A card can be used
// directly ([Card.Authenticate], [Card.SigningCertificate], [Card.Sign]) or
// as the browser's extension would ([Card.Handle], one JSON message for another),
// with a [User] who types PINs, mistypes them, or cancels.
//
// What goes wrong in the world can be had on order: certificates with a [Flaw],
// cards and apps with other [Manner]s, responders in another [Mood].
//
// Issuers and cards marshal to JSON with their private keys and PINs, so that
// another process can load them. These are toys of a state that does not exist
// (UTO, "XX" in two letters): their keys protect nothing. Never put a real key
// or a real person's data here.
package card
