package serve

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/cmd/serve/inputs"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/key/hsm"
	files "github.com/tunnus-id/tunnus/scheme"
	"github.com/tunnus-id/tunnus/store"
)

// All that is missing is told at once, and nothing is made before it is there.
func TestMissingInputsAreToldAtOnce(t *testing.T) {
	dir := t.TempDir()
	cfg := &config.Config{
		Roles: config.All(),
		Data:  filepath.Join(dir, "data"), Keys: config.KeysConfig{Config: hsm.Config{Folder: filepath.Join(dir, "keys")}}, Authority: config.AuthorityConfig{Folder: filepath.Join(dir, "a")}, TrustList: filepath.Join(dir, "t"),
		SchemeFile: filepath.Join(dir, "s"), RegisterFile: filepath.Join(dir, "r"), Models: filepath.Join(dir, "m"), Scheme: "tunnus-demo", Sandbox: true,
		TLS: config.TLSConfig{CertificateFile: filepath.Join(dir, "c"), KeyFile: filepath.Join(dir, "k")}, SMTP: config.SMTPConfig{Host: "localhost", Port: 25, From: "nobody"},
	}
	_, err := assemble(t.Context(), cfg, nil, tunnus.SystemClock{})
	if err == nil {
		t.Fatal("a server without anything")
	}
	for _, what := range []string{"authority:", "trust_list:", "scheme_file:", "register_file:", "models:", "tls:", "smtp:"} {
		if !strings.Contains(err.Error(), what) {
			t.Errorf("not told: %s\n%v", what, err)
		}
	}
	if made, err := os.ReadDir(dir); err != nil || len(made) > 0 {
		t.Errorf("made before all was there: %v, %v", made, err)
	}
}

// A scheme with a face network of its own is not served by a build that cannot run
// it: the built-in one never takes its place.
func TestAnOwnFaceNetworkIsRefusedWithoutONNXRuntime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scheme.json")
	own := `"faces": {"engine": {"kind": "onnx", "name": "own-1", "file": "own.onnx", "sha256": "` + strings.Repeat("0", 64) + `",
		"alignment": "arcface", "chip": 112, "colours": "rgb", "layout": "nchw", "mean": "127.5", "divisor": "127.5",
		"numbers": 512, "norm": "l2", "metric": "cosine", "match": "0.5", "review": "0.7"}, `
	must(t, os.WriteFile(path, []byte(strings.Replace(string(files.Nordic()), `"faces": {`, own, 1)), 0o600))
	_, err := inputs.Read(&config.Config{Roles: config.All(), SchemeFile: path}, tunnus.SystemClock{})
	if err == nil || !strings.Contains(err.Error(), "faces.engine: this build cannot run an operator's face network") {
		t.Errorf("it is served: %v", err)
	}
}

// One folder of data has one server.
func TestSecondServerIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := lockFolder(path)
	must(t, err)
	if _, err := lockFolder(path); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("a second server: %v", err)
	}
	must(t, first.Close())
	again, err := lockFolder(path)
	must(t, err)
	must(t, again.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bare is a process in a folder that has no role.
func bare(t *testing.T, dir string, rules scheme.Rules) *parts {
	t.Helper()
	cfg := &config.Config{Data: dir, Sandbox: true, Log: config.LogConfig{Folder: filepath.Join(dir, "log"), Origin: "test/log", Key: hsm.SignerRef{File: filepath.Join(dir, "log.key")}}}
	lock, err := lockFolder(filepath.Join(cfg.Data, "lock"))
	must(t, err)
	return &parts{cfg: cfg, in: inputs.Inputs{Rules: rules}, log: slog.New(slog.DiscardHandler), clock: tunnus.SystemClock{}, lock: lock}
}

// A scheme file that was changed is refused until it has another version.
func TestChangedSchemeFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	start := func(file string) error {
		rules, err := scheme.Parse("scheme.json", []byte(file))
		must(t, err)
		p := bare(t, dir, rules)
		err = p.join(t.Context())
		must(t, p.close())
		return err
	}
	first := string(files.Nordic())
	changed := strings.Replace(first, `"resends": 3`, `"resends": 2`, 1)
	must(t, start(first))
	must(t, start(first))
	if err := start(changed); !errors.Is(err, scheme.ErrChanged) {
		t.Errorf("a changed file of the same version: %v", err)
	}
	must(t, start(strings.Replace(changed, `"version": "`, `"version": "1.`, 1)))
}

// A process that may do without a scheme file deletes what has served all the same.
func TestRetentionWithoutASchemeFile(t *testing.T) {
	p := bare(t, t.TempDir(), scheme.Rules{})
	must(t, p.join(t.Context()))
	t.Cleanup(func() { must(t, p.close()) })
	must(t, p.store.AppSessions().Create(t.Context(), store.AppSession{ID: "old", CreatedAt: time.Now().Add(-48 * time.Hour)}))
	if !slices.ContainsFunc(p.jobs(), func(j job) bool { return j.name == "retention" }) {
		t.Error("nobody deletes anything")
	}
	must(t, p.forget(t.Context()))
	if _, err := p.store.AppSessions().Get(t.Context(), "old"); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("what has served stays: %v", err)
	}
}
