package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"sync"
)

// batch is how many transactions share one COMMIT at most.
const batch = 64

// A group makes the transactions that wait for SQLite's one writer share a
// COMMIT, which is what takes long: while one batch is being synced to the
// disk, the next one gathers.
type group struct {
	database *Database

	mu      sync.Mutex
	waiting []*member
	running bool // somebody runs batches
}

// A member is one transaction of a batch.
type member struct {
	ctx    context.Context
	fn     func(t *Tx) error
	tx     *Tx
	err    error
	over   bool // committed, or maybe so
	panics any
	done   chan struct{}
}

// join runs fn in a transaction of its own within a batch. It returns when the
// batch is durable or fn's part of it has failed. Once its run has begun, it is
// waited for even if ctx ends, since it may be committed.
func (g *group) join(ctx context.Context, fn func(t *Tx) error) (err error, over bool) {
	m := &member{ctx: ctx, fn: fn, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, m)
	if !g.running {
		g.running = true
		go g.run()
	}
	g.mu.Unlock()
	select {
	case <-m.done:
	case <-ctx.Done():
		if g.leave(m) {
			return fmt.Errorf("store: begin: %w", ctx.Err()), true
		}
		<-m.done
	}
	if m.panics != nil {
		panic(m.panics)
	}
	return m.err, m.over
}

// leave takes back what has not begun.
func (g *group) leave(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, m)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// run commits batch after batch until nobody waits.
func (g *group) run() {
	for {
		g.mu.Lock()
		n := min(len(g.waiting), batch)
		members := slices.Clone(g.waiting[:n])
		g.waiting = slices.Delete(g.waiting, 0, n)
		if g.running = n > 0; n == 0 {
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		g.commit(members)
	}
}

// tell says how it went to those who wait.
func tell(members []*member) {
	for _, m := range members {
		close(m.done)
	}
}

// commit runs a batch in one transaction of SQLite, and tells its members. What
// fails on the whole fails them all, also who had been refused: maybe for what
// another one wrote that is not there now.
func (g *group) commit(members []*member) {
	over, err := g.attempt(members)
	if err != nil {
		for _, m := range members {
			m.err, m.over = err, over
		}
	}
	if err != nil || g.database.sink == nil {
		tell(members)
		return
	}
	go func() { // the next batch need not wait for the second place
		g.copies(members)
		tell(members)
	}()
}

func (g *group) attempt(members []*member) (over bool, err error) {
	// Nobody's leaving may interrupt a statement: SQLite would take back the
	// whole transaction with it.
	ctx := context.Background()
	conn, err := g.database.writer.Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("store: begin: %w", err)
	}
	defer func() { _ = conn.Close() }() // gives it back
	t, err := conn.BeginTx(ctx, nil)    // an immediate one: see openSQLite
	if err != nil {
		return false, fmt.Errorf("store: begin: %w", err)
	}
	for _, m := range members {
		if err := g.one(t, m); err != nil {
			discard(conn, t.Rollback())
			return false, fmt.Errorf("store: savepoint: %w", err)
		}
	}
	for _, m := range members {
		g.database.trap.before(m.tx.marks)
	}
	if err := t.Commit(); err != nil {
		// The transaction of database/sql is over with that, and SQLite's is not.
		_, failed := conn.ExecContext(ctx, "ROLLBACK")
		discard(conn, failed)
		return !repeatable(err), fmt.Errorf("store: commit: %w", err)
	}
	for _, m := range members {
		g.database.trap.after(m.ctx, m.tx.marks)
	}
	return true, nil
}

// discard keeps a connection from further use on which taking back has failed,
// since SQLite has done so already or cannot.
func discard(conn *sql.Conn, failed error) {
	if failed != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// one runs a member between a savepoint and its release, or its taking back.
func (g *group) one(t *sql.Tx, m *member) error {
	ctx := context.Background()
	if _, err := t.ExecContext(ctx, "SAVEPOINT member"); err != nil {
		return err
	}
	m.tx = g.database.tx(t, steady{t})
	m.err = m.call()
	if m.over = m.err == nil && m.panics == nil; !m.over {
		m.tx.copies, m.tx.marks = nil, marks{}
		if _, err := t.ExecContext(ctx, "ROLLBACK TO member"); err != nil {
			return err
		}
	}
	_, err := t.ExecContext(ctx, "RELEASE member")
	return err
}

// call runs fn; a panic is kept for whom it belongs to.
func (m *member) call() error {
	defer func() { m.panics = recover() }()
	return m.fn(m.tx)
}

// copies hands what a batch wrote to the second place, in one call. If that
// fails, whoever had a copy in it fails.
func (g *group) copies(members []*member) {
	var all []Copy
	for _, m := range members {
		all = append(all, m.tx.copies...)
	}
	err := g.database.copies(context.Background(), all)
	for _, m := range members {
		if m.err == nil && len(m.tx.copies) > 0 {
			m.err = err
		}
	}
}

// steady is a transaction whose statements end by themselves only.
type steady struct{ *sql.Tx }

func (s steady) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	return s.Tx.ExecContext(context.WithoutCancel(ctx), q, args...)
}

func (s steady) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return s.Tx.QueryContext(context.WithoutCancel(ctx), q, args...)
}

func (s steady) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	return s.Tx.QueryRowContext(context.WithoutCancel(ctx), q, args...)
}

func (s steady) PrepareContext(ctx context.Context, q string) (*sql.Stmt, error) {
	return s.Tx.PrepareContext(context.WithoutCancel(ctx), q)
}
