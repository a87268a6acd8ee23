package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/database"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/key/hsm/rewrap"
)

// keysCommand looks after the server's own sealing keys. A server may run meanwhile.
type keysCommand struct {
	Status keysStatus `cmd:"" help:"Tell which keys there are, and how many records are under each."`
	Rotate keysRotate `cmd:"" help:"Seal under new keys from now on."`
	Rewrap keysRewrap `cmd:"" help:"Bring all records to the newest keys."`
	Drop   keysDrop   `cmd:"" help:"Forget an old key that no record is under."`
}

// keysOf says whose keys, and which.
type keysOf struct {
	process
	Keyset []string `help:"Only these keysets: voprf, modulus, session, ledger." enum:"voprf,modulus,session,ledger"`
}

// roleKeysets are the keysets that each role has.
var roleKeysets = map[config.Role][]string{
	config.Keyshare: {hsm.VOPRF, hsm.Modulus},
	config.Front:    {hsm.Session, hsm.Ledger},
}

// A keyring is a server's keysets, with the records under them.
type keyring struct {
	cfg   hsm.Config
	db    *database.Database
	own   *hsm.Custody
	names []string
}

// open opens the database and the keysets. It makes neither.
func (k *keysOf) open(ctx context.Context) (*keyring, error) {
	cfg, err := k.load()
	if err != nil {
		return nil, err
	}
	r := &keyring{cfg: cfg.Keys.Config}
	for _, role := range cfg.Roles {
		for _, name := range roleKeysets[role] {
			if len(k.Keyset) == 0 || slices.Contains(k.Keyset, name) {
				r.names = append(r.names, name)
			}
		}
	}
	if len(r.names) == 0 {
		return nil, errors.New("these roles have none of these keysets")
	}
	where, err := cfg.Database()
	if err != nil {
		return nil, err
	}
	if cfg.DatabaseFile == "" {
		if _, err := os.Stat(where); err != nil {
			return nil, fmt.Errorf("no database yet; the first `tunnus serve` makes it with its keys: %w", err)
		}
	}
	// With its second place: keys that are rewrapped are rewrapped there too.
	if r.db, err = database.Open(ctx, cfg, tunnus.SystemClock{}); err != nil {
		return nil, err
	}
	if r.own, err = hsm.Open(r.cfg, r.names...); err != nil {
		return nil, errors.Join(err, r.db.Close())
	}
	marks, err := r.db.Marks(ctx)
	if err == nil {
		err = r.own.Recognise(marks)
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *keyring) close() error {
	return errors.Join(r.own.Close(), r.db.Flush(context.Background()), r.db.Close())
}

// count tells how many records of a keyset are under which key.
func (r *keyring) count(ctx context.Context, name string) (map[string]int, error) {
	counts, err := rewrap.Count(ctx, r.db.Sealed(), r.own.Sealer(name), name)
	if err != nil || name != hsm.Ledger {
		return counts, err
	}
	id, err := hsm.SecretKey(r.cfg)
	counts[id]++
	return counts, err
}

// note leaves a line in the audit log.
func (r *keyring) note(ctx context.Context, kind, name string, detail map[string]string) error {
	e := tunnus.Event{At: tunnus.SystemClock{}.Now(), Kind: kind, Subject: "keyset/" + name, Detail: detail}
	return r.db.Sealed().Note(ctx, []tunnus.Event{e})
}

// each does something for each keyset.
func (k *keysOf) each(ctx context.Context, do func(r *keyring, name string) error) error {
	r, err := k.open(ctx)
	if err != nil {
		return err
	}
	for _, name := range r.names {
		if err := do(r, name); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", name, err), r.close())
		}
	}
	return r.close()
}

type keysStatus struct{ keysOf }

// Run prints one line a key.
func (c *keysStatus) Run(ctx context.Context) error {
	return c.each(ctx, func(r *keyring, name string) error {
		counts, err := r.count(ctx, name)
		if err != nil {
			return err
		}
		keys, seals := r.own.Sealer(name).Keys()
		show(os.Stdout, name, keys, seals, counts)
		return nil
	})
}

func show(w io.Writer, name string, keys []hsm.Key, seals string, counts map[string]int) {
	for _, k := range keys {
		state := "opens"
		switch {
		case k.ID == seals:
			state = "seals"
		case k.SealsSince.IsZero():
			state = "announced"
		}
		fmt.Fprintf(w, "%-8s %s  made %s  %-9s  %d records\n", name, k.ID, k.MadeAt.Format(time.DateOnly), state, counts[k.ID])
		delete(counts, k.ID)
	}
	for id, n := range counts {
		fmt.Fprintf(w, "%-8s %s  LOST: %d records are under a key that is not there\n", name, id, n)
	}
}

type keysRotate struct {
	keysOf
	Announce bool `help:"Only add the keys: give the folder to all machines, then rotate without this."`
}

// Run makes a new key in each keyset.
func (c *keysRotate) Run(ctx context.Context) error {
	return c.each(ctx, func(r *keyring, name string) error {
		id, err := hsm.Rotate(r.cfg, name, tunnus.SystemClock{}.Now(), c.Announce)
		if err != nil {
			return err
		}
		if c.Announce {
			fmt.Printf("%-8s %s is announced; it seals after the next rotation\n", name, id)
			return r.note(ctx, "keys.announced", name, map[string]string{"key": id})
		}
		fmt.Printf("%-8s %s seals from now on\n", name, id)
		return r.note(ctx, "keys.rotated", name, map[string]string{"key": id})
	})
}

type keysRewrap struct{ keysOf }

// passes is how often the records are gone through, if some were written by a
// server meanwhile.
const passes = 5

// Run brings the records of each keyset to its newest key.
func (c *keysRewrap) Run(ctx context.Context) error {
	return c.each(ctx, func(r *keyring, name string) error {
		total := 0
		if name == hsm.Ledger {
			changed, err := hsm.RewrapSecret(r.cfg)
			if err != nil {
				return err
			}
			if changed {
				total++
			}
		}
		for range passes {
			done, err := rewrap.Run(ctx, r.db.Sealed(), r.own.Sealer(name), name)
			total += done.Rewrapped
			if err != nil {
				return fmt.Errorf("after %d records: %w", total, err)
			}
			if done.Moved == 0 {
				fmt.Printf("%-8s %d records brought to the newest key\n", name, total)
				return r.note(ctx, "keys.rewrapped", name, map[string]string{"records": fmt.Sprint(total)})
			}
		}
		return errors.New("the server was writing all the time; run it again")
	})
}

type keysDrop struct {
	keysOf
	Key string `required:"" help:"The key, as status tells it."`
}

// Run forgets one key, if no record is under it.
func (c *keysDrop) Run(ctx context.Context) error {
	if len(c.Keyset) != 1 {
		return errors.New("--keyset is needed, once")
	}
	return c.each(ctx, func(r *keyring, name string) error {
		under := func(ctx context.Context) (int, error) {
			counts, err := r.count(ctx, name)
			return counts[c.Key], err
		}
		if err := hsm.Drop(ctx, r.cfg, name, c.Key, under); err != nil {
			return err
		}
		fmt.Printf("%-8s %s is gone; what older backups hold under it cannot be opened any more\n", name, c.Key)
		return r.note(ctx, "keys.dropped", name, map[string]string{"key": c.Key})
	})
}
