// Package address reads where a person can be reached: addresses of e-mail and
// phone numbers, and shows them masked.
//
// An [Address] is normalised: the same mailbox or number has one form, under
// which it is kept, compared and counted. What could be read in two ways, or
// could make a mail or message go elsewhere than it seems, is refused, whatever
// the standards allow. Whether an address exists, and whose it is, is not told
// here: that is what one-time codes are for.
package address
