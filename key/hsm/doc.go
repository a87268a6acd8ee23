// Package hsm keeps the server's own keys: those that seal secrets at rest, and
// those that sign for the trust services.
//
// [Open] opens the sealing keys that a [Config] names, each a keyset of its own:
// of the VOPRF keys, of the moduli (never the same, security.md K12), of what
// sessions leave in rows, of the secret that names ledgers. A [Sealer] seals a
// record as an envelope (tink): a fresh key of AES-256-GCM for each record, which
// is itself wrapped under the newest key of the keyset. The caller binds each
// record to its place by associated data; moved elsewhere, it does not open.
//
// A keyset lies in one file: in clear, readable by its owner only; encrypted
// under a passphrase; or as a list of keys that never leave a key module
// (PKCS#11, package token; only in a build with the tag pkcs11). [Rotate] adds a
// key that seals from now on; package rewrap brings rows to it; [Drop] forgets a
// key that no row needs any more. A running [Sealer] sees a changed file by
// itself.
//
// [OpenSigner] and [CreateSigner] keep signing keys in files encrypted by age
// under a passphrase, or in a key module.
//
// A server does, with the keysets its role needs:
//
//	keys, err := hsm.Open(cfg.Custody, hsm.VOPRF, hsm.Modulus)  // role keyshare
//	err = keys.Recognise(marks)                                  // of its database; or, if that is new, hsm.Create first, then keep keys.Marks()
//	keyshare.Config{SealVOPRF: keys.Sealer(hsm.VOPRF), SealModulus: keys.Halves()}
//	secret, err := keys.Secret()                                 // hsm.Ledger; role front, with hsm.Session
//	defer keys.Close()
//
// Nothing here knows of tables, certificates or people.
package hsm
