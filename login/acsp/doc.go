// Package acsp builds and reads what a log-in signs: the protocol ACSP_V2 of the
// RP API v3, in which relying party, server and app each put in something that
// the others cannot choose.
//
// The server keeps [Fields], the app shows them and adds an [Answer];
// [Format.Payload] joins both into the text that the holder's key signs. App,
// server and relying party call the same function, each on what it knows by
// itself, so that none has to believe another's text.
//
// [ParseInteractions] reads what a relying party wants to be shown,
// [VerificationCode] and [Choices] make the codes by which a person tells one
// request from another, and [Parameters] names the signature's parameters.
//
// Nothing here signs, verifies a signature, or knows of sessions.
package acsp
