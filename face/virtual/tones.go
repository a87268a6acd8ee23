package virtual

import "github.com/tunnus-id/tunnus/face/virtual/solid"

// planColours chooses the colours of skin, lips, hair and irises.
func (pl *plan) planColours() {
	tones := []solid.RGB{solid.Tint(0.73, 0.52, 0.41), solid.Tint(0.60, 0.385, 0.285), solid.Tint(0.45, 0.265, 0.175), solid.Tint(0.27, 0.145, 0.088), solid.Tint(0.13, 0.068, 0.042)}
	t := max(0, min(1, pl.Looks.Skin)) * float64(len(tones)-1)
	i := min(int(t), len(tones)-2)
	pl.skin = tones[i].Mix(tones[i+1], t-float64(i))
	pl.lips = pl.skin.By(solid.Tint(0.88, 0.52, 0.52)).Mix(solid.Tint(0.36, 0.12, 0.12), 0.25)
	if pl.Looks.Skin > 0.6 {
		pl.lips = pl.skin.By(solid.Tint(0.85, 0.62, 0.64)).Mix(solid.Tint(0.26, 0.10, 0.10), 0.25)
	}
	pl.hair = hairTones[pl.HairColour]
	pl.iris = irisTones[pl.EyeColour]
}

var hairTones = map[string]solid.RGB{
	"black": solid.Tint(0.014, 0.012, 0.012),
	"dark":  solid.Tint(0.04, 0.024, 0.016),
	"brown": solid.Tint(0.105, 0.058, 0.03),
	"red":   solid.Tint(0.26, 0.085, 0.03),
	"blond": solid.Tint(0.42, 0.29, 0.14),
	"grey":  solid.Tint(0.27, 0.26, 0.25),
	"white": solid.Tint(0.62, 0.6, 0.57),
}

var irisTones = map[string]solid.RGB{
	"dark":  solid.Tint(0.045, 0.022, 0.012),
	"brown": solid.Tint(0.13, 0.06, 0.025),
	"hazel": solid.Tint(0.2, 0.13, 0.05),
	"green": solid.Tint(0.17, 0.2, 0.1),
	"blue":  solid.Tint(0.13, 0.21, 0.32),
	"grey":  solid.Tint(0.2, 0.22, 0.23),
}
