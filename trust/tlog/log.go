package tlog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/audit"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// A Log hands out proofs. It is safe for concurrent use.
type Log struct {
	lines  Lines
	reader Reader
	key    proof.Key
}

// NewLog makes a log of its rows, its tree and its public key.
func NewLog(lines Lines, reader Reader, key proof.Key) *Log { return &Log{lines, reader, key} }

// Checkpoint returns the newest checkpoint.
func (l *Log) Checkpoint(ctx context.Context) (proof.Checkpoint, error) {
	signed, err := l.reader.Checkpoint(ctx)
	if err != nil {
		return proof.Checkpoint{}, fmt.Errorf("tlog: checkpoint: %w", err)
	}
	return l.key.Open(signed)
}

// Proof proves one line against the newest checkpoint; record and salt are left
// out once they are erased. It fails with [tunnus.CodeNotFound] while no
// checkpoint has the line. What it returns was verified.
func (l *Log) Proof(ctx context.Context, index uint64) (proof.Inclusion, error) {
	line, err := l.lines.At(ctx, index)
	if err != nil {
		return proof.Inclusion{}, fmt.Errorf("tlog: line %d: %w", index, err)
	}
	return l.prove(ctx, line)
}

func (l *Log) prove(ctx context.Context, line Line) (proof.Inclusion, error) {
	c, err := l.Checkpoint(ctx)
	if err != nil {
		return proof.Inclusion{}, err
	}
	if line.Waiting || line.Index >= c.Size {
		return proof.Inclusion{}, tunnus.NotFound(errors.New("tlog: the line is not in a checkpoint yet"))
	}
	p := proof.Inclusion{
		Record: line.Record, Salt: line.Salt, Leaf: line.Leaf, Index: line.Index, Size: c.Size, Checkpoint: c.Signed,
	}
	if p.Hashes, err = l.reader.Inclusion(ctx, line.Index, c.Size); err != nil {
		return proof.Inclusion{}, fmt.Errorf("tlog: proof of line %d: %w", line.Index, err)
	}
	if _, err := p.Verify(l.key); err != nil {
		return proof.Inclusion{}, fmt.Errorf("tlog: line %d: %w", line.Index, err)
	}
	return p, nil
}

// Certificate proves that the certificate (DER) of an account was logged when it
// was issued. It fails with [tunnus.CodeNotFound] while it is not: an application
// must not be offered for signature before (R10).
func (l *Log) Certificate(ctx context.Context, account string, der []byte) (proof.Inclusion, error) {
	lines, err := l.lines.Of(ctx, account)
	if err != nil {
		return proof.Inclusion{}, fmt.Errorf("tlog: lines of an account: %w", err)
	}
	sum := sha256.Sum256(der)
	for _, line := range lines {
		if line.Record == nil {
			continue
		}
		e, err := audit.Open(audit.Line{Record: line.Record, Salt: line.Salt, Leaf: line.Leaf})
		if err != nil {
			return proof.Inclusion{}, fmt.Errorf("tlog: a line of an account: %w", err)
		}
		if e.Kind != proof.CertificateIssued || e.Detail["sha256"] != hex.EncodeToString(sum[:]) {
			continue
		}
		p, err := l.prove(ctx, line)
		if err != nil {
			return proof.Inclusion{}, err
		}
		if _, err := proof.Certificate(der, p, l.key); err != nil {
			return proof.Inclusion{}, fmt.Errorf("tlog: %w", err)
		}
		return p, nil
	}
	return proof.Inclusion{}, tunnus.NotFound(errors.New("tlog: no line says that this certificate was issued"))
}

// Logged reports whether [Log.Certificate] has a proof.
func (l *Log) Logged(ctx context.Context, account string, der []byte) (bool, error) {
	_, err := l.Certificate(ctx, account, der)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// Consistency proves that the log of the newest checkpoint begins with that of
// an older one, which had from lines. It returns the newest with the proof.
func (l *Log) Consistency(ctx context.Context, from uint64) (proof.Checkpoint, [][]byte, error) {
	c, err := l.Checkpoint(ctx)
	if err != nil {
		return proof.Checkpoint{}, nil, err
	}
	if from > c.Size {
		return proof.Checkpoint{}, nil, tunnus.BadRequest("from", errors.New("tlog: the log has fewer lines"))
	}
	hashes, err := l.reader.Consistency(ctx, from, c.Size)
	if err != nil {
		return proof.Checkpoint{}, nil, fmt.Errorf("tlog: consistency: %w", err)
	}
	return c, hashes, nil
}
