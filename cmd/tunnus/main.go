// Command tunnus is the whole of tunnus in one binary: the server, the app in a
// terminal, a relying party, and a demonstration that drives them all.
//
// This is the only place where parts are put together. Each command is thin:
// it reads its flags, joins the packages, and runs them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/cmd/rp"
)

// commands are what `tunnus --help` shows.
type commands struct {
	Demo     demoCommand     `cmd:"" help:"Show the whole way once: a person registers with a passport, then logs in."`
	Serve    serveCommand    `cmd:"" help:"Run the server."`
	App      appCommand      `cmd:"" help:"The app in a terminal: register, list accounts, answer requests."`
	RP       rp.Command      `cmd:"" name:"rp" help:"Be a relying party: ask for a log-in and verify the answer."`
	Ceremony ceremonyCommand `cmd:"" help:"Make the keys and certificates of a scheme, from a script that was reviewed."`
	Verify   verifyCommand   `cmd:"" help:"Check off line what was signed: a container, or the log."`
	Keys     keysCommand     `cmd:"" help:"Look after the server's own keys: status, rotate, rewrap, drop."`
	Restore  restoreCommand  `cmd:"" help:"Join a database that came from a backup with its second place, before the server opens."`
	Log      logCommand      `cmd:"" help:"Records of the transparency log."`
	Worker   workerCommand   `cmd:"" hidden:"" help:"Judge images in a process of its own."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c,
		kong.Name("tunnus"),
		kong.Description("An open, self-hosted electronic identity."),
		kong.UsageOnError(),
		kong.Vars{"app_state": defaultState()},
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	err := k.Run()
	switch {
	case err == nil:
		return
	case errors.Is(err, errSaid), errors.Is(err, rp.ErrRefused):
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "tunnus: interrupted")
	default:
		fmt.Fprintln(os.Stderr, "tunnus:", app.Explain(err))
	}
	os.Exit(1)
}

// errSaid ends a command that has told its failure already.
var errSaid = errors.New("failed")

// version is the app's and the server's version; minimum versions of a scheme
// are compared with it.
const version = "0.1.0"

type versionCommand struct{}

// Run prints version and build.
func (versionCommand) Run() error {
	fmt.Println("tunnus", version)
	if info, ok := debug.ReadBuildInfo(); ok {
		fmt.Println("built with", info.GoVersion)
	}
	return nil
}
