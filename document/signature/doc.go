// Package signature checks the signatures of those who sign travel documents:
// RSA with both paddings, and ECDSA on every curve of package document/curve
// (ICAO Doc 9303-12 §4.4, RFC 8017, BSI TR-03111 §4.2.1).
//
// [ParseKey] reads a SubjectPublicKeyInfo, [ParseAlgorithm] an algorithm with its
// parameters; nothing is guessed: where the one does not fit the other, or the
// signature has another form, verifying fails. crypto/rsa and crypto/x509 read
// part of what signers use: exponents of more than 31 bits, curves written out,
// and brainpool curves are read here.
//
// What is too large to be checked quickly is refused when it is read. What is
// too weak to be believed is not decided here: MD5 is not known, SHA-1 and small
// keys are, for [Algorithm.SHA1] and [Key.Bits] to be judged by the caller.
package signature
