// Package certificate reads the X.509 certificates of those who sign travel
// documents: country signers and document signers, signers of master lists
// (ICAO Doc 9303-12 §7, RFC 5280 §4).
//
// crypto/x509 refuses over a quarter of the country signers that states have
// published: curves whose parameters are written out, brainpool curves, negative
// serial numbers, lengths that are not the shortest, odd strings and times. All
// this is read here ([Parse]), since such signers will be met for ten years more;
// what would leave two readings is refused: an extension twice, trailing bytes,
// two signature algorithms. Where crypto/x509 reads a certificate, both agree.
//
// A [Certificate] is what was written, and nothing is believed of it. Keys are
// parsed when they are asked for ([Certificate.Key]); whether one certificate
// signed another is [Certificate.IssuedBy]; who is trusted is said by package
// document/trustlist, and what a document signer must be by document/emrtd.
package certificate
