package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/tunnus-id/tunnus/store/db"
)

// A Schema is what a database is brought to when it is opened.
type Schema struct {
	// Migrations are goose's files, one SQL for both engines; forward only.
	Migrations fs.FS
	// SQLite and PostgreSQL hold what SQL cannot say alike on both: triggers.
	// They run at each opening, after the migrations.
	SQLite, PostgreSQL string
}

// A Copy is what a transaction wants kept in a second place too.
type Copy struct {
	Kind string // of what: a word of the port that wrote it
	ID   string // which one
	Body []byte
}

// A Sink is the second place. It is called after a COMMIT, with the copies of
// one transaction or of several in the order in which they were committed, and
// by several goroutines at once: copies of two transactions that followed each
// other may arrive the other way round. What it was given must be durable when
// it returns nil.
type Sink func(ctx context.Context, copies []Copy) error

// A Database is open for reading and writing. It is safe for use by many goroutines.
type Database struct {
	writer, reader *sql.DB
	read           *db.Queries
	order          order // of audit lines
	sink           Sink
	group          *group // of SQLite; nil on PostgreSQL
	queue          *queue // of jobs
	trap           trap   // of the fault harness; nothing in other builds
}

// An Option changes how a database is opened.
type Option func(*Database)

// CopyTo names the second place. Without it, copies are dropped.
func CopyTo(s Sink) Option { return func(d *Database) { d.sink = s } }

// Open opens a database and brings its schema up to date: a URL that begins
// with postgres:// or postgresql:// names one of PostgreSQL, anything else is
// the path of an SQLite file, which is made if there is none (readable by its
// owner only). Close it after use.
func Open(ctx context.Context, where string, s Schema, options ...Option) (*Database, error) {
	d := &Database{}
	for _, o := range options {
		o(d)
	}
	d.trap.set()
	open := d.openSQLite
	if IsPostgreSQL(where) {
		open = d.openPostgreSQL
	}
	if err := open(ctx, where, s); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open: %w", err), d.Close())
	}
	d.read = db.New(d.reader)
	var err error
	if d.queue, err = newQueue(d.Driver()); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open: %w", err), d.Close())
	}
	return d, nil
}

// Close closes the database. A second call does nothing.
func (d *Database) Close() error {
	var errs []error
	for _, p := range []*sql.DB{d.reader, d.writer} { // the last writer of SQLite tidies the log away
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}

// Read returns the queries over connections that cannot write. Each sees what
// was committed before it.
func (d *Database) Read() *db.Queries { return d.read }

// Raw returns the connections that write and those that read, for tests that
// look at the database or meddle with it past the ports.
func (d *Database) Raw() (writer, reader *sql.DB) { return d.writer, d.reader }

// A transaction that met another one is run again this often, with a pause that
// doubles from firstPause up to longestPause.
const (
	repeats      = 12
	firstPause   = 4 * time.Millisecond
	longestPause = 250 * time.Millisecond
)

// Write runs fn in one transaction, and again from the start if the engine asks
// for that. fn must therefore have no effect but through t, or one that its next
// run replaces; it must end at the first error of t, and hand it on. When Write
// returns nil, what fn wrote is durable, and its copies are in the second place.
// When fn fails, nothing of it is kept. When Write itself fails after that, it
// may have been kept: the answer of a COMMIT can be lost, and a second place can
// refuse; whoever asks again finds out by the revision.
func (d *Database) Write(ctx context.Context, fn func(t *Tx) error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err, over := d.once(ctx, fn)
		// PostgreSQL may meet the key of a row that this run could not see, and the
		// next one can.
		unseen := n == 1 && d.group == nil && Taken(err)
		if err == nil || over || n == repeats || !repeatable(err) && !unseen {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause/2 + rand.N(pause/2)):
			pause = min(2*pause, longestPause)
		}
	}
}

// once runs fn in one transaction. If over is true, the transaction was
// committed, or may have been: it must not be run again whatever err says.
func (d *Database) once(ctx context.Context, fn func(t *Tx) error) (err error, over bool) {
	if d.group != nil {
		return d.group.join(ctx, fn)
	}
	// Serializable, since some writes depend on a count of rows.
	t, err := d.writer.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return fmt.Errorf("store: begin: %w", err), false
	}
	defer func() { _ = t.Rollback() }() // does nothing after a commit
	w := d.tx(t, t)
	if err := fn(w); err != nil {
		return err, false
	}
	d.trap.before(w.marks)
	if err := t.Commit(); err != nil {
		// Only what the engine says of the transaction itself means that it is gone.
		return fmt.Errorf("store: commit: %w", err), !repeatable(err)
	}
	d.trap.after(ctx, w.marks)
	return d.copies(ctx, w.copies), true
}

// copies hands what was committed to the second place. A caller that has left
// does not keep it from there: a try could be forgotten that way.
func (d *Database) copies(ctx context.Context, c []Copy) error {
	if d.sink == nil || len(c) == 0 {
		return nil
	}
	if err := d.sink(context.WithoutCancel(ctx), c); err != nil {
		return fmt.Errorf("store: second place: %w", err)
	}
	return nil
}
