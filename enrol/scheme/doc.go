// Package scheme holds the rules of one identity: whom it serves, by which ways
// and on what terms, what failures lead to, and how long things live.
//
// [Parse] reads them from one file, described in doc/scheme.md, and refuses it
// with every fault at once. [Rules] answer what flows ask: who may go which way
// ([Rules.Eligible]), which versions, codes, documents and frames are taken
// ([Rules.Admit], [Rules.Person], [Eligibility.Accepts], [Rules.Fit]), and what an
// account is worth ([Rules.Level]). Each such failure code is raised here alone.
//
// Rules are values: nothing changes them, and [Rules.Revision] names them, with
// a hash of all they say, in every evidence. How a node runs (addresses, keys,
// databases) is another file, the configuration.
package scheme
