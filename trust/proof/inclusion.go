package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/audit"
)

// An Inclusion shows that one line is in the log. JSON is its form on the wire.
type Inclusion struct {
	Record     []byte   `json:"record,omitempty"` // canonical form of the event; none once erased
	Salt       []byte   `json:"salt,omitempty"`   // 32 bytes; none once erased
	Leaf       []byte   `json:"leaf"`             // SHA-256(Salt ‖ Record)
	Index      uint64   `json:"index"`            // place of the line, 0 is the first
	Size       uint64   `json:"size"`             // lines in the tree that Hashes belong to: that of Checkpoint
	Hashes     [][]byte `json:"hashes"`           // from the leaf to the root (RFC 9162 §2.1.3)
	Checkpoint []byte   `json:"checkpoint"`       // the signed note
}

// Erased reports whether only the leaf is left of the line.
func (p Inclusion) Erased() bool { return p.Record == nil && p.Salt == nil }

// Verify checks the checkpoint's signature and that the leaf is in the log at
// its place, and returns the checkpoint, which the verifier should keep: the
// next one must be [Consistent] with it. It does not look at record and salt.
func (p Inclusion) Verify(k Key) (Checkpoint, error) {
	c, err := k.Open(p.Checkpoint)
	if err != nil {
		return Checkpoint{}, err
	}
	if len(p.Leaf) != sha256.Size || p.Size != c.Size || p.Index >= c.Size {
		return Checkpoint{}, fmt.Errorf("%w: line %d of %d, checkpoint of %d", ErrNotIncluded, p.Index, p.Size, c.Size)
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(p.Leaf)
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, c.Size, leaf, p.Hashes, c.Root); err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrNotIncluded, err)
	}
	return c, nil
}

// Event returns what the line says, after [Inclusion.Verify] and a check that
// record and salt are those of the leaf.
func (p Inclusion) Event(k Key) (tunnus.Event, Checkpoint, error) {
	c, err := p.Verify(k)
	if err != nil {
		return tunnus.Event{}, Checkpoint{}, err
	}
	if p.Erased() {
		return tunnus.Event{}, Checkpoint{}, fmt.Errorf("%w: they were erased", ErrLine)
	}
	e, err := audit.Open(audit.Line{Record: p.Record, Salt: p.Salt, Leaf: p.Leaf})
	if err != nil {
		return tunnus.Event{}, Checkpoint{}, fmt.Errorf("%w: %w", ErrLine, err)
	}
	return e, c, nil
}

// CertificateIssued is the kind of the event that names a certificate by its
// SHA-256 in Detail["sha256"] (package issue).
const CertificateIssued = "cert.issued"

// Logged is what a proof shows about a certificate.
type Logged struct {
	At         time.Time // when it was issued, as the line says
	Serial     string
	Checkpoint Checkpoint // keep it
}

// Certificate checks that p is the line in which the authority wrote down that it
// issued this certificate (DER). What that shows is "this certificate was
// logged", not that there is no other one (ruling A2).
func Certificate(der []byte, p Inclusion, k Key) (Logged, error) {
	e, c, err := p.Event(k)
	if err != nil {
		return Logged{}, err
	}
	sum := sha256.Sum256(der)
	if e.Kind != CertificateIssued || e.Detail["sha256"] != hex.EncodeToString(sum[:]) {
		return Logged{}, fmt.Errorf("%w: %w", ErrCertificate, errors.New("kind or hash differs"))
	}
	return Logged{At: e.At, Serial: e.Detail["serial"], Checkpoint: c}, nil
}
