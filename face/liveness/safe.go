package liveness

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus/face/liveness/flash"
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
	if !(c.Far.Width >= 0.28 && c.Near.Width <= 0.70 && c.Near.Width >= 1.35*c.Far.Width) {
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
		if err := flash.Safe(was.values(), s.Colour.values()); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		was = s.Colour
	}
	return flash.Safe(was.values(), Neutral().values())
}
