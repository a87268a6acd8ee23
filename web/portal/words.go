package portal

import (
	"embed"
	"io/fs"
)

//go:embed active.*.json
var files embed.FS

// Files are the words of the pages, for the tests and tools that look at them.
func Files() fs.FS { return files }
