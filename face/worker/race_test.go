//go:build race

package worker

// raced says that the race detector is built in: its own memory is over the limit.
const raced = true
