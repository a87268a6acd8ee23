package phone

import (
	"cmp"
	"os"
	"reflect"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/say"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// language is the one of --lang, else that of the environment, in the order of
// POSIX (Base Definitions §8.2).
func (p *Flags) language() phrases.Language {
	return phrases.Locale(cmp.Or(p.Lang, os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG")))
}

// Explain says a failure in the language of the command that failed: those of the
// app have one, the others speak English.
func Explain(k *kong.Context, err error) string {
	at := k.Selected()
	if at == nil || at.Target.Kind() != reflect.Struct {
		return app.Explain(err)
	}
	flags := at.Target.FieldByName("Flags") // embedded here, a field in package holder
	if !flags.IsValid() || !flags.CanAddr() {
		return app.Explain(err)
	}
	p, ok := flags.Addr().Interface().(*Flags)
	book, oops := phrases.Codes()
	if !ok || oops != nil {
		return app.Explain(err)
	}
	return say.Explain(book.In(p.language()), err, time.Local)
}
