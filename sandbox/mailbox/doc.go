// Package mailbox is the post of a sandbox: an SMTP server that takes every
// mail and delivers none, a gateway that does so with text messages, and an inbox
// page that shows both.
//
// It keeps the last ones in memory only. It has no log-in, and whoever can
// reach it reads all of them: it belongs on a loopback address, beside
// invented people.
package mailbox
