package main

import (
	"fmt"
	"strings"

	"github.com/tunnus-id/tunnus/problem/catalogue"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// codesCommand lists the failure codes.
type codesCommand struct {
	Check bool `help:"Also look for what is missing; then the last line counts, and the command ends with 1 if anything is."`
}

// Run lists.
func (c codesCommand) Run() error {
	book, err := phrases.Codes()
	if err != nil {
		return err
	}
	entries := catalogue.Entries(book)
	for _, e := range entries {
		languages := make([]string, len(e.Languages))
		for i, l := range e.Languages {
			languages[i] = string(l)
		}
		fmt.Printf("%-22s %-13s %s  %s (%s)\n", e.Code, e.Next, strings.Join(languages, " "), e.Place.File, e.Place.Func)
	}
	if !c.Check {
		return nil
	}
	faults := catalogue.Check(book)
	for _, f := range faults {
		fmt.Println("missing:", f)
	}
	fmt.Printf("%d codes, %d languages, %d missing\n", len(entries), len(phrases.Languages()), len(faults))
	if len(faults) > 0 {
		return errSaid
	}
	return nil
}
