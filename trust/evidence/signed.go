package evidence

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// A Confirmation is what somebody has signed on the way, whom a fact names: the holder
// of an ID-card, or of another account with PIN2.
type Confirmation struct {
	Fact string `json:"fact"`
	// Record is what was kept, byte by byte: of an ID-card an [idcard.Evidence] with more
	// beside it, of an account what package enrol/confirm keeps.
	Record []byte `json:"record"`
	// Certificate is the account's signature certificate, DER, and Line the one in which
	// the authority wrote down that it issued it. A card's stands in the record.
	Certificate []byte           `json:"certificate,omitempty"`
	Line        *proof.Inclusion `json:"line,omitempty"`
}

// A Signed is a statement whose signature was verified.
type Signed struct {
	Fact        string
	Text        []byte // that was signed; it names persons
	Certificate *x509.Certificate
	Issuer      *x509.Certificate // of an ID-card, as the record has it; nil for an account
	Account     string            // id of the one that confirmed; "" for an ID-card
}

// The words of facts that say that somebody has signed.
const (
	ofCard    = "record" // digest of all that was kept of a card's signature
	ofAccount = "pin2"   // digest of an account's signature
)

// SaysSigned reports whether a fact with this detail says that somebody has signed: then
// a file must have the confirmation.
func SaysSigned(detail map[string]string) bool {
	return detail[ofCard] != "" || detail[ofAccount] != ""
}

// confirmed verifies each signature that a fact says was made, against what the fact
// says of it.
func (r *Report) confirmed(f File, key proof.Key) error {
	given := map[string]Confirmation{}
	for _, c := range f.Confirmations {
		if _, twice := given[c.Fact]; twice {
			return fmt.Errorf("evidence: two confirmations of the fact %q", c.Fact)
		}
		given[c.Fact] = c
	}
	for _, fact := range r.Facts {
		if !SaysSigned(fact.Detail) {
			continue
		}
		c, ok := given[fact.Name]
		if !ok {
			return fmt.Errorf("evidence: what was signed for the fact %q is not in it", fact.Name)
		}
		delete(given, fact.Name)
		judge := byAccount
		if fact.Detail[ofCard] != "" {
			judge = byCard
		}
		s, err := judge(c, fact.Detail, key)
		if err != nil {
			return fmt.Errorf("evidence: what was signed for the fact %q: %w", fact.Name, err)
		}
		s.Fact = fact.Name
		r.Signed = append(r.Signed, s)
	}
	for name := range given {
		return fmt.Errorf("evidence: a confirmation of %q, for which nothing was signed", name)
	}
	return nil
}

// byCard verifies what an ID-card has signed. The fact has digests of the record, of the
// text and of the card's certificate.
func byCard(c Confirmation, detail map[string]string, _ proof.Key) (Signed, error) {
	if digest(c.Record) != detail[ofCard] {
		return Signed{}, errors.New("it is not the record that the fact names")
	}
	var e idcard.Evidence
	if err := json.Unmarshal(c.Record, &e); err != nil {
		return Signed{}, errors.New("it cannot be read")
	}
	if digest([]byte(e.Text)) != detail["text"] || digest(e.Certificate) != detail["certificate"] {
		return Signed{}, errors.New("text or certificate are not those that the fact names")
	}
	card, issuer, err := e.Verify()
	return Signed{Text: []byte(e.Text), Certificate: card, Issuer: issuer}, err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// byAccount verifies what an account has signed with PIN2. The fact has the account's id
// and the digest of the signature; that the certificate is this account's, a line of the
// authority says.
func byAccount(c Confirmation, detail map[string]string, key proof.Key) (Signed, error) {
	var kept struct {
		Account   string        `json:"account"`
		Payload   []byte        `json:"payload"`
		Signature []byte        `json:"signature"`
		Hash      splitkey.Hash `json:"hash"`
	}
	if err := json.Unmarshal(c.Record, &kept); err != nil || !kept.Hash.Valid() {
		return Signed{}, errors.New("it cannot be read")
	}
	sum := sha256.Sum256(kept.Signature)
	if base64.RawURLEncoding.EncodeToString(sum[:]) != detail[ofAccount] || kept.Account != detail["confirmed_by"] {
		return Signed{}, errors.New("signature or account are not those that the fact names")
	}
	cert, err := certified(c, kept.Account, key)
	if err != nil {
		return Signed{}, err
	}
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return Signed{}, errors.New("its key is of another kind")
	}
	h := kept.Hash.Crypto().New()
	h.Write(kept.Payload)
	if err := rsa.VerifyPSS(pub, kept.Hash.Crypto(), h.Sum(nil), kept.Signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}); err != nil {
		return Signed{}, errors.New("the signature does not verify")
	}
	return Signed{Text: kept.Payload, Certificate: cert, Account: kept.Account}, nil
}

// certified is the certificate of an account's signature key, which the log names.
func certified(c Confirmation, account string, key proof.Key) (*x509.Certificate, error) {
	if c.Line == nil {
		return nil, errors.New("no line of the log names its certificate")
	}
	e, _, err := c.Line.Event(key)
	if err != nil {
		return nil, err
	}
	if _, err := proof.Certificate(c.Certificate, *c.Line, key); err != nil || e.Subject != account {
		return nil, errors.New("the log does not name its certificate, or names it another account's")
	}
	cert, err := x509.ParseCertificate(c.Certificate)
	if err != nil || cert.KeyUsage&x509.KeyUsageContentCommitment == 0 {
		return nil, errors.New("its certificate cannot be read, or is not for signatures")
	}
	return cert, nil
}
