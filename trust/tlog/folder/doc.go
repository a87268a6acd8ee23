// Package folder keeps a transparency log in a folder of plain files (C2SP
// tlog-tiles, written by transparency-dev/tessera): tiles of hashes, bundles of
// entries, and the newest checkpoint, signed. Anybody may be given a copy of it,
// or be served its files as they are; only ".state" and "writer.lock" are the
// writer's own.
//
// The folder must be on a file system with working locks (flock); it needs no
// backup of its own state but itself, and is put back whole or not at all.
package folder
