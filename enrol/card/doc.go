// Package card is the portal's side of the ID-card way: the visit of a person who
// has logged in with an ID-card, from the questions to the signature that makes a
// phone theirs.
//
// A [Visit] is one log-in: nonce, token, questions, a contact confirmed by a code,
// the registration code of a phone, and the card's signature over a text that
// names that phone (R1). A [Slip] is the registration code of one sitting: shown
// by its app, typed in one visit, and signed for once. Rows hold keyed hashes, and
// what is personal is sealed.
//
// # Codes and guessing (R7)
//
// A code is eight characters of base 32, 40 bits, and lives for 15 minutes. It is
// derived by HMAC from sitting and number, so that asking again shows the same and
// nothing of it is stored but another HMAC. It is consumed by one compare-and-swap.
// A second person who types it ends both: one of the two is being deceived, and
// nobody can tell which. Two visits of one person are one consumer: the later one
// goes on, under another pairing.
//
// "Five wrong tries kill the code" is read from the side of who guesses. A wrong
// code is nobody's code: no part of it says which one was meant. If a part did (a
// selector in its first characters), then whoever sees or guesses that part could
// kill the code of another, and 40 bits would be 40 less those of the selector. So
// what five wrong tries kill is the guesser's right to any code that is shown now:
// they are counted for the person whom the card has proved, over all visits, for
// as long as a code lives, and the visit ends. Whatever code was meant is dead to
// that person; for its holder it lives on. Each visit killed in this way is a
// failure in the ledger of the person (timed locks), each try slows the address.
//
// All wrong tries of all people have a budget an hour ([Rules.Guesses]). Beyond it
// a visit gets one try in place of five: whoever types the code right the first
// time never notices. With 1,000 codes alive a guess hits one with probability
// 1000/2^40 < 10^-9; 600 an hour, all year long, hit one within a year with
// probability 600·8766·1000/2^40 < 0.5 %, and then the holder of that phone is
// asked whether they are the guesser, by name and birth date.
//
// # Pairing (R7)
//
// Matching draws a fresh pairing id. It stands in both rows, in the text that the
// card signs, and in the evidence; the portal's later steps must name it. The
// portal renews its cookie then. Requests of the app are signed by its device key,
// so that its session id opens nothing for whoever learns it (doc/adr/0009).
//
// The package opens no connection and keeps nothing of its own. Who is served
// (country, age) is decided in package enrol.
package card
