package main

import (
	"context"
	"os"

	"github.com/tunnus-id/tunnus/cmd/engine"
	"github.com/tunnus-id/tunnus/face/worker"
	"github.com/tunnus-id/tunnus/sandbox/demo"
)

// demoCommand shows the whole way once, by separate processes over sockets.
type demoCommand struct {
	Once   bool   `help:"Run in a temporary folder, then end with 0 or 1."`
	JSON   bool   `help:"Print one JSON object instead of lines, and end."`
	Keep   string `help:"Folder to leave certificates, signed payload and signature in." type:"path"`
	Data   string `help:"Folder that the demo keeps." default:"data/demo" type:"path"`
	Listen string `help:"Address of the server." default:"127.0.0.1:8443"`
	Inbox  string `help:"Address of the inbox page." default:"127.0.0.1:8025"`
	Public string `help:"Address of OCSP, revocation lists, time-stamps and the log." default:"127.0.0.1:8088"`
	Person string `help:"Who registers; by the way child, it is ida." default:"ada"`
	Film   bool   `help:"Film the face, before a screen that changes colour, and judge whether it lives. Takes as long as for a person."`
	Way    string `help:"What is shown: passport, idcard (in the portal), account (another account vouches), child (with a guardian), desk (an officer), renew (an older account makes place). All but the first need --once." default:"passport" enum:"passport,idcard,account,child,desk,renew"`
}

// Run shows the way.
func (c *demoCommand) Run(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return demo.Run(ctx, demo.Options{
		Program: self, Out: os.Stdout, Once: c.Once, JSON: c.JSON, Keep: c.Keep,
		Data: c.Data, Listen: c.Listen, Inbox: c.Inbox, Public: c.Public, Person: c.Person, Way: c.Way, Film: c.Film,
	})
}

// workerCommand judges one comparison of faces; see package worker.
type workerCommand struct {
	Models  string `required:"" type:"existingdir"`
	Own     engine.Own
	Library string
}

// Run does one job from standard input.
func (c workerCommand) Run() error {
	chosen := engine.Choice(c)
	return worker.Run(os.Stdin, os.Stdout, chosen.Room(), chosen.Open)
}
