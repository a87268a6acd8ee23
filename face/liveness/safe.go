package liveness

import (
	"errors"
	"fmt"
	"math"
	"slices"
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

// Check reports why a challenge must not be shown, nil if it may: its form, and
// that it flashes neither in luminance nor in red. It looks at every change, at the
// blend between two colours in linear light, and, against the limits of WCAG only,
// at the blend of a screen that mixes display values instead.
func (c Challenge) Check() error {
	errs := []error{c.checkOvals()}
	switch c.Way {
	case Light:
		errs = append(errs, c.checkLight())
	case Calm:
		errs = append(errs, c.checkCalm())
	default:
		errs = append(errs, fmt.Errorf("no way %q", c.Way))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("liveness: challenge: %w", err)
	}
	return nil
}

func (c Challenge) checkOvals() error {
	for _, o := range []Oval{c.Far, c.Near} {
		if !(o.X > 0.4 && o.X < 0.6 && o.Y > 0.4 && o.Y < 0.6) {
			return fmt.Errorf("oval at %.2f, %.2f", o.X, o.Y)
		}
	}
	if !(c.Far.Width >= 0.30 && c.Near.Width <= 0.70 && c.Near.Width >= 1.35*c.Far.Width) {
		return fmt.Errorf("ovals of %.2f and %.2f", c.Far.Width, c.Near.Width)
	}
	return nil
}

func (c Challenge) checkCalm() error {
	if len(c.Steps) != calmSteps || c.Hold < calmHold || c.Fade != 0 {
		return fmt.Errorf("%d moves of %v", len(c.Steps), c.Hold)
	}
	near := 0
	for i, s := range c.Steps {
		switch {
		case s.Colour != (Colour{}):
			return errors.New("a colour in the calm way")
		case s.Pause < minPause || s.Pause > maxPause:
			return fmt.Errorf("pause of %v", s.Pause)
		case s.Move == Near && i > 0:
			near++
		case s.Move != Left && s.Move != Right:
			return fmt.Errorf("move %q at %d", s.Move, i)
		}
	}
	if near != 1 {
		return fmt.Errorf("comes near %d times", near)
	}
	return nil
}

func (c Challenge) checkLight() error {
	if len(c.Steps) < minSteps || len(c.Steps) > maxSteps {
		return fmt.Errorf("%d colours", len(c.Steps))
	}
	if c.Hold < hold || c.Fade < 0 || c.Fade > c.Hold/4 {
		return fmt.Errorf("colours of %v with a fade of %v", c.Hold, c.Fade)
	}
	palette, was := Palette(), Neutral()
	for i, s := range c.Steps {
		switch {
		case !slices.Contains(palette[:], s.Colour) || s.Move != "" || s.Pause != 0:
			return fmt.Errorf("step %d is no colour of the palette", i)
		case i > 0 && s.Colour == was:
			return fmt.Errorf("colour %d is that before it", i)
		}
		if err := safe(was, s.Colour); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		was = s.Colour
	}
	return safe(was, Neutral())
}

// safe judges the change from a to b by itself. As there is no change of 10 % and
// no saturated red in it, none of many such changes can be half of a flash.
func safe(a, b Colour) error {
	from, to := a.Linear(), b.Linear()
	const parts = 32
	mixed := make([][3]float64, parts+1)
	for i := range mixed {
		f := float64(i) / parts
		var light [3]float64
		for k := range light {
			light[k] = from[k] + f*(to[k]-from[k])
		}
		if step := math.Abs(luminance(light) - luminance(from)); step > maxStep {
			return fmt.Errorf("luminance changes by %.3f", step)
		}
		if red := redOf(light); red > maxRed {
			return fmt.Errorf("share of red %.2f", red)
		}
		mixed[i] = Colour{}.blend(a, b, f)
	}
	if flashes, red := flashes(mixed); flashes > 0 || red > 0 {
		return errors.New("flashes when display values are blended")
	}
	return nil
}

// blend is the light of a screen that mixes display values.
func (Colour) blend(a, b Colour, f float64) [3]float64 {
	mix := func(a, b uint8) float64 { return linear(float64(a) + f*(float64(b)-float64(a))) }
	return [3]float64{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B)}
}

// luminance is the relative luminance of WCAG, of linear light.
func luminance(l [3]float64) float64 { return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2] }

// redOf is the share of red in linear light; black has none.
func redOf(l [3]float64) float64 {
	if sum := l[0] + l[1] + l[2]; sum > 0 {
		return l[0] / sum
	}
	return 0
}

// flashes counts the general and the red flashes in light over time as WCAG 2.3.1
// defines them: a pair of opposing changes of the luminance by 10 % of white or
// more, of which the darker is below 80 %; and a pair of opposing transitions by
// more than 0.2 in u'v', of which one end is a saturated red.
func flashes(light [][3]float64) (general, red int) {
	turns := extremes(light, luminance)
	for i := 2; i < len(turns); i++ {
		a, b, c := luminance(light[turns[i-2]]), luminance(light[turns[i-1]]), luminance(light[turns[i]])
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
	y := luminance(l)
	z := 0.0193*l[0] + 0.1192*l[1] + 0.9505*l[2]
	if sum := x + 15*y + 3*z; sum > 0 {
		return 4 * x / sum, 9 * y / sum
	}
	return 0.1978, 0.4683 // of D65: black has no colour
}
