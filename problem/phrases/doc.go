// Package phrases says things to people in the six languages of tunnus: English,
// Estonian, Lithuanian, Latvian, Danish and Russian.
//
// A [Book] is a set of messages that [Open] reads from six go-i18n files
// (active.en.json … active.ru.json, flat: key to text, or key to its CLDR plural
// forms). [Book.Faults] names everything that is missing or unlike in one of them:
// a test that demands none is what makes a book complete. Letters and pages keep
// books of their own in this way.
//
// [Codes] is the book of the failure codes. In it each code has two keys: `code`
// says what happened, `code.next` what to do now; both together, with a space
// between, are in English exactly what [tunnus.Code.Sentence] says. [Next] is the
// same step as one word for machines, [Ways] are the other ways that are open. A
// [Speaker] is a book in one language; it also tells numbers, dates and waits.
//
// Values that come from elsewhere are put into a message only after [Clean]: no
// control characters, no marks of HTML, 200 characters at most.
//
// To add a code: code.go, doc/errors.md, a row in advices.go, and two lines in each
// of the six files here; the tests name what is missing. [Accept] finds the
// language of a request, [Locale] that of a terminal. Nothing here looks at a
// clock, and no message holds the data of a person.
package phrases
