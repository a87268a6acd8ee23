package check

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"strconv"
)

// I5: what a key says of its tries is what the rows of the tries say, and each try
// was written down once.
func triesCounted(s *Sight) error {
	tries, charged, newest := map[string]int64{}, map[string]int64{}, map[string]int64{}
	generation := map[string]int64{}
	type key struct {
		id                             string
		generation, last, open, inLife int64
		spare                          int64 // hardenings beyond the first: budgeted, and no try
	}
	var keys []key
	err := s.rows("SELECT id, generation, last_seq, unconfirmed, life_count, hardenings FROM keyshare_key", func(scan func(...any) error) error {
		var k key
		err := scan(&k.id, &k.generation, &k.last, &k.open, &k.inLife, &k.spare)
		k.spare = max(0, k.spare-1)
		keys, generation[k.id] = append(keys, k), k.generation
		return err
	})
	if err != nil {
		return err
	}
	life := map[string]int64{}
	err = s.rows("SELECT key, seq, generation, state FROM keyshare_evaluation ORDER BY key, seq", func(scan func(...any) error) error {
		var id, state string
		var seq, g int64
		err := scan(&id, &seq, &g, &state)
		tries[id]++
		newest[id] = max(newest[id], seq)
		if state != "confirmed" {
			life[id]++
			if g == generation[id] {
				charged[id]++
			}
		}
		return err
	})
	for _, k := range keys {
		if k.last != newest[k.id] || k.last != tries[k.id] {
			s.fault("key %s has counted %d tries; there are %d, the newest is %d", k.id, k.last, tries[k.id], newest[k.id])
		}
		if k.open < charged[k.id] || k.open > charged[k.id]+k.spare || k.inLife < life[k.id] || k.inLife > life[k.id]+k.spare {
			s.fault("key %s says that %d tries are charged, %d in its life; by the rows it is %d and %d", k.id, k.open, k.inLife, charged[k.id], life[k.id])
		}
		if n := int64(s.tally("key.try", k.id)); n != tries[k.id] {
			s.fault("key %s has %d tries, and %d audit lines of them", k.id, tries[k.id], n)
		}
	}
	return err
}

// I6: behind each signature stands a try that was charged before, and confirmed.
func chargedFirst(s *Sight) error {
	signed := map[string]string{} // transaction: key
	err := s.rows("SELECT id, key FROM keyshare_transaction WHERE state = 'signed'", func(scan func(...any) error) error {
		var id, key string
		err := scan(&id, &key)
		signed[id] = key
		return err
	})
	if err != nil {
		return err
	}
	confirmed := map[string]int64{}
	err = s.rows("SELECT txn, seq FROM keyshare_evaluation WHERE state = 'confirmed'", func(scan func(...any) error) error {
		var txn string
		var seq int64
		err := scan(&txn, &seq)
		confirmed[txn] = seq
		return err
	})
	for id, key := range signed {
		seq, ok := confirmed[id]
		if !ok {
			s.fault("transaction %s is signed, and no try of it is confirmed", id)
			continue
		}
		charge := s.find("key.try", key, "seq", strconv.FormatInt(seq, 10))
		release := s.find("key.signed", key, "transaction", id)
		if release < 0 { // nothing is signed where a PIN is only proved
			release = s.find("pin.approved", key, "transaction", id)
		}
		if charge < 0 || release < charge {
			s.fault("transaction %s was signed (line %d) before its try was charged (line %d)", id, release, charge)
		}
	}
	return err
}

// I10: the signature of each application is one over what its holder approved, by
// the key that the certificate names; and what was offered is what was signed.
func approvedIsSigned(s *Sight) error {
	public := map[string]*rsa.PublicKey{} // by account
	all, err := s.certificates()
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.purpose != "signature" || len(c.der) == 0 {
			continue
		}
		cert, err := x509.ParseCertificate(c.der)
		if err != nil {
			return err
		}
		if k, ok := cert.PublicKey.(*rsa.PublicKey); ok {
			public[c.account] = k
		}
	}
	const query = `SELECT a.id, a.application, a.signature, t.record, t.approval FROM account a
		JOIN keyshare_key k ON k.id = a.sign_key
		JOIN keyshare_transaction t ON t.key = k.id AND t.signature = a.signature AND t.kind = 'application'
		WHERE a.state = 'active'`
	seen := map[string]bool{}
	err = s.rows(query, func(scan func(...any) error) error {
		var id string
		var application, signature, record, approval []byte
		if err := scan(&id, &application, &signature, &record, &approval); err != nil {
			return err
		}
		seen[id] = true
		if !bytes.Equal(application, record) {
			s.fault("account %s holds another application than the one that was signed", id)
		}
		return s.signedAsApproved(id, public[id], signature, approval)
	})
	if err != nil {
		return err
	}
	accounts, err := s.accounts()
	for _, a := range accounts {
		if a.state == "active" && !seen[a.id] {
			s.fault("account %s is active, and no signed application is its own", a.id)
		}
	}
	return err
}

// signedAsApproved compares a signature with the digest that stands in the signed
// request of the phone.
func (s *Sight) signedAsApproved(id string, key *rsa.PublicKey, signature, evidence []byte) error {
	var request struct {
		Request struct{ Body []byte }
	}
	if err := json.Unmarshal(evidence, &request); err != nil {
		return err
	}
	var complete struct {
		Approval struct {
			Digest []byte `json:"digest"`
		} `json:"approval"`
	}
	if err := json.Unmarshal(request.Request.Body, &complete); err != nil {
		return err
	}
	digest := complete.Approval.Digest
	if key == nil {
		s.fault("account %s has no certificate for signatures", id)
		return nil
	}
	if len(digest) != sha512.Size {
		s.fault("account %s was approved with a digest of %d bytes", id, len(digest))
		return nil
	}
	if rsa.VerifyPSS(key, crypto.SHA512, digest, signature, nil) != nil && rsa.VerifyPKCS1v15(key, crypto.SHA512, digest, signature) != nil {
		s.fault("the signature of account %s is not over what its holder approved", id)
	}
	return nil
}
