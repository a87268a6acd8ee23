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

	"github.com/tunnus-id/tunnus/cmd/colleague"
	"github.com/tunnus-id/tunnus/cmd/document"
	"github.com/tunnus-id/tunnus/cmd/face"
	"github.com/tunnus-id/tunnus/cmd/jobs"
	"github.com/tunnus-id/tunnus/cmd/phone"
	"github.com/tunnus-id/tunnus/cmd/rp"
	"github.com/tunnus-id/tunnus/cmd/schemefile"
	"github.com/tunnus-id/tunnus/cmd/trust"
	"github.com/tunnus-id/tunnus/cmd/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/vpcd"
)

// commands are what `tunnus --help` shows.
type commands struct {
	Demo       demoCommand        `cmd:"" help:"Show the whole way once: a person registers with a passport, then logs in."`
	Serve      serveCommand       `cmd:"" help:"Run the server."`
	App        phone.Command      `cmd:"" help:"The app in a terminal: register, list accounts, answer requests."`
	RP         rp.Command         `cmd:"" name:"rp" help:"Be a relying party: ask for a log-in and verify the answer."`
	Ceremony   ceremonyCommand    `cmd:"" help:"Make the keys and certificates of a scheme, from a script that was reviewed."`
	Verify     verifyCommand      `cmd:"" help:"Check off line what was signed: a container, or the log."`
	Keys       keysCommand        `cmd:"" help:"Look after the server's own keys: status, rotate, rewrap, drop."`
	Jobs       jobs.Command       `cmd:"" help:"Durable jobs of a server: list those that were given up, put one back."`
	Backup     backupCommand      `cmd:"" help:"Copy the database, the second place and the log of a process, which may be running."`
	Restore    restoreCommand     `cmd:"" help:"Join a database that came from a backup with its second place, before the server opens."`
	Staff      colleague.Command  `cmd:"" help:"Be a member of staff: look up, review, register at a desk; on the server, add and end members."`
	Incident   colleague.Incident `cmd:"" help:"Faults of ours that led to locks: open, second, list."`
	Scheme     schemefile.Command `cmd:"" help:"Look after scheme files: check."`
	Document   document.Command   `cmd:"" help:"Look at a travel document: read its code line from a picture, judge the files of its chip."`
	Face       face.Command       `cmd:"" help:"The comparison of faces: two pictures."`
	Trust      trust.Command      `cmd:"" help:"The list of country signers by which documents are judged: import, show."`
	Virtual    virtual.Command    `cmd:"" help:"Documents that exist only in a computer, for those who build or test what reads them."`
	Codes      codesCommand       `cmd:"" help:"List the failure codes: where each is raised, and its languages."`
	Population populationCommand  `cmd:"" help:"The register of people in the server's own database."`
	Log        logCommand         `cmd:"" help:"Records of the transparency log."`
	Worker     workerCommand      `cmd:"" hidden:"" help:"Judge images in a process of its own."`
	Version    versionCommand     `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c,
		kong.Name("tunnus"),
		kong.Description("An open, self-hosted electronic identity."),
		kong.UsageOnError(),
		kong.Vars{"app_state": phone.DefaultState(), "vpcd_address": vpcd.Address},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(colleague.Dial(phone.Client)),
	)
	err := k.Run()
	switch {
	case err == nil:
		return
	case errors.Is(err, errSaid), errors.Is(err, rp.ErrRefused), errors.Is(err, schemefile.ErrFaults), errors.Is(err, document.ErrUnread), errors.Is(err, document.ErrNotWell), errors.Is(err, face.ErrNotCompared):
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "tunnus: interrupted")
	default:
		fmt.Fprintln(os.Stderr, "tunnus:", phone.Explain(k, err))
	}
	os.Exit(1)
}

// errSaid ends a command that has told its failure already.
var errSaid = errors.New("failed")

type versionCommand struct{}

// Run prints version and build.
func (versionCommand) Run() error {
	fmt.Println("tunnus", phone.Version)
	if info, ok := debug.ReadBuildInfo(); ok {
		fmt.Println("built with", info.GoVersion)
	}
	return nil
}
