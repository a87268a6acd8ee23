package plot

import (
	"fmt"
	"math"
	"strings"

	"github.com/tunnus-id/tunnus/face/rates"
)

// A Line is one curve of a drawing.
type Line struct {
	Name   string
	Points []rates.Point
}

// A Mark is a point of operation.
type Mark struct {
	Name      string
	FMR, FNMR float64
}

// probit is the quantile of the normal distribution.
func probit(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// rateAxis is a probit axis from the least rate to one half; 0 stands at its beginning.
func rateAxis(name string, least float64) axis {
	a := axis{name: name}
	low, high := probit(least), probit(0.5)
	a.to = func(v float64) float64 {
		if v <= least {
			return 0
		}
		return (probit(min(v, 0.5)) - low) / (high - low)
	}
	for _, p := range []float64{1e-6, 1e-5, 1e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5} {
		if p < least*(1-1e-9) {
			continue
		}
		a.ticks = append(a.ticks, tick{p, rates.Percent(p)})
	}
	for i, t := range a.ticks { // "5.00" is "5"
		if strings.Contains(t.word, ".") {
			a.ticks[i].word = strings.TrimRight(strings.TrimRight(t.word, "0"), ".")
		}
	}
	return a
}

// least is the power of ten at or under the smallest rate above 0 of the lines,
// 10⁻⁶ to 10⁻³.
func least(lines []Line, of func(rates.Point) float64) float64 {
	small := 0.001
	for _, l := range lines {
		for _, p := range l.Points {
			if v := of(p); v > 0 {
				small = min(small, v)
			}
		}
	}
	return math.Pow(10, max(-6, math.Floor(math.Log10(small)+1e-9)))
}

// DET draws curves of false non-match rate over false match rate, both from the
// smallest rate that occurs to 50 %. What is smaller, 0 too, lies on the edge.
func DET(title string, lines []Line, marks []Mark) []byte {
	x := rateAxis("false match rate, %", least(lines, func(p rates.Point) float64 { return p.FMR }))
	y := rateAxis("false non-match rate, %", least(lines, func(p rates.Point) float64 { return p.FNMR }))
	c := begin(title, describe(lines, marks), x, y)
	for i, l := range lines {
		colour, dash := style(i)
		if d := c.stairs(l.Points); d != "" {
			fmt.Fprintf(c, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n", d, colour, dash)
		}
		c.legend(i, colour, dash, l.Name)
	}
	for _, m := range marks {
		px, py := c.px(m.FMR), c.py(m.FNMR)
		fmt.Fprintf(c, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"#fff\" stroke=\"#000\" stroke-width=\"2\"/>\n", px, py)
		anchor, shift := "start", 9.0
		if px > (left+width-right)/2 {
			anchor, shift = "end", -9
		}
		c.text(px+shift, py-7, anchor, 13, m.Name)
	}
	return c.end()
}

// describe says the drawing in words.
func describe(lines []Line, marks []Mark) string {
	var out []string
	for _, l := range lines {
		for _, p := range l.Points {
			if p.FNMR <= p.FMR {
				out = append(out, fmt.Sprintf("%s: both rates are near %s %% where they are equal.", l.Name, rates.Percent((p.FMR+p.FNMR)/2)))
				break
			}
		}
	}
	for _, m := range marks {
		out = append(out, fmt.Sprintf("%s: false match rate %s %%, false non-match rate %s %%.", m.Name, rates.Percent(m.FMR), rates.Percent(m.FNMR)))
	}
	return strings.Join(out, " ")
}

// stairs is a curve as it was counted: between two corners nothing is known, so
// each step keeps the worse rate. Points that fall on one dot are drawn once.
func (c *canvas) stairs(points []rates.Point) string {
	var b strings.Builder
	lastX, lastY := math.NaN(), math.NaN()
	for _, p := range points {
		x, y := math.Round(c.px(p.FMR)*10)/10, math.Round(c.py(p.FNMR)*10)/10
		switch {
		case b.Len() == 0:
			fmt.Fprintf(&b, "M%.1f %.1f", x, y)
		case x == lastX && y == lastY:
			continue
		default:
			fmt.Fprintf(&b, "H%.1fV%.1f", x, y)
		}
		lastX, lastY = x, y
	}
	return b.String()
}
