package liveness

import "time"

// A timeline is the screen of a challenge with its times, ready to be asked often.
type timeline struct {
	at    []time.Duration // begin of each light
	light [][3]float64
	fade  time.Duration
}

func (c Challenge) timeline(shown []Shown) timeline {
	l := timeline{light: [][3]float64{Neutral().Linear()}, fade: c.Fade}
	n := min(len(shown), len(c.Steps))
	for i := range n {
		l.at, l.light = append(l.at, shown[i].At), append(l.light, c.Steps[i].Colour.Linear())
	}
	if n > 0 && n == len(c.Steps) {
		l.at, l.light = append(l.at, shown[n-1].At+c.Hold), append(l.light, Neutral().Linear())
	}
	return l
}

// on is the light at a time: neutral before the first step, a blend of two lights
// while one fades into the next.
func (l timeline) on(at time.Duration) [3]float64 {
	i := len(l.at)
	for i > 0 && at < l.at[i-1] {
		i--
	}
	now := l.light[i]
	if i > 0 && at < l.at[i-1]+l.fade {
		f := float64(at-l.at[i-1]) / float64(l.fade)
		for k := range now {
			now[k] = l.light[i-1][k] + f*(now[k]-l.light[i-1][k])
		}
	}
	return now
}
