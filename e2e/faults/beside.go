package faults

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"time"

	"github.com/tunnus-id/tunnus/e2e/program"
)

// Shared is the part of a configuration that two nodes of one database need alike:
// the log with its key, in a folder that both see. (Keys and second place are
// beside the configuration, for both.)
func Shared(config map[string]any) {
	config["log"] = map[string]any{"folder": "log", "key": map[string]string{"file": "log.key"}}
}

// Beside returns a second node of a house on PostgreSQL: a process with an address
// and a folder of its own, on the same database. The house was opened with [Shared].
func (h *House) Beside() (*House, error) {
	if h.engine != PostgreSQL {
		return nil, errors.New("faults: two nodes need PostgreSQL")
	}
	text, err := os.ReadFile(h.Path("config.json"))
	if err != nil {
		return nil, err
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, err
	}
	address, err := program.Free()
	if err != nil {
		return nil, err
	}
	config["listen"], config["data"] = address, "server2"
	if text, err = json.Marshal(config); err != nil {
		return nil, err
	}
	n := *h
	n.url, n.config, n.cmd, n.leave, n.log = "https://"+address, h.Path("node2.json"), nil, nil, &program.Output{}
	return &n, os.WriteFile(n.config, text, 0o600)
}

// Command runs the program with other words, and returns what it prints.
func (h *House) Command(ctx context.Context, words ...string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, h.build.Program, words...).CombinedOutput()
	return string(out), err
}
