package faults

import (
	"crypto/hkdf"
	"crypto/sha256"
	"os"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/database"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/key/hsm"
)

// The backup of a server that goes on, put back, with what must not be forgotten
// joined to it: a document that was locked for ever after the backup is locked for
// ever, on both engines; and an encrypted backup opens with its identity only.
func TestBackupAndRestore(t *testing.T) {
	for _, engine := range []string{SQLite, PostgreSQL} {
		t.Run(engine, func(t *testing.T) { drill(t, engine) })
	}
}

func drill(t *testing.T, engine string) {
	h := built(t).running(t, engine)
	if err := h.ByPassport(t.Context(), "ben"); err != nil {
		t.Fatal(err)
	}
	folder := h.Path("backup")
	identity, recipient := newIdentity(t, h.Path("identity"))
	if out, err := h.Command(t.Context(), "backup", "--config", h.config, "--recipient", recipient, folder); err != nil {
		t.Fatal(err, out)
	}
	key := h.lockForEver(t)
	h.Kill()
	h.forget(t)
	if out, err := h.Command(t.Context(), "restore", "--config", h.config, "--from", folder); err == nil {
		t.Fatalf("an encrypted backup was opened without its identity: %s", out)
	}
	began := time.Now()
	if out, err := h.Command(t.Context(), "restore", "--config", h.config, "--from", folder, "--identity", identity); err != nil {
		t.Fatal(err, out)
	}
	t.Logf("restored in %v", time.Since(began).Round(time.Millisecond))
	var n int
	if err := h.db.QueryRow("SELECT count(*) FROM lock_entry WHERE kind = 'permanent' AND key = $1", key).Scan(&n); err != nil || n != 1 {
		t.Fatalf("the permanent lock: %d, %v", n, err)
	}
	if err := h.Start(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := h.db.QueryRow("SELECT count(*) FROM account WHERE state = 'active'").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d active accounts, %v", n, err)
	}
	if err := h.ByPassport(t.Context(), "hana"); err != nil {
		t.Errorf("nobody can register any more: %v; %s", err, h.Tail())
	}
	if err := h.ByPassport(t.Context(), "ben"); err == nil {
		t.Error("the document that was locked for ever was taken")
	}
}

// newIdentity makes an age identity in a file.
func newIdentity(t *testing.T, path string) (file, recipient string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, id.Recipient().String()
}

// A later clock is put forward by hand.
type later struct{ by time.Duration }

func (l *later) Now() time.Time { return time.Now().Add(l.by) }

// lockForEver lets the one document that was used here fail until it is locked for
// ever, as the service itself would write it, and returns the name of its ledger.
func (h *House) lockForEver(t *testing.T) (key string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(h.db.QueryRow("SELECT document FROM enrol_session WHERE document <> ''").Scan(&key))
	cfg, err := config.Load(h.config, config.All())
	must(err)
	clock := &later{}
	db, err := database.Open(t.Context(), cfg, clock)
	must(err)
	defer db.Close()
	own, err := hsm.Open(cfg.Keys.Config, hsm.Ledger)
	must(err)
	defer own.Close()
	secret, err := own.Secret()
	must(err)
	lockKey, err := hkdf.Key(sha256.New, secret.Reveal(), nil, "tunnus/enrol/lock/v1", 32)
	must(err)
	ledger := lock.New(db.Ledger(), scheme.Nordic().Judgement, tunnus.NewSecret(lockKey), clock)
	for n := 0; ledger.Check(t.Context(), lock.Key(key)) == nil; n++ {
		attempt := "drill/" + time.Duration(n).String()
		_, err := ledger.Charge(t.Context(), lock.Key(key), attempt, false)
		must(err)
		_, err = ledger.Close(t.Context(), lock.Key(key), attempt, lock.Failed, tunnus.CodeFaceNoMatch)
		must(err)
		if n < 6 {
			clock.by += 80 * time.Hour
		}
	}
	clock.by += 40 * 24 * time.Hour
	must(ledger.Settle(t.Context(), lock.Key(key)))
	return key
}

// forget loses the database: the file is gone, or the server has an empty one.
func (h *House) forget(t *testing.T) {
	t.Helper()
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	where := h.Path("server", "tunnus.db")
	if h.engine == PostgreSQL {
		p, err := h.build.Postgres(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if where, err = p.Database(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(h.Path("database.url"), []byte(where+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(h.Path("server", "tunnus.db"+end)) // of PostgreSQL there is none
	}
	var err error
	if h.db, err = open(h.engine, where); err != nil {
		t.Fatal(err)
	}
}
