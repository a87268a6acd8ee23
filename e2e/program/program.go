// Package program builds and runs the binary for the harnesses beside it: one
// process of a server, what it writes, and the world that it is given. It knows
// nothing of what is asked of the server.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/sandbox"
)

// Root is the folder of the module in which the harness was started.
func Root() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// Build builds the program of the module at root with a build tag.
func Build(ctx context.Context, root, tag, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", tag, "-o", to, "./cmd/tunnus")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return nil
}

// Models finds the files of the face engine.
func Models(root string) (string, error) {
	for _, dir := range []string{os.Getenv("TUNNUS_MODELS"), filepath.Join(root, "bin", "models")} {
		if _, err := os.Stat(filepath.Join(dir, "faceres.bin")); dir != "" && err == nil {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("no model files of the face engine (make models)")
}

// CopyWorld copies a sandbox, with keys that only their owner may read.
func CopyWorld(from, to string) (*sandbox.World, error) {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return nil, err
	}
	err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		return nil, err
	}
	return sandbox.Open(to, tunnus.SystemClock{})
}

// Free is an address of this machine that nobody listens on now.
func Free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Output keeps what processes write.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (o *Output) Write(p []byte) (int, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.b.Write(p) }

// String is all of it.
func (o *Output) String() string { o.mu.Lock(); defer o.mu.Unlock(); return o.b.String() }

// Tail is the end of it: lines cut to a length that can be read.
func (o *Output) Tail() string {
	lines := strings.Split(strings.TrimSpace(o.String()), "\n")
	lines = lines[max(0, len(lines)-8):]
	for i, l := range lines {
		lines[i] = l[:min(len(l), 900)]
	}
	return strings.Join(lines, "\n")
}

// A Process is one run of the program.
type Process struct {
	Cmd   *exec.Cmd
	Ended chan struct{} // closed when it has gone
}

// Start runs the program with the environment of this process and more.
func Start(path string, env []string, output *Output, words ...string) (*Process, error) {
	p := &Process{Cmd: exec.Command(path, words...), Ended: make(chan struct{})}
	p.Cmd.Env = append(os.Environ(), env...)
	p.Cmd.Stderr = output
	if err := p.Cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = p.Cmd.Wait(); close(p.Ended) }() // Ended tells
	return p, nil
}

// Errors of [Process.Ready].
var (
	ErrEnded    = errors.New("the server ended")
	ErrNotReady = errors.New("the server is not ready")
)

// Ready waits until the server answers at an address.
func (p *Process) Ready(ctx context.Context, client *http.Client, url string) error {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		resp, err := client.Get(url + "/health")
		if err == nil {
			return resp.Body.Close()
		}
		select {
		case <-p.Ended:
			return ErrEnded
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
	}
	return ErrNotReady
}

// Kill is kill -9, and waits until the process has gone.
func (p *Process) Kill() {
	_ = p.Cmd.Process.Kill() // it may have gone already
	<-p.Ended
}
