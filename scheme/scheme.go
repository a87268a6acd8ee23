// Package scheme holds the two schemes that ship: files that package
// enrol/scheme reads, and the start for one's own. doc/scheme.md says what each
// key means.
package scheme

import _ "embed" // the files

var (
	//go:embed baltic.json
	baltic string
	//go:embed nordic.json
	nordic string
)

// Baltic is the file of a scheme whose passport way serves people who had an
// account before: their codes go to a contact on file.
func Baltic() []byte { return []byte(baltic) }

// Nordic is the file of a scheme in which a passport gives a first account, and
// the contact is proved anew.
func Nordic() []byte { return []byte(nordic) }
