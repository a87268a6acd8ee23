// Package relay carries chip authentication between a server, which has the
// ephemeral key, and a reader, which has the chip: the few messages of one run, for
// both sides (ICAO Doc 9303-11 §6.2).
//
// The reader opens a connection that is signed for the hash of data group 14, and
// sends the group. The server answers with the commands that agree on a key; the
// reader sends them to the chip under its own session, and says so. The server sends
// one command under the new session, the reader brings the chip's answer, and the
// server says that it has seen enough, once what it saw is written down. It never
// says what that was: the verdict comes when the document is judged, and paid for.
//
//	reader → {"dg14": …}     server → {"commands": […]}
//	reader → {}              server → {"command": …}
//	reader → {"answer": …}   server → {"done": true}
//
// Whoever carries this can stop it, and do nothing else. A run that stops has
// proved nothing and costs nobody anything; another one begins from the start.
package relay
