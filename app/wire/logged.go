package wire

import "github.com/tunnus-id/tunnus/trust/proof"

// PathLogged is where the holder asks for the proof that a certificate of an own
// account is in the transparency log.
const PathLogged = "/app/v1/logged"

// LoggedOf asks for one certificate.
type LoggedOf struct {
	Document string `json:"document"` // number of the account
	Purpose  string `json:"purpose"`  // login, signature
}

// Logged is the line of the log with its proof, and the key of the log that the
// proof is under ([proof.ParseKey]). The phone believes neither: it checks the
// proof, and takes no other key than it was told first.
type Logged struct {
	Inclusion proof.Inclusion `json:"inclusion"`
	Key       string          `json:"key"`
}
