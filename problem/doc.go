// Package problem is the one place where a failure becomes an HTTP answer, and
// where a request's JSON is read.
//
// [Handle] turns a handler that returns an error into an [http.Handler]: a
// [tunnus.Error] is answered as its code, anything else, and a panic, as
// "internal", with a reference number that stands in the log as well; what belongs
// to a registration has that one's number ([Refer]). Answers
// are problem documents (RFC 9457). The log gets the cause, and of the request
// its method and route pattern only: no path, no body, no address.
//
// [Speak] goes around a process's handlers: its failures are told in the language of
// the request, with the next step and the other ways that are open. [Tell] is what
// may be said of a failure outside, for those who make pages of it; what must look
// alike does. The words are those of package phrases, never those of the error.
//
// [Decode] is strict, for our own interfaces; [DecodeLenient] passes over
// unknown members, for those whose callers we do not choose. Both limit size
// and depth, and refuse members that stand twice.
package problem
