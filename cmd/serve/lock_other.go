//go:build !unix

package serve

import "os"

// lockFolder opens the file; where there is no such lock, the operator takes care.
func lockFolder(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}
