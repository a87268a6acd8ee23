package plot

import (
	"fmt"
	"math"
	"slices"

	"github.com/tunnus-id/tunnus/face/rates"
)

// A Kind is the values of one kind of trials.
type Kind struct {
	Name   string
	Values []float64
}

// Spread draws a row for each kind: all values as dots, the middle half as a bar,
// the median as a line; and a line across for each limit. What is no number is
// left out and counted beside the name.
func Spread(title, measure string, kinds []Kind, limits ...float64) []byte {
	low, high := math.Inf(1), math.Inf(-1)
	kinds = slices.Clone(kinds)
	for _, v := range limits {
		low, high = min(low, v), max(high, v)
	}
	rows := axis{to: func(v float64) float64 { return v / float64(len(kinds)) }}
	var described string
	for i, k := range kinds {
		var good []float64
		for _, v := range k.Values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				good = append(good, v)
				low, high = min(low, v), max(high, v)
			}
		}
		name := k.Name
		if n := len(k.Values) - len(good); n > 0 {
			name += fmt.Sprintf(" (%d not measured)", n)
		}
		slices.Sort(good)
		kinds[i] = Kind{name, good}
		if len(good) > 0 {
			described += fmt.Sprintf("%s: median %.3g of %d. ", name, good[len(good)/2], len(good))
		}
	}
	if low > high {
		low, high = 0, 1
	}
	room := (high - low) * 0.03
	c := begin(title, described, linear(measure, low-room, high+room), rows)
	for i, k := range kinds {
		c.row(float64(len(kinds)-i)-0.5, i, k)
	}
	for _, v := range limits {
		fmt.Fprintf(c, "<path d=\"M%.1f %d V%d\" stroke=\"#000\" stroke-width=\"1.5\" stroke-dasharray=\"6 3\"/>\n", c.px(v), top, height-under)
	}
	return c.end()
}

// row draws one kind about the height y.
func (c *canvas) row(y float64, i int, k Kind) {
	colour, _ := style(i)
	py := c.py(y)
	dots := map[string]bool{}
	for n, v := range k.Values {
		// Dots lie a little apart, the same way each time.
		at := fmt.Sprintf("cx=\"%.1f\" cy=\"%.1f\"", c.px(v), py+float64(n*7%11)-5)
		if !dots[at] {
			dots[at] = true
			fmt.Fprintf(c, "<circle %s r=\"1.6\" fill=\"%s\" fill-opacity=\"0.45\"/>\n", at, colour)
		}
	}
	if n := len(k.Values); n > 0 {
		a, m, b := c.px(k.Values[n/4]), c.px(k.Values[n/2]), c.px(k.Values[n*3/4])
		fmt.Fprintf(c, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" stroke-width=\"3\"/>\n", a, py, b, colour)
		fmt.Fprintf(c, "<path d=\"M%.1f %.1fv16\" stroke=\"%s\" stroke-width=\"3\"/>\n", m, py-8, colour)
	}
	c.text(left+8, py-12, "start", 12, k.Name)
}

// Distances draws the distances of a set along one measure, of one person and of
// two, with the limits of a match and of a review.
func Distances(title string, s rates.Set, measure int, limits ...float64) []byte {
	kinds := []Kind{{Name: "one person"}, {Name: "two persons"}}
	for _, p := range s.Pairs {
		i := 1
		if p.Same {
			i = 0
		}
		v := math.NaN()
		if p.Measured() {
			v = p.Distances[measure]
		}
		kinds[i].Values = append(kinds[i].Values, v)
	}
	for i, k := range kinds {
		if kinds[i].Values = thinned(k.Values); len(kinds[i].Values) < len(k.Values) {
			kinds[i].Name += fmt.Sprintf(", %d of %d pairs", len(kinds[i].Values), len(k.Values))
		}
	}
	return Spread(title, s.Measures[measure], kinds, limits...)
}

// dotsOf is how many dots a row can show.
const dotsOf = 2000

// thinned keeps every n-th value of many in order, and the first and the last few,
// which are the ones that err.
func thinned(values []float64) []float64 {
	const ends = 200
	if len(values) <= dotsOf {
		return values
	}
	all := slices.Clone(values)
	slices.SortFunc(all, func(a, b float64) int {
		switch {
		case a < b || math.IsNaN(b) && !math.IsNaN(a):
			return -1
		case a > b || math.IsNaN(a) && !math.IsNaN(b):
			return 1
		}
		return 0
	})
	out := slices.Clone(all[:ends])
	step := float64(len(all)-2*ends) / (dotsOf - 2*ends)
	for i := range dotsOf - 2*ends {
		out = append(out, all[ends+int(float64(i)*step)])
	}
	return append(out, all[len(all)-ends:]...)
}
