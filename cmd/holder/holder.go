// Package holder has the commands of the app in a terminal for what is beside
// registration and log-in: a holder's accounts, contacts and history.
//
// The commands are made over the flags of a phone, which package main has; what they
// do is in package app/life.
package holder

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/life"
	"github.com/tunnus-id/tunnus/app/term"
	"github.com/tunnus-id/tunnus/app/wire"
)

// Commands are the commands for what is beside registration and log-in.
type Commands[F any, P Opened[F]] struct {
	List    List[F, P]    `cmd:"" help:"List all your accounts, on this phone and elsewhere, and what happened to them."`
	Block   Block[F, P]   `cmd:"" help:"Block another account of yours, whose phone is lost. Needs PIN1."`
	Unblock Unblock[F, P] `cmd:"" help:"Unblock another account of yours. Needs PIN1."`
	Close   Close[F, P]   `cmd:"" help:"Close an account of yours for ever: this phone's, if no other is named. Needs PIN1."`
	Freeze  Freeze[F, P]  `cmd:"" help:"Stop a new account in your name, or a change of your contacts, that is not yours. Needs no PIN."`
	History History[F, P] `cmd:"" help:"Show what was done with your accounts; hide lines, or save all of it."`
	Trust   Trust[F, P]   `cmd:"" help:"Let a service send requests again that you called \"not me\". Needs PIN1."`
	Contact Contact[F, P] `cmd:"" help:"Show and change where you are reached."`
	Speak   Speak[F, P]   `cmd:"" help:"Choose the language in which you are written to."`
	Looks   Looks[F, P]   `cmd:"" help:"Show when staff looked at your account, or make a code by which they may."`
}

// A Phone is the app of the flags of a command.
type Phone interface {
	// With opens the phone, does something with it and closes it.
	With(ctx context.Context, do func(life.Phone, *term.Screen) error) error
}

// Opened says how a struct of flags opens the phone.
type Opened[F any] interface {
	*F
	Phone
}

// News shows what happened elsewhere since the phone asked last.
func News(ctx context.Context, held life.Phone, screen *term.Screen) error {
	return held.Notices(ctx, func(n wire.Notice) error {
		screen.Tell(fmt.Sprintf("News of %s: %s  %s", n.At.Local().Format(time.DateTime), n.Kind, n.About))
		return nil
	})
}

// with shows the news first.
func with(ctx context.Context, p Phone, do func(life.Phone, *term.Screen) error) error {
	return p.With(ctx, func(held life.Phone, screen *term.Screen) error {
		if err := News(ctx, held, screen); err != nil {
			return err
		}
		return do(held, screen)
	})
}

// prove has PIN1 prove an act, and says what it came to.
func prove(ctx context.Context, p Phone, do, target string) error {
	return with(ctx, p, func(held life.Phone, screen *term.Screen) error {
		done, err := held.Act(ctx, do, target)
		if err == nil {
			said(screen, done)
		}
		return err
	})
}

func said(screen *term.Screen, done wire.Done) {
	switch {
	case done.Account != nil:
		screen.Tell(fmt.Sprintf("%s is %s.", done.Account.Document, done.Account.State))
	case done.Contact != nil:
		screen.Tell(contactLine(*done.Contact))
	default:
		screen.Tell("Done.")
	}
}

// List lists all accounts of the holder.
type List[F any, P Opened[F]] struct {
	Flags F    `embed:""`
	JSON  bool `help:"Print one JSON object."`
}

// Run lists all accounts of the holder.
func (c *List[F, P]) Run(ctx context.Context) error {
	return with(ctx, P(&c.Flags), func(held life.Phone, screen *term.Screen) error {
		list, err := held.Accounts(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(os.Stdout).Encode(wire.Person{Accounts: list})
		}
		for _, a := range list {
			where := fmt.Sprintf("on another phone (%s, %s)", cmp.Or(a.Model, "unknown"), a.Device)
			if a.Here {
				where = "on this phone"
			}
			screen.Tell(fmt.Sprintf("%s  %s  %s  by %s  since %s until %s  %s", a.Document, a.Level, a.State, a.Proofed,
				a.Since.Local().Format(time.DateOnly), a.Expires.Local().Format(time.DateOnly), where))
			if account.State(a.State) == account.Frozen {
				screen.Tell("  stopped until " + a.Frozen.Local().Format(time.DateTime))
			}
			if !a.Retires.IsZero() {
				screen.Tell("  is replaced, and closed at " + a.Retires.Local().Format(time.DateTime))
			}
		}
		return nil
	})
}

// Block blocks another account.
type Block[F any, P Opened[F]] struct {
	Flags    F      `embed:""`
	Document string `arg:"" help:"Number of the account to block, as list shows it."`
}

// Run blocks another account.
func (c *Block[F, P]) Run(ctx context.Context) error {
	return prove(ctx, P(&c.Flags), wire.ActBlock, c.Document)
}

// Unblock unblocks one.
type Unblock[F any, P Opened[F]] struct {
	Flags    F      `embed:""`
	Document string `arg:"" help:"Number of the account to unblock, as list shows it."`
}

// Run unblocks another account.
func (c *Unblock[F, P]) Run(ctx context.Context) error {
	return prove(ctx, P(&c.Flags), wire.ActUnblock, c.Document)
}

// Close closes one.
type Close[F any, P Opened[F]] struct {
	Flags    F      `embed:""`
	Document string `arg:"" optional:"" help:"Number of the account to close."`
}

// Run closes an account.
func (c *Close[F, P]) Run(ctx context.Context) error {
	return with(ctx, P(&c.Flags), func(held life.Phone, screen *term.Screen) error {
		target := c.Document
		if target == "" {
			target = held.Document
		}
		done, err := held.Act(ctx, wire.ActClose, target)
		if err == nil {
			said(screen, done)
		}
		return err
	})
}

// Freeze stops what is not the holder's.
type Freeze[F any, P Opened[F]] struct {
	Flags    F      `embed:""`
	Document string `arg:"" optional:"" help:"Number of the account to stop."`
	Contact  string `help:"Instead: id of the contact whose change is to be stopped."`
}

// Run stops what is not the holder's.
func (c *Freeze[F, P]) Run(ctx context.Context) error {
	if (c.Document == "") == (c.Contact == "") {
		return errors.New("either an account or --contact is needed")
	}
	return with(ctx, P(&c.Flags), func(held life.Phone, screen *term.Screen) error {
		if c.Contact != "" {
			return held.StopContact(ctx, c.Contact)
		}
		done, err := held.Freeze(ctx, c.Document)
		if err == nil {
			said(screen, done)
		}
		return err
	})
}

// Trust takes a "not me" back.
type Trust[F any, P Opened[F]] struct {
	Flags F      `embed:""`
	ID    string `arg:"" help:"Line of the history with the request, such as login/…"`
}

// Run takes a "not me" back.
func (c *Trust[F, P]) Run(ctx context.Context) error {
	return prove(ctx, P(&c.Flags), wire.ActTrust, c.ID)
}

// History shows, hides or saves the history.
type History[F any, P Opened[F]] struct {
	Flags       F      `embed:""`
	All         bool   `help:"Show hidden lines too."`
	Limit       int    `help:"How many lines." default:"50"`
	Hide        string `help:"Hide the line with this id." placeholder:"ID"`
	Show        string `help:"Show it again." placeholder:"ID"`
	HideService string `help:"Hide all lines of a service." placeholder:"NAME"`
	ShowService string `help:"Show them again." placeholder:"NAME"`
	Export      string `help:"Save all of it, the hidden lines too, as JSON." type:"path" placeholder:"FILE"`
	Check       string `help:"See that a saved file is whole." type:"existingfile" placeholder:"FILE"`
}

// Run shows, hides or saves the history.
func (c *History[F, P]) Run(ctx context.Context) error {
	if c.Check != "" {
		b, err := os.ReadFile(c.Check)
		if err != nil {
			return err
		}
		e, err := life.ReadExport(b)
		if err == nil {
			fmt.Printf("%s: whole, %d lines, made %s\n", c.Check, e.Count, e.Made.Format(time.RFC3339))
		}
		return err
	}
	return with(ctx, P(&c.Flags), func(held life.Phone, screen *term.Screen) error {
		for _, h := range []wire.Hide{
			{ID: c.Hide, Hidden: true}, {ID: c.Show}, {Service: c.HideService, Hidden: true}, {Service: c.ShowService},
		} {
			if h.ID+h.Service != "" {
				return held.Hide(ctx, h)
			}
		}
		if c.Export != "" {
			return export(ctx, held, screen, c.Export)
		}
		list, err := held.History(ctx, c.Limit, c.All)
		for _, e := range list {
			mark := ""
			if e.Hidden {
				mark = "  (hidden)"
			}
			screen.Tell(fmt.Sprintf("%s  %-17s %-26s %s  %s%s", e.At.Local().Format(time.DateTime), e.Kind, e.Result, e.Service, e.ID, mark))
			if e.Text != "" {
				screen.Tell("  | " + e.Text)
			}
		}
		return err
	})
}

func export(ctx context.Context, held life.Phone, screen *term.Screen, file string) error {
	e, err := held.Export(ctx, time.Now())
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, append(b, '\n'), 0o600); err != nil {
		return err
	}
	screen.Tell(fmt.Sprintf("%s: %d lines, sha256 %s", file, e.Count, e.SHA256))
	return nil
}

// Speak chooses the language of letters.
type Speak[F any, P Opened[F]] struct {
	Flags    F      `embed:""`
	Language string `arg:"" help:"One of ${enum}." enum:"en,et,lt,lv,da,ru"`
}

// Run chooses the language of letters.
func (c *Speak[F, P]) Run(ctx context.Context) error {
	return with(ctx, P(&c.Flags), func(held life.Phone, screen *term.Screen) error {
		if err := held.Speak(ctx, c.Language); err != nil {
			return err
		}
		screen.Tell("You are written to in this language from now on: " + c.Language + ".")
		return nil
	})
}

// Contact shows and changes contacts.
type Contact[F any, P Opened[F]] struct {
	List    ContactList[F, P]    `cmd:"" default:"1" help:"Show your contacts, masked."`
	Add     ContactAdd[F, P]     `cmd:"" help:"Add an address or a phone number. Needs PIN1 and the code that is sent there."`
	Confirm ContactConfirm[F, P] `cmd:"" help:"Type the code of a contact that was added before."`
	Remove  ContactRemove[F, P]  `cmd:"" help:"Remove a contact. Needs PIN1."`
}

func contactLine(k wire.Reached) string {
	line := fmt.Sprintf("%s  %s  %s  %s", k.ID, k.Masked, k.Kind, k.State)
	if k.Held.After(time.Now()) {
		line += "  held until " + k.Held.Local().Format(time.DateTime)
	}
	return line
}

// ContactList lists contacts.
type ContactList[F any, P Opened[F]] struct {
	Flags F    `embed:""`
	JSON  bool `help:"Print one JSON object."`
}

// Run lists contacts.
func (c *ContactList[F, P]) Run(ctx context.Context) error {
	return with(ctx, P(&c.Flags), func(held life.Phone, screen *term.Screen) error {
		list, err := held.Contacts(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(os.Stdout).Encode(wire.Contacts{Contacts: list})
		}
		for _, k := range list {
			screen.Tell(contactLine(k))
		}
		return nil
	})
}

// ContactAdd adds one.
type ContactAdd[F any, P Opened[F]] struct {
	Flags   F      `embed:""`
	Address string `arg:"" help:"Address of e-mail, or phone number with its country code."`
}

// Run adds a contact.
func (c *ContactAdd[F, P]) Run(ctx context.Context) error {
	return with(ctx, P(&c.Flags), func(held life.Phone, screen *term.Screen) error {
		done, err := held.Act(ctx, wire.ActAddContact, c.Address)
		if err != nil {
			return err
		}
		if done.Contact == nil {
			return errors.New("the server does not say which contact was added")
		}
		code, err := screen.Ask(ctx, "code", "The code that was sent there")
		if err != nil {
			return err
		}
		if done, err = held.ConfirmContact(ctx, done.Contact.ID, code); err == nil {
			said(screen, done)
		}
		return err
	})
}

// ContactConfirm confirms one.
type ContactConfirm[F any, P Opened[F]] struct {
	Flags F      `embed:""`
	ID    string `arg:"" help:"Contact, as list shows it."`
	Code  string `arg:"" help:"The code that was sent there."`
}

// Run confirms a contact.
func (c *ContactConfirm[F, P]) Run(ctx context.Context) error {
	return with(ctx, P(&c.Flags), func(held life.Phone, screen *term.Screen) error {
		done, err := held.ConfirmContact(ctx, c.ID, c.Code)
		if err == nil {
			said(screen, done)
		}
		return err
	})
}

// ContactRemove removes one.
type ContactRemove[F any, P Opened[F]] struct {
	Flags F      `embed:""`
	ID    string `arg:"" help:"Contact, as list shows it."`
}

// Run removes a contact.
func (c *ContactRemove[F, P]) Run(ctx context.Context) error {
	return prove(ctx, P(&c.Flags), wire.ActRemoveContact, c.ID)
}
