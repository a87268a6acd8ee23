package face

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus/face/rates/plot"
	"github.com/tunnus-id/tunnus/face/rates/report"
)

// Draw draws the trade-offs of several reports in one drawing.
type Draw struct {
	Reports []string `arg:"" name:"report" help:"Folders of reports; each curve has its folder's name."`
	Title   string   `default:"Detection error trade-off" help:"Title of the drawing."`
}

// Run writes the drawing to standard output.
func (c Draw) Run() error { return c.draw(os.Stdout) }

func (c Draw) draw(w io.Writer) error {
	var lines []plot.Line
	var marks []plot.Mark
	for _, dir := range c.Reports {
		r, err := report.Read(os.DirFS(dir))
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		line, mark, err := r.Curve(filepath.Base(dir))
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		lines, marks = append(lines, line), append(marks, mark)
	}
	_, err := w.Write(plot.DET(c.Title, lines, marks))
	return err
}
