// Package flash judges light that changes on a screen by success criterion 2.3.1 of
// WCAG 2.1: whether it flashes, in general or in red.
package flash

import (
	"errors"
	"fmt"
	"math"
)

// The limits of WCAG 2.1 success criterion 2.3.1, and our own, which are tighter.
// The size of the screen is not looked at: the light is to fill it.
const (
	generalFlash = 0.10 // of the relative luminance of white, if the darker state is below …
	darker       = 0.80
	redShare     = 0.80 // of R+G+B in linear light: a saturated red
	redStep      = 0.20 // in u'v' of CIE 1976: a pair of transitions beyond it may flash red
	maxStep      = 0.03 // our own limit of any change of luminance
	maxRed       = 0.63 // our own limit of the share of red
)

// Linear is the light of a colour in sRGB display values, per channel from 0 to 1
// (IEC 61966-2-1).
func Linear(c [3]uint8) [3]float64 {
	return [3]float64{linear(float64(c[0])), linear(float64(c[1])), linear(float64(c[2]))}
}

// linear undoes the transfer curve of sRGB for a display value of 0 to 255.
func linear(v float64) float64 {
	if v /= 255; v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// Safe judges the change of a whole screen between two colours, by the blend in
// linear light and, against the limits of WCAG only, by that of a screen that mixes
// display values. As there is no change of 10 % and no saturated red in a safe one,
// none of many such changes can be half of a flash.
func Safe(a, b [3]uint8) error {
	from, to := Linear(a), Linear(b)
	const parts = 32
	mixed := make([][3]float64, parts+1)
	for i := range mixed {
		f := float64(i) / parts
		var light [3]float64
		for k := range light {
			light[k] = from[k] + f*(to[k]-from[k])
		}
		if step := math.Abs(Luminance(light) - Luminance(from)); step > maxStep {
			return fmt.Errorf("luminance changes by %.3f", step)
		}
		if red := redOf(light); red > maxRed {
			return fmt.Errorf("share of red %.2f", red)
		}
		mixed[i] = blend(a, b, f)
	}
	if general, red := Count(mixed); general > 0 || red > 0 {
		return errors.New("flashes when display values are blended")
	}
	return nil
}

// blend is the light of a screen that mixes display values.
func blend(a, b [3]uint8, f float64) [3]float64 {
	mix := func(a, b uint8) float64 { return linear(float64(a) + f*(float64(b)-float64(a))) }
	return [3]float64{mix(a[0], b[0]), mix(a[1], b[1]), mix(a[2], b[2])}
}

// Luminance is the relative luminance of WCAG, of linear light.
func Luminance(l [3]float64) float64 { return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2] }

// redOf is the share of red in linear light; black has none.
func redOf(l [3]float64) float64 {
	if sum := l[0] + l[1] + l[2]; sum > 0 {
		return l[0] / sum
	}
	return 0
}

// Count counts the general and the red flashes in light over time as WCAG 2.3.1
// defines them: a pair of opposing changes of the luminance by 10 % of white or
// more, of which the darker is below 80 %; and a pair of opposing transitions by
// more than 0.2 in u'v', of which one end is a saturated red.
func Count(light [][3]float64) (general, red int) {
	turns := extremes(light, Luminance)
	for i := 2; i < len(turns); i++ {
		a, b, c := Luminance(light[turns[i-2]]), Luminance(light[turns[i-1]]), Luminance(light[turns[i]])
		if math.Abs(b-a) >= generalFlash && math.Abs(c-b) >= generalFlash && min(max(a, b), b, c) < darker {
			general++
		}
	}
	turns = extremes(light, redOf)
	for i := 2; i < len(turns); i++ {
		a, b, c := light[turns[i-2]], light[turns[i-1]], light[turns[i]]
		saturated := max(redOf(a), redOf(b), redOf(c)) >= redShare
		if saturated && apart(a, b) > redStep && apart(b, c) > redStep {
			red++
		}
	}
	return general, red
}

// extremes are the places where a measure of the light turns, with both ends.
func extremes(light [][3]float64, of func([3]float64) float64) []int {
	out := []int{0}
	for i := 1; i < len(light)-1; i++ {
		up, on := of(light[i])-of(light[out[len(out)-1]]), of(light[i+1])-of(light[i])
		if up*on < 0 {
			out = append(out, i)
		}
	}
	return append(out, len(light)-1)
}

// apart is the distance of two lights in u'v' (CIE 1976 UCS).
func apart(a, b [3]float64) float64 {
	u1, v1 := chromaticity(a)
	u2, v2 := chromaticity(b)
	return math.Hypot(u1-u2, v1-v2)
}

func chromaticity(l [3]float64) (u, v float64) {
	x := 0.4124*l[0] + 0.3576*l[1] + 0.1805*l[2]
	y := Luminance(l)
	z := 0.0193*l[0] + 0.1192*l[1] + 0.9505*l[2]
	if sum := x + 15*y + 3*z; sum > 0 {
		return 4 * x / sum, 9 * y / sum
	}
	return 0.1978, 0.4683 // of D65: black has no colour
}
