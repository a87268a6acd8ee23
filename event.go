package tunnus

import "time"

// An Event is one line of the audit log: what was decided, when, and about
// which case. Stores write it in the transaction of the decision itself.
//
// It carries no personal data: Subject is a random or keyed identifier, Detail
// holds words of the system (facts, versions, results), never names or codes.
type Event struct {
	At      time.Time
	Kind    string // "enrol.fact", "lock.charge", "key.try", "cert.intent" …
	Subject string
	Code    Code // why it was refused; "" if it was not
	Detail  map[string]string
}
