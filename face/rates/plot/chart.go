// Package plot draws rates as SVG: the DET curve on probit axes (ISO/IEC 19795-1
// §C.2.5, Martin and others 1997), and values of several kinds of trials beside
// the limit that parts them.
//
// What is drawn is text: fonts of the reader, a title and a description for who
// cannot see it, lines that differ in dashes as well as in colour.
package plot

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// Size of a drawing, and of the field inside it, in pixels.
const (
	width, height           = 720, 560
	left, top, right, under = 86, 48, 24, 64
)

// A tick is a place on an axis with its word.
type tick struct {
	at   float64
	word string
}

// An axis maps values to 0..1.
type axis struct {
	name  string
	ticks []tick
	to    func(float64) float64
}

// linear is an axis from low to high with about six round ticks.
func linear(name string, low, high float64) axis {
	if !(high > low) {
		high = low + 1
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/5)))
	for _, m := range []float64{2, 2.5, 2} {
		if (high-low)/step > 7 {
			step *= m
		}
	}
	a := axis{name: name, to: func(v float64) float64 { return (v - low) / (high - low) }}
	for v := math.Ceil(low/step) * step; v <= high+step*1e-9; v += step {
		a.ticks = append(a.ticks, tick{v, fmt.Sprintf("%.4g", math.Round(v/step)*step)})
	}
	return a
}

// colours are told apart by people who see red and green alike (Okabe and Ito 2008).
func colours() []string {
	return []string{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"}
}

func dashes() []string { return []string{"", "7 4", "2 3", "9 3 2 3", "4 2"} }

// style is the look of the i-th line.
func style(i int) (colour, dash string) {
	c, d := colours(), dashes()
	return c[i%len(c)], d[i%len(d)]
}

// canvas is a drawing in the making.
type canvas struct {
	strings.Builder
	x, y axis
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic("plot: a builder does not fail: " + err.Error())
	}
	return b.String()
}

// begin draws the frame, the grid and the words.
func begin(title, description string, x, y axis) *canvas {
	c := &canvas{x: x, y: y}
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="13">`+"\n", width, height, width, height)
	fmt.Fprintf(c, "<title id=\"t\">%s</title>\n<desc id=\"d\">%s</desc>\n", escape(title), escape(description))
	fmt.Fprintf(c, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height)
	c.text(left, top-20, "start", 16, title)
	for _, t := range x.ticks {
		px := c.px(t.at)
		fmt.Fprintf(c, "<path d=\"M%.1f %d V%d\" stroke=\"#ddd\"/>\n", px, top, height-under)
		c.text(px, height-under+18, "middle", 12, t.word)
	}
	for _, t := range y.ticks {
		py := c.py(t.at)
		fmt.Fprintf(c, "<path d=\"M%d %.1f H%d\" stroke=\"#ddd\"/>\n", left, py, width-right)
		c.text(left-8, py+4, "end", 12, t.word)
	}
	fmt.Fprintf(c, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#444\"/>\n", left, top, width-left-right, height-top-under)
	c.text((left+width-right)/2, height-18, "middle", 13, x.name)
	if y.name != "" {
		fmt.Fprintf(c, "<text transform=\"translate(22 %d) rotate(-90)\" text-anchor=\"middle\" fill=\"#222\">%s</text>\n", (top+height-under)/2, escape(y.name))
	}
	return c
}

func (c *canvas) text(x, y float64, anchor string, size int, s string) {
	fmt.Fprintf(c, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\" fill=\"#222\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\">%s</text>\n", x, y, anchor, size, escape(s))
}

func (c *canvas) px(v float64) float64 {
	return left + (width-left-right)*inside(c.x.to(v))
}

func (c *canvas) py(v float64) float64 {
	return float64(height-under) - (height-top-under)*inside(c.y.to(v))
}

// inside keeps what lies beyond an axis at its end.
func inside(v float64) float64 {
	if !(v > 0) { // no number, too
		return 0
	}
	return min(v, 1)
}

// end closes the drawing.
func (c *canvas) end() []byte {
	c.WriteString("</svg>\n")
	return []byte(c.String())
}

// legend writes a row of the legend in the top right corner.
func (c *canvas) legend(row int, colour, dash, name string) {
	const line = 34
	y := float64(top + 20 + 18*row)
	fmt.Fprintf(c, "<path d=\"M%d %.1f h%d\" stroke=\"%s\" stroke-width=\"2.5\" stroke-dasharray=\"%s\"/>\n", width-right-14-line, y-4, line, colour, dash)
	c.text(width-right-22-line, y, "end", 13, name)
}
