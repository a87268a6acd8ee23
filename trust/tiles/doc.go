// Package tiles reads the folder of a transparency log (C2SP tlog-tiles) and
// checks all of it, offline: every entry, every tile on every level, the root
// that the signed checkpoint names, that the log begins with what older
// checkpoints said, and that the records somebody holds are those of its leaves.
//
// [Check] recomputes everything from the entries and shares no code with what
// writes the folder. It reads through an [fs.FS], so the caller decides where
// the bytes come from; it needs memory for one path through the tree only.
package tiles
