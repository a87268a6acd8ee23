// Package face is `tunnus face`: the comparison of faces, for those who want to
// know what the engine makes of their pictures. It decides nothing about anybody.
package face

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus/face"
)

// Command works with the face engine.
type Command struct {
	Compare  Compare  `cmd:"" help:"Say how far apart the faces of two pictures are (JPEG or JPEG 2000)."`
	Evaluate Evaluate `cmd:"" help:"Count what the liveness check takes for living people, on drawn films."`
}

// Models tells where the engine's files are; it is part of each command.
type Models struct {
	Models string `help:"Folder of the model files; beside the program if not told." type:"path"`
}

func (m Models) open() (face.Engine, error) { return m.builtIn() }

func (m Models) builtIn() (*face.BuiltIn, error) {
	dir := m.Models
	if dir == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(filepath.Dir(self), "models")
	}
	e, err := face.Open(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("%s: %w (make models fetches them)", dir, err)
	}
	return e, nil
}
