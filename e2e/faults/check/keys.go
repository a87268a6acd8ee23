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

// A tally is what the rows and lines of a key say of its tries.
type tally struct {
	tries, newest  int64
	charged, life  int64 // not confirmed: of the generation that lives, and of all
	sealed, chosen int64 // hardenings that were charged: before the key was confirmed, and for PIN changes
}

// I5: what a key says of its tries is what the rows of the tries and the lines of its
// hardenings say, exactly, and each was written down once.
func triesCounted(s *Sight) error {
	type key struct {
		id                                      string
		generation, last, open, inLife, hardens int64
	}
	var keys []key
	generation, by := map[string]int64{}, map[string]*tally{}
	err := s.rows("SELECT id, generation, last_seq, unconfirmed, life_count, hardenings FROM keyshare_key", func(scan func(...any) error) error {
		var k key
		err := scan(&k.id, &k.generation, &k.last, &k.open, &k.inLife, &k.hardens)
		keys, generation[k.id], by[k.id] = append(keys, k), k.generation, s.hardened(k.id)
		return err
	})
	if err != nil {
		return err
	}
	err = s.rows("SELECT key, seq, generation, state FROM keyshare_evaluation ORDER BY key, seq", func(scan func(...any) error) error {
		var id, state string
		var seq, g int64
		if err := scan(&id, &seq, &g, &state); err != nil {
			return err
		}
		t := by[id]
		t.tries, t.newest = t.tries+1, max(t.newest, seq)
		if state != "confirmed" {
			t.life++
			if g == generation[id] {
				t.charged++
			}
		}
		return nil
	})
	for _, k := range keys {
		t := by[k.id]
		if k.last != t.newest || k.last != t.tries {
			s.fault("key %s has counted %d tries; there are %d, the newest is %d", k.id, k.last, t.tries, t.newest)
		}
		if k.open != t.charged || k.inLife != t.life {
			s.fault("key %s says that %d tries are charged, %d in its life; by rows and lines it is %d and %d", k.id, k.open, k.inLife, t.charged, t.life)
		}
		if k.hardens != t.sealed {
			s.fault("key %s says that it was hardened %d times; the lines say %d", k.id, k.hardens, t.sealed)
		}
		if n := int64(s.tally("key.try", k.id)); n != t.tries {
			s.fault("key %s has %d tries, and %d audit lines of them", k.id, t.tries, n)
		}
	}
	return err
}

// hardened goes through the lines of a key. Hardenings beyond the one that a blob
// needs count as tries, from the moment at which the blob is confirmed; those for a
// PIN change at once, and the one that the new blob needed is taken back with it (K6).
func (s *Sight) hardened(id string) *tally {
	t := &tally{}
	for _, e := range s.audit {
		if e.Subject != id {
			continue
		}
		switch e.Kind {
		case "key.harden":
			t.sealed++
		case "key.confirm":
			t.charged = max(0, t.sealed-1)
			t.life = t.charged
		case "pin.proved": // another change begins, which has no hardening yet
			t.chosen = 0
		case "pin.harden":
			t.chosen, t.life = t.chosen+1, t.life+1
		case "pin.changed":
			t.charged, t.life, t.chosen = t.chosen-1, t.life-1, 0
		}
	}
	return t
}

// released names the line of the write in which a PIN was accepted, by what was asked
// of it: a PIN change proves the old one, what is padded inside only proves that it
// was entered, and all else is signed.
func released(kind, padding string) string {
	switch {
	case kind == "pin-change":
		return "pin.proved"
	case padding == "internal":
		return "pin.approved"
	}
	return "key.signed"
}

// I6: behind each signature, and each proof of a PIN, stands a try that was charged
// before, and confirmed; and there is one line of it, of the right kind.
func chargedFirst(s *Sight) error {
	type asked struct{ key, line string }
	signed := map[string]asked{} // by transaction
	err := s.rows("SELECT id, key, kind, padding FROM keyshare_transaction WHERE state = 'signed'", func(scan func(...any) error) error {
		var id, key, kind, padding string
		err := scan(&id, &key, &kind, &padding)
		signed[id] = asked{key, released(kind, padding)}
		return err
	})
	if err != nil {
		return err
	}
	confirmed := map[string]int64{}
	err = s.rows("SELECT key, txn, seq FROM keyshare_evaluation WHERE state = 'confirmed'", func(scan func(...any) error) error {
		var key, txn string
		var seq int64
		err := scan(&key, &txn, &seq)
		if a, ok := signed[txn]; ok && a.key == key && s.find(a.line, key, "transaction", txn, "seq", strconv.FormatInt(seq, 10)) >= 0 {
			confirmed[txn] = seq
		}
		return err
	})
	for id, a := range signed {
		seq, ok := confirmed[id]
		if !ok {
			s.fault("transaction %s has its %s, and no try of it is confirmed", id, a.line)
			continue
		}
		charge := s.find("key.try", a.key, "seq", strconv.FormatInt(seq, 10), "transaction", id)
		release := s.find(a.line, a.key, "transaction", id)
		if charge < 0 || release < charge {
			s.fault("transaction %s has its %s (line %d) before its try was charged (line %d)", id, a.line, release, charge)
		}
	}
	for _, e := range s.audit {
		if e.Kind != "key.signed" && e.Kind != "pin.approved" && e.Kind != "pin.proved" {
			continue
		}
		id := e.Detail["transaction"]
		if a, ok := signed[id]; !ok || a.line != e.Kind || a.key != e.Subject || s.tally(e.Kind, e.Subject, "transaction", id) != 1 {
			s.fault("the audit log has %s of transaction %s, which does not stand so, or not once", e.Kind, id)
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
