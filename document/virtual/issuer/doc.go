// Package issuer makes what an invented state signs: keys of every kind that
// states use ([NewRSA], [NewEC]), certificates ([Certify]), revocation lists
// ([Revoke]), signed data such as master lists ([Sign], [MasterList]), each with
// whatever fault a test orders.
//
// Nothing here protects anything: it exists so that what reads and judges such
// things can be tried on them, without any real state's.
package issuer
