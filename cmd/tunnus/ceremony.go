package main

import (
	"fmt"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/ceremony"
)

// ceremonyCommand makes the keys and certificates of a scheme.
type ceremonyCommand struct {
	File  string `arg:"" help:"Script of the ceremony (JSON; doc/ceremony.md)." type:"existingfile"`
	Check bool   `help:"Only check the script; make nothing."`
}

// Run checks the script, makes what it says, and prints the transcript.
func (c *ceremonyCommand) Run() error {
	script, err := ceremony.Load(c.File)
	if err != nil {
		return err
	}
	if c.Check {
		fmt.Println("The script is good. It makes:", strings.Join(script.Make, ", "))
		return nil
	}
	t, err := script.Run(tunnus.SystemClock{}.Now())
	if err != nil {
		return err
	}
	fmt.Print(t)
	fmt.Println("\nThis page is written to", t.Path())
	return nil
}
