package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// The ways in which a proof fails. All are wrapped with what exactly is wrong.
var (
	ErrKey          = errors.New("proof: this is not a key of a log")
	ErrCheckpoint   = errors.New("proof: the checkpoint is not one that this log's key signed")
	ErrNotIncluded  = errors.New("proof: the log does not contain this line")
	ErrInconsistent = errors.New("proof: the log was rewritten: what it said before is not part of what it says now")
	ErrLine         = errors.New("proof: record and salt are not those of the leaf")
	ErrCertificate  = errors.New("proof: the line is not about this certificate")
)

// maxCheckpoint bounds a checkpoint with its signatures, in bytes.
const maxCheckpoint = 16 << 10

// A Key is the public key of a log, with the log's name (its origin).
type Key struct{ verifier note.Verifier }

// ParseKey reads a key as "origin+hash+base64" (C2SP signed-note "vkey"; Ed25519).
// Space around it is ignored.
func ParseKey(text string) (Key, error) {
	v, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return Key{v}, nil
}

// Origin is the name of the log, the first line of its checkpoints.
func (k Key) Origin() string {
	if k.verifier == nil {
		return ""
	}
	return k.verifier.Name()
}

// A Checkpoint is what a log says of itself at one time. Only [Key.Open] makes
// one that is worth anything.
type Checkpoint struct {
	Origin string
	Size   uint64 // how many lines
	Root   []byte // 32 bytes: root of the Merkle tree over them
	Signed []byte // the note that says so, with its signatures
}

// Open checks the signature of a checkpoint and reads it. It takes the three
// lines of C2SP tlog-checkpoint only, in their one spelling, without extensions.
func (k Key) Open(signed []byte) (Checkpoint, error) {
	if k.verifier == nil {
		return Checkpoint{}, ErrKey
	}
	if len(signed) > maxCheckpoint {
		return Checkpoint{}, fmt.Errorf("%w: %d bytes", ErrCheckpoint, len(signed))
	}
	n, err := note.Open(signed, note.VerifierList(k.verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c, err := parse(n.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if c.Origin != k.Origin() {
		return Checkpoint{}, fmt.Errorf("%w: it is of another log, %q", ErrCheckpoint, c.Origin)
	}
	c.Signed = bytes.Clone(signed)
	return c, nil
}

// parse reads the text of a checkpoint.
func parse(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, errors.New("a checkpoint has three lines")
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return Checkpoint{}, errors.New("the second line is not a size")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != sha256.Size {
		return Checkpoint{}, errors.New("the third line is not a hash")
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if c.Text() != text { // base64 decoders skip line ends
		return Checkpoint{}, errors.New("not in the one spelling of a checkpoint")
	}
	if size == 0 && !bytes.Equal(root, rfc6962.DefaultHasher.EmptyRoot()) {
		return Checkpoint{}, errors.New("an empty log with a root that is not that of nothing")
	}
	return c, nil
}

// Text is what is signed.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root))
}

// Consistent checks that the log of the checkpoint later begins with the whole
// log of the checkpoint earlier; hashes is the proof of it (RFC 9162 §2.1.4).
// Two checkpoints of one size need no hashes and must have one root.
func Consistent(earlier, later Checkpoint, hashes [][]byte) error {
	if earlier.Origin != later.Origin {
		return fmt.Errorf("%w: %q and %q are two logs", ErrInconsistent, earlier.Origin, later.Origin)
	}
	if earlier.Size > later.Size {
		return fmt.Errorf("%w: it had %d lines and has %d", ErrInconsistent, earlier.Size, later.Size)
	}
	err := proof.VerifyConsistency(rfc6962.DefaultHasher, earlier.Size, later.Size, hashes, earlier.Root, later.Root)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInconsistent, err)
	}
	return nil
}
