// Package remote lets one process of the service call another: HTTPS with
// mutual TLS 1.3, JSON that is strict and bounded in both directions, and nothing
// that is not in the table of methods.
//
// Both sides prove themselves by certificate and are known by a [Peer]: a pinned
// certificate, or a name under a CA. Who is not listed gets no further than
// the handshake.
//
// A call is POST /remote/v1/{service}/{method}. A refusal travels as
// application/problem+json and is the same [tunnus.Error] again on the caller's
// side: code, tries left, time and field; its sentence is taken from the code, and
// its cause stays in the log of the process that refused, under a reference. A
// process that cannot be reached is [tunnus.CodeServiceDown], and never a yes.
//
// A call that may be repeated ([Client.Call]) is tried again after a broken line,
// a few times and with jitter; one that may not ([Client.Once]) only if nothing
// was sent. That a repeated request is not done twice is the part of the service
// behind the method: requests carry an id, or are signed by a device over a nonce.
package remote
