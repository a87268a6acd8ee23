// Package order makes virtual passports of a description in text, with the state
// that signs them: its country signer, revocation list, link certificate and
// master list.
//
// A description (a file NAME.passport) is lines of a word and what it says:
//
//	passport 1                                       what kind of file it is; first
//	holder LOVE / ADA MARIA                          surname / given names, as in a code line
//	sex F                                            F or M; left out if it is not told
//	number X1234567                                  of the document
//	code 199002140015                                personal code, in the optional data
//	born 1990-02-14
//	expires 2032-01-31                               last day
//	portrait jpeg 240 320                            drawn, or: portrait file NAME
//	face-record iso39794                             how data group 2 holds it; else iso19794
//	country-signer rsa 3072 pkcs1 sha256             key of the state
//	document-signer ecdsa brainpoolP384r1 explicit sha384
//	digest sha256                                    of data groups and signed attributes
//	bac no                                           with PACE only; else yes
//	pace cam ecdh aes128 13                          mapping, kind, cipher, parameters; up to 8
//	can 271828                                       card access number
//	chip-auth ecdh aes128 13                         kind, cipher, parameters; up to 4
//	cam-key second                                   cam has a key of its own, in data group 14 too; or: card-security, shared
//	active-auth ecdsa secp256r1                      or: rsa 2048, none
//	length short                                     of commands; else extended
//	delay 300                                        milliseconds before each answer: the chip is in another place
//	groups 7 11 12 13 16                             data groups besides those needed
//	card-security yes                                EF.CardSecurity is there
//	fault flip dg1                                   what is wrong; up to 8
//
// A key is rsa BITS pkcs1|pss HASH [exponent N], or ecdsa CURVE named|explicit
// HASH. Hashes are md5, sha1, sha224, sha256, sha384, sha512. Empty lines, and
// what follows "#", say nothing; every word but pace, chip-auth and fault stands
// once at most, and no other is known. [Parse] refuses all else, with the number
// of the line. [Faults] lists what can be ordered to be wrong.
package order
