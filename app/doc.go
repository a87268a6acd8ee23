// Package app is the core of the app in the holder's hand: it registers, keeps
// the sealed state, makes keys with the server, waits for requests and answers
// them. It sees only what a phone may see: the messages of package wire, the
// mathematics of packages splitkey and device, and the chip through its reader.
//
// What a person does and what a phone senses come in through [Screen] and
// [Body]; the terminal (package term) and later other shells implement them.
// PINs are judged here and never leave: the server hardens them blindly.
package app
