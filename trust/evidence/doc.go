// Package evidence is what is left of one registration, as a file that anybody
// can check off line: each audit line of it with its salt and the proof that it
// stands in the transparency log, its certificates, the statements that ID-cards and
// other accounts have signed for it, and the signed application.
//
// [Verify] trusts nothing in the file: it recomputes each leaf, checks it against a
// checkpoint that the log's key has signed, and then reads the lines as a story:
// the facts stand in the order of the table of their way, each worth what the
// table says or less, each behind the lines that it rests on, in one session, up to certificates that the log names, with
// none of them left out, and an account that became active. Each signature that a fact
// says was made is verified, and has to be the one that the fact names ([Signed]). What
// the table of a way is, the caller says ([Tables]): package enrol/way has those of
// today, and each line names the revision that it was found under.
//
// It does not read what was signed (package enrol/statement does), nor say whether the
// issuer of an ID-card is one to trust: the service did, by its rules. It does not open
// the signed application, which is a container of its own (package asic, package
// enrol/application), and it cannot tell whether a line was never written. Nothing here
// reads files, the network or the clock.
package evidence
